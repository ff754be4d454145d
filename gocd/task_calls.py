"""The ``gocd-tasks`` calls of a pipeline, read as command lines."""

from __future__ import annotations

import shlex
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import PurePath

from gocd.errors import GoCDError
from gocd.pipeline import Exec, Pipeline
from gocd.task_variables import variable

PROGRAM = "gocd-tasks"

# Options that stand alone; every other one is followed by its value.
FLAGS = {
    "--again",
    "--allow-fixed-names",
    "--allow-new-state",
    "--back",
    "--dashboard",
    "--debug",
    "--delete-state",
    "--dry-run",
    "--finish",
    "--force",
    "--help",
    "--judge-so-far",
    "--keep",
    "--keep-sticky",
    "--no-rollback",
    "--rerun",
    "--leave-unknown",
    "--list-traps",
    "--resume",
    "--rollback",
    "--start",
    "--stop-on-cancel",
    "--strict",
    "--until-idle",
    "--wait",
    "--while-serving",
}


@dataclass(frozen=True)
class TaskCall:
    """One call, and the variables that its options may come from."""

    words: tuple[str, ...]
    variables: Mapping[str, str]

    @property
    def task(self) -> str:
        return self.words[0] if self.words else ""

    @property
    def positionals(self) -> list[str]:
        return [value for name, value in self._pairs() if not name]

    def values(self, option: str) -> list[str]:
        """The values of ``--option``, or else those of the variable of its name."""
        return self._given(option) or self._variable(option).split()

    def value(self, option: str) -> str:
        """The same as one text, which may hold blanks; empty if it is nowhere."""
        given = self._given(option)
        return given[-1] if given else self._variable(option)

    def _given(self, option: str) -> list[str]:
        return [value for name, value in self._pairs() if name == option]

    def _variable(self, option: str) -> str:
        return self.variables.get(variable(option), "")

    def _pairs(self) -> Iterator[tuple[str, str]]:
        words = iter(self.words[1:])
        for word in words:
            if word == "--":
                return
            if not word.startswith("--"):
                yield "", word
            elif "=" in word:
                name, _, value = word.partition("=")
                yield name, value
            elif word not in FLAGS:
                yield word, next(words, "")


def task_calls(pipeline: Pipeline) -> Iterator[TaskCall]:
    """Every call of ``gocd-tasks`` in *pipeline*, in order; those inside ``bash -c`` too.

    Raises:
        GoCDError: A shell line cannot be read.
    """
    for stage, job, task in pipeline.exec_tasks():
        variables = {**pipeline.variables.plain, **stage.variables.plain, **job.variables.plain}
        for words in _calls(task):
            yield TaskCall(words, variables)


def _calls(task: Exec) -> Iterator[tuple[str, ...]]:
    if PurePath(task.command).name == PROGRAM:
        yield task.arguments
    elif PurePath(task.command).name in ("bash", "sh") and "-c" in task.arguments[:-1]:
        line = task.arguments[task.arguments.index("-c") + 1]
        try:
            words = list(shlex.shlex(line, posix=True, punctuation_chars=True))
        except ValueError as error:
            raise GoCDError(f"the shell line {line!r} cannot be read: {error}") from None
        yield from _in_shell(words)


def _in_shell(words: list[str]) -> Iterator[tuple[str, ...]]:
    call: list[str] | None = None
    for word in [*words, ";"]:
        if word and set(word) <= set("();<>|&"):
            if call is not None:
                yield tuple(call)
            call = None
        elif call is not None:
            call.append(word)
        elif word == PROGRAM:
            call = []
