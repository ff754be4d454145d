"""The ``gocd-tasks`` calls of a pipeline held against the real command line, none of them run."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from difflib import get_close_matches
from pathlib import PurePath

from gocd.errors import GoCDError
from gocd.finding import Finding, Level
from gocd.lint.program import Command, Parameter, Program
from gocd.lint.scope import Scope, scopes
from gocd.nearest import nearest
from gocd.pipeline import Pipeline, Place
from gocd.task_calls import PROGRAM, CallWord, calls_of

# How near a program's name must be to ours to be meant as it.
_NEAR = 0.8


@dataclass
class Call:
    """One call, read as its command reads it."""

    command: Command
    at: Place
    scope: Scope
    given: dict[Parameter, list[CallWord]] = field(default_factory=dict)
    is_whole: bool = True
    """False where what a shell makes of it may be more, or less, than what is written."""

    def may_have(self, parameter: Parameter) -> bool:
        """Whether it is given or may come from its variable, be it at the trigger."""
        return not self.is_whole or parameter in self.given or parameter.variable in self.scope.names

    def has(self, parameter: Parameter) -> bool:
        """Whether it is given, here or in its variable."""
        value = self.scope.values.get(parameter.variable)
        return parameter in self.given or bool(value and value.text and not parameter.is_flag)

    def value(self, name: str) -> str | None:
        """The value of an option or argument, as far as it can be known."""
        parameter = next(each for each in self.command.parameters if name in each.names)
        if words := self.given.get(parameter):
            return words[-1].text if words[-1].is_known else None
        value = self.scope.values.get(parameter.variable)
        return value.text or None if value else None


@dataclass(frozen=True)
class Calls:
    """What was read of a pipeline's calls, and what is wrong with their words."""

    read: tuple[Call, ...]
    findings: tuple[Finding, ...]


def read_calls(pipeline: Pipeline, program: Program) -> Calls:
    """Read every call of *pipeline*, whatever is wrong with the others."""
    reader = _Reader(pipeline, program)
    calls = []
    for scope in scopes(pipeline):
        task = scope.task
        try:
            written = list(calls_of(task))
        except GoCDError:
            # What a shell makes of it, it alone can tell.
            continue
        at = task.places[0] if task.places else Place(task.line, 1)
        reader.program_name(task.command, at)
        calls += [call for words in written if (call := reader.call(words, at, scope))]
    return Calls(tuple(calls), tuple(reader.findings))


class _Reader:
    """Reads calls as Click does: options anywhere, each before its value, and none of them after ``--``."""

    def __init__(self, pipeline: Pipeline, program: Program) -> None:
        self._pipeline = pipeline
        self._program = program
        self.findings: list[Finding] = []

    def _fail(self, at: Place, what: str, instead: str = "", level: Level = Level.ERROR) -> None:
        self.findings.append(Finding(level, self._pipeline.file, at.line, at.column, what, instead))

    def program_name(self, command: str, at: Place) -> None:
        name = PurePath(command).name
        if name != PROGRAM and get_close_matches(name.lower(), [PROGRAM], cutoff=_NEAR):
            what = f"'{name}' is another program than {PROGRAM}"
            self._fail(at, what, f"did you mean {PROGRAM}?", Level.WARNING)

    def call(self, words: Sequence[CallWord], at: Place, scope: Scope) -> Call | None:
        command, rest = self._command(words, at)
        if command is None:
            return None
        call = Call(command, words[0].place, scope)
        arguments, wants_help = self._options(call, list(rest))
        if wants_help:
            return None
        self._arguments(call, arguments)
        self._missing(call)
        self._rules(call)
        self._values(call)
        return call

    def _command(self, words: Sequence[CallWord], at: Place) -> tuple[Command | None, Sequence[CallWord]]:
        if not words:
            self._fail(at, f"{PROGRAM} without a command prints its help", level=Level.WARNING)
            return None, ()
        first = words[0]
        if first.text.startswith("-"):
            if first.is_known and first.text not in self._program.options:
                commands = "its commands come first"
                self._fail(first.place, f"{PROGRAM} has no option '{first.text}'", commands)
            return None, ()
        names = {name.split()[0] for name in self._program.commands}
        if not first.is_known:
            return None, ()
        if first.text not in names:
            instead = nearest(first.text, names) or f"there are {', '.join(sorted(names))}"
            self._fail(first.place, f"{PROGRAM} has no command '{first.text}'", instead)
            return None, ()
        if first.text in self._program.groups:
            return self._subcommand(first, words[1:])
        return self._program.commands[first.text], words[1:]

    def _subcommand(
        self, first: CallWord, words: Sequence[CallWord]
    ) -> tuple[Command | None, Sequence[CallWord]]:
        names = [name.split()[1] for name in self._program.commands if name.split()[0] == first.text]
        second = words[0] if words else None
        if second and (not second.is_known or second.text == "--help"):
            return None, ()
        if second and second.text in names:
            return self._program.commands[f"{first.text} {second.text}"], words[1:]
        what = f"{first.text} has no command '{second.text}'" if second else f"{first.text} needs a command"
        instead = (nearest(second.text, names) if second else "") or f"there are {', '.join(names)}"
        self._fail((second or first).place, what, instead)
        return None, ()

    def _options(self, call: Call, rest: list[CallWord]) -> tuple[list[CallWord], bool]:
        """Put the options of *call* where they belong; return its arguments, and whether it asks for help."""
        arguments: list[CallWord] = []
        while rest:
            word = rest.pop(0)
            if word.is_known and word.text == "--":
                return [*arguments, *rest], False
            if word.is_known and word.text == "--help":
                return [], True
            if not word.is_known and not word.text.startswith("--"):
                call.is_whole = False
            if not word.text.startswith("-") or word.text == "-":
                arguments.append(word)
                continue
            name, equals, value = word.text.partition("=")
            option = call.command.options.get(name)
            if option is None:
                call.is_whole = False
                if word.is_known:
                    self._no_option(call, word, name)
            elif option.is_flag:
                if equals:
                    self._fail(word.place, f"{name} takes no value", f"write '{name}' alone")
                call.given.setdefault(option, []).append(CallWord(name, word.place))
            elif equals:
                given = CallWord(value, word.place, word.is_known)
                call.given.setdefault(option, []).append(given)
            else:
                self._value(call, option, word, rest)
        return arguments, False

    def _no_option(self, call: Call, word: CallWord, name: str) -> None:
        known = [each for each in call.command.options if each not in ("--debug", "--color")]
        instead = nearest(name, call.command.options) or f"it has {', '.join(known)}"
        self._fail(word.place, f"{call.command.name} has no option '{name}'", instead)

    def _value(self, call: Call, option: Parameter, word: CallWord, rest: list[CallWord]) -> None:
        if not rest:
            if call.is_whole:
                self._fail(word.place, f"{word.text} needs a value", "write it after the option")
            return
        value = rest.pop(0)
        if value.is_known and value.text.partition("=")[0] in call.command.options:
            what = f"'{value.text}' would be the value of {word.text}"
            self._fail(value.place, what, f"write a value after {word.text}", Level.WARNING)
        call.given.setdefault(option, []).append(value)

    def _arguments(self, call: Call, words: list[CallWord]) -> None:
        for argument in call.command.arguments:
            taken = words if argument.takes_many else words[:1]
            words = words[len(taken) :]
            if taken:
                call.given[argument] = taken
        if words and call.is_whole:
            what = f"{call.command.name} takes no argument '{words[0].text}'"
            names = ", ".join(each.names[0] for each in call.command.arguments)
            self._fail(words[0].place, what, f"it takes {names}" if names else "it takes options alone")

    def _missing(self, call: Call) -> None:
        for needed in call.command.parameters:
            if not needed.is_needed or call.may_have(needed):
                continue
            name = needed.names[0]
            # A variable may be one of an environment, or of the agents, that no file tells of.
            level = Level.ERROR if needed in call.command.arguments else Level.WARNING
            instead = f"give it here, or as {needed.variable} among the environment_variables"
            self._fail(call.at, f"{call.command.name} needs {name}", instead, level)

    def _rules(self, call: Call) -> None:
        for rule in call.command.rules:
            among = [each for each in call.command.parameters if set(each.names) & set(rule.names)]
            given = [each for each in among if call.has(each)]
            names = " or ".join(rule.names)
            if len(given) > rule.at_most:
                both = " and ".join(each.names[0] for each in given[:2])
                self._fail(call.at, f"{call.command.name} takes {both} not together", f"give one of {names}")
            if sum(map(call.may_have, among)) < rule.at_least:
                needs = f"{call.command.name} needs {names}"
                self._fail(call.at, needs, f"give {'one of them' if among[1:] else 'it'}", Level.WARNING)

    def _values(self, call: Call) -> None:
        for parameter, words in call.given.items():
            for word in words:
                if word.is_known and not parameter.is_flag and (wrong := parameter.wrong(word.text)):
                    self._fail(word.place, f"{call.command.name}: {parameter.names[0]} {wrong}")
