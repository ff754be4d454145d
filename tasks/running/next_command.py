"""The command that a person can run next, ready to paste."""

import shlex


def gocd_tasks(*words: str) -> str:
    """Return the command line of these *words*, quoted as a shell needs it."""
    return shlex.join(["gocd-tasks", *words])
