"""Which properties a plan reads: those that it is given must be among them, and those it needs be given."""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping
from pathlib import Path

from gocd.files import read_bounded
from gocd.nearest import nearest
from tasks.running.errors import Refused
from tasks.traffic.jmeter.functions import Reference, parts
from tasks.traffic.jmeter.own_properties import OwnProperties
from tasks.traffic.jmeter.plan import LONGEST, read_plan

# Stands in a text for what nobody knows before the plan runs.
_UNKNOWN = "\0"
# Of replacements within one another, and of plans that include others.
_DEEPEST = 30
# Names that a script asks for, sets, and all places where it asks for any.
_ASKED = re.compile(
    r"""\b(?:props|JMeterUtils)\s*(?:\.\s*(?:get\w*|containsKey)\s*\(|\[)\s*(?P<quote>["'])(?P<name>.*?)(?P=quote)"""
    r"""|\bprops\.(?P<field>[A-Za-z_]\w*)\b(?!\s*[({])"""
)
_SET = re.compile(
    r"""\b(?:props|JMeterUtils)\s*\.\s*(?:put|set)\w*\s*\(\s*(?P<quote>["'])(?P<name>.*?)(?P=quote)"""
)
_ANY = re.compile(r"\bprops\b|\bJMeterUtils\s*\.\s*get")
_ANY_SET = re.compile(r"\b(?:props|JMeterUtils)\s*\.\s*(?:put|set|load)|\bprops\b\s*[^\s.\[]")


def check_properties(
    plan: Path, given: Mapping[str, str], options: Collection[str], own: OwnProperties
) -> None:
    """Make sure that what *plan* is *given* is read, and that what it reads has a value.

    Args:
        options: Names given by options of their own.
        own: What JMeter and its Java read, and define, themselves.

    Raises:
        Refused: A property would change nothing, or there is none where the plan has no default for it.
    """
    reading = _Reading({**own.defined, **{name: value for name, value in given.items() if value}})
    reading.plan(plan)
    for name in given:
        if not (reading.reads(name) or own.reads(name)):
            known = sorted(each for each in reading.read if _UNKNOWN not in each)
            said = f"--{name}" if name in options else f"--property {name}"
            near = nearest(name, known)
            advice = f"Write ${{__P({name})}} where the plan has the value, or leave {said} out"
            if near:
                advice = f"D{near[1:]}"
            raise Refused(f"{plan} does not read the property {name}: {said} would change nothing", advice)
    missing = [name for name in reading.missing if not (reading.sets(name) or own.defines(name))]
    if missing:
        several = f"properties {', '.join(missing)}" if len(missing) > 1 else f"property {missing[0]}"
        default = f"${{__P({missing[0]},...)}}"
        raise Refused(
            f"{plan} needs a value for the {several}",
            f"Give it with --property {missing[0]}=..., or write one into the plan: {default}",
        )


class _Reading:
    """Goes through a plan's texts.

    Attributes:
        read: Names that are asked for, in which ``_UNKNOWN`` stands for anything.
        set: Names that the plan gives a value to, as well.
        missing: Names without a value, where the plan has no default.
    """

    def __init__(self, defined: Mapping[str, str]) -> None:
        self.read: set[str] = set()
        self.set: set[str] = set()
        self.missing: dict[str, None] = {}
        self._defined = defined
        self._variables: Mapping[str, str | None] = {}

    def reads(self, name: str) -> bool:
        return _is_one(name, self.read)

    def sets(self, name: str) -> bool:
        return _is_one(name, self.set)

    def plan(self, path: Path, depth: int = 0) -> None:
        plan = read_plan(path)
        # What an included plan defines holds in the one that includes it, and the other way round.
        self._variables = {**plan.variables, **self._variables}
        for text in plan.texts:
            self._script(text)
            self._text(text)
        for script in plan.scripts:
            self._script(self._file(script, path))
        for include in plan.includes:
            self._included(include, path, depth)

    def _included(self, name: str, beside: Path, depth: int) -> None:
        found = self._found(name, beside)
        try:
            if found is None or depth > _DEEPEST:
                raise Refused(name)
            self.plan(found, depth + 1)
        except Refused:
            # JMeter says what is wrong with it; what it reads is not known.
            self.read.add(_UNKNOWN)

    def _file(self, name: str, beside: Path) -> str:
        found = self._found(name, beside)
        try:
            return read_bounded(found, LONGEST).decode(errors="replace") if found else "props"
        except OSError:
            return "props"

    def _found(self, name: str, beside: Path) -> Path | None:
        name = self._text(name)
        return (
            None
            if _UNKNOWN in name
            else next((path for path in (beside.parent / name, Path(name)) if path.is_file()), None)
        )

    def _script(self, text: str) -> None:
        if "props" not in text and "JMeterUtils" not in text:
            return
        asked = [found["name"] or found["field"] or "" for found in _ASKED.finditer(text)]
        self.read.update(map(self._text, asked))
        put = [self._text(found["name"]) for found in _SET.finditer(text)]
        self.set.update(put)
        if len(asked) + len(put) < len(_ANY.findall(text)):
            self.read.add(_UNKNOWN)
        if len(put) < len(_ANY_SET.findall(text)):
            self.set.add(_UNKNOWN)

    def _text(self, text: str, depth: int = 0) -> str:
        """Return *text* as far as it is known, and note what it asks for on the way."""
        if depth > _DEEPEST:
            self.read.add(_UNKNOWN)
            return _UNKNOWN
        return "".join(
            self._value(each, depth + 1) if isinstance(each, Reference) else each for each in parts(text)
        )

    def _value(self, of: Reference, depth: int) -> str:
        if of.arguments is None:
            value = self._variables.get(of.name)
            return _UNKNOWN if value is None else self._text(value, depth)
        if of.name in ("__P", "__property"):
            return self._property(of.arguments, 1 if of.name == "__P" else 2, depth)
        values = [self._text(each, depth) for each in of.arguments]
        if of.name == "__setProperty":
            self.set.add(values[0])
        elif of.name == "__isPropDefined":
            self.read.add(values[0])
        elif of.name == "__V" and values[0] in self._variables:
            return self._value(Reference(values[0]), depth)
        elif of.name in ("__eval", "__evalVar"):
            if of.name == "__eval" and _UNKNOWN not in values[0]:
                return self._text(values[0], depth)
            self.read.add(_UNKNOWN)
        return _UNKNOWN

    def _property(self, arguments: tuple[str, ...], default: int, depth: int) -> str:
        """Return a property's value; its default counts only where it has none.

        Source: JMeter's Property2.java, where it is "1" if none is written, and Property.java: its own name
        """
        name = self._text(arguments[0], depth)
        self.read.add(name)
        if name in self._defined:
            return self._defined[name]
        if len(arguments) > default:
            return self._text(arguments[default], depth)
        if _UNKNOWN not in name:
            self.missing[name] = None
        return _UNKNOWN


def _is_one(name: str, known: Collection[str]) -> bool:
    return name in known or any(
        re.fullmatch(".*".join(map(re.escape, each.split(_UNKNOWN))), name, re.DOTALL)
        for each in known
        if _UNKNOWN in each
    )
