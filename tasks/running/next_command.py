"""The command that a person can run next, ready to paste."""

import shlex

from gocd.secrets import hidden_words


def gocd_tasks(*words: str) -> str:
    """Return the command line of these *words*, quoted as a shell needs it; what is secret is masked."""
    return shlex.join(["gocd-tasks", *hidden_words(words)])
