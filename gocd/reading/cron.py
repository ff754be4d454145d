"""A timer's cron line, as Quartz takes it: seconds first, and a year that may be left out.

Source: Quartz's CronExpression.java, which GoCD's TimerConfig.java asks
"""

from __future__ import annotations

import re
from dataclasses import dataclass

_MONTHS = ("JAN", "FEB", "MAR", "APR", "MAY", "JUN", "JUL", "AUG", "SEP", "OCT", "NOV", "DEC")
_DAYS = ("SUN", "MON", "TUE", "WED", "THU", "FRI", "SAT")
_NAMED = re.compile(r"(?P<first>[A-Z]{1,3})(?:-(?P<last>.{0,3})|#(?P<nth>[0-9]*))?")
_NUMBERED = re.compile(r"(?P<first>[0-9]+)(?:-(?P<last>[0-9]+))?(?:/(?P<step>[0-9]*))?(?:#(?P<nth>[0-9]*))?")
_EVERY = re.compile(r"\*?(?:/(?P<step>[0-9]*))?")
_LAST_DAY = re.compile(r"L|LW|L-[0-9]{1,2}W?|(LW?)")


@dataclass(frozen=True)
class _Field:
    name: str
    lowest: int
    highest: int
    words: tuple[str, ...] = ()


_DAY_OF_MONTH = _Field("day of the month", 1, 31)
_DAY_OF_WEEK = _Field("day of the week", 1, 7, _DAYS)
_FIELDS = (
    _Field("second", 0, 59),
    _Field("minute", 0, 59),
    _Field("hour", 0, 23),
    _DAY_OF_MONTH,
    _Field("month", 1, 12, _MONTHS),
    _DAY_OF_WEEK,
    _Field("year", 0, 9999),
)


def wrong_cron(line: str) -> str:
    """What is wrong with *line*, or nothing."""
    words = line.upper().split()
    if len(words) < len(_FIELDS) - 1:
        return f"'{line}' has {len(words)} fields, and a timer needs 6 or 7, seconds first"
    for field, word in zip(_FIELDS, words, strict=False):
        for part in word.split(","):
            if not _is_taken(field, part):
                return f"'{part}' is no {field.name} in '{line}'"
    days = words[3], words[5]
    if days.count("?") != 1:
        return f"'{line}' must have '?' as day of the month or as day of the week, and not as both"
    return ""


def _is_taken(field: _Field, part: str) -> bool:
    if part == "?":
        return field in (_DAY_OF_MONTH, _DAY_OF_WEEK)
    if part.startswith("L"):
        return (
            part == "L" if field is _DAY_OF_WEEK else field is _DAY_OF_MONTH and bool(_LAST_DAY.match(part))
        )
    if part[:1] in ("*", "/"):
        every = _EVERY.match(part)
        return part == "*" or (every is not None and _is_step(field, every["step"]))
    if part[:1].isdigit():
        return _is_number(field, part)
    return _is_word(field, part)


def _is_step(field: _Field, step: str | None) -> bool:
    return bool(step) and int(step or 0) <= field.highest


def _is_number(field: _Field, part: str) -> bool:
    found = _NUMBERED.match(part)
    if not found:
        return False
    numbers = [int(found[group]) for group in ("first", "last") if found[group]]
    if found["nth"] is not None and field is _DAY_OF_WEEK:
        return numbers[0] in range(1, 8) and found["nth"] in tuple("12345")
    step = found["step"] is None or _is_step(field, found["step"])
    return step and all(field.lowest <= number <= field.highest for number in numbers)


def _is_word(field: _Field, part: str) -> bool:
    found = _NAMED.match(part)
    if not found or found["first"] not in field.words:
        return False
    if found["nth"] is not None and field is _DAY_OF_WEEK:
        return found["nth"] in tuple("12345")
    return found["last"] is None or found["last"] in field.words
