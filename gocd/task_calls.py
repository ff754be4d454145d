"""The ``gocd-tasks`` calls of a pipeline, read as command lines."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import PurePath

from gocd.pipeline import Exec, Pipeline, Place
from gocd.shell import Command, commands
from gocd.task_variables import variable

PROGRAM = "gocd-tasks"

_SHELLS = ("bash", "sh", "dash", "zsh", "ksh")
_COMMAND_FOLLOWS = re.compile(r"-[a-z]*c")
_RESERVED = ("if", "then", "else", "elif", "while", "until", "do", "!", "{", "time")
_ASSIGNED = re.compile(r"[A-Za-z_][A-Za-z0-9_]*\+?=")
# Programs that start another, whose own words come before it.
_STARTERS = ("command", "env", "exec", "flock", "nice", "nohup", "setsid", "sudo", "timeout")

# Options that stand alone in every command that has them; every other one is followed by its value.
FLAGS = {
    "--again",
    "--allow-fixed-names",
    "--allow-new-state",
    "--automatic",
    "--back",
    "--by-hand",
    "--dashboard",
    "--debug",
    "--delete-state",
    "--diff",
    "--dry-run",
    "--failed-jobs",
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
    "--serve",
    "--start",
    "--stop-on-cancel",
    "--strict",
    "--unproved",
    "--until-idle",
    "--wait",
    "--watch",
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
        for words in calls_of(task):
            yield TaskCall(tuple(word.text for word in words), variables)


@dataclass(frozen=True)
class CallWord:
    """A word of a call, as it is written in the file."""

    text: str
    place: Place
    is_known: bool = True
    """False where a shell makes something else of it."""


def calls_of(task: Exec) -> Iterator[tuple[CallWord, ...]]:
    """The words after the program's name of every call of it in *task*.

    Raises:
        GoCDError: A shell line cannot be read.
    """
    # Whatever was not read from a file has no places.
    places = task.places or (Place(task.line, 1),) * len(task.command_line)
    if _is_program(task.command):
        yield tuple(CallWord(text, place) for text, place in zip(task.arguments, places[1:], strict=True))
        return
    asked = [number for number, word in enumerate(task.arguments[:-1]) if _COMMAND_FOLLOWS.fullmatch(word)]
    if PurePath(task.command).name in _SHELLS and asked:
        script, place = task.arguments[asked[0] + 1], places[asked[0] + 2]
        for words in commands(script):
            if (begin := _program(words)) is not None:
                found = words[begin + 1 :]
                yield tuple(CallWord(each.text, place.below(each.line), each.is_known) for each in found)


def _program(words: Command) -> int | None:
    """Which of *words* is the program, if they call it: what is before it is the shell's, or starts it."""
    starts = False
    for number, word in enumerate(words):
        if _is_program(word.text):
            return number
        starts = starts or PurePath(word.text).name in _STARTERS
        if not starts and word.text not in _RESERVED and not _ASSIGNED.match(word.text):
            return None
    return None


def _is_program(word: str) -> bool:
    return PurePath(word).name == PROGRAM
