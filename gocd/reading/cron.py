"""A timer's cron line, as Quartz takes it: seconds first, and a year that may be left out.

Quartz reads a field from its left and leaves what follows unread, so that ``5x`` and ``MON/2`` are taken.

Source: CronExpression.java of Quartz 2.5, which GoCD's TimerConfig.java asks
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import date

_MONTHS = ("JAN", "FEB", "MAR", "APR", "MAY", "JUN", "JUL", "AUG", "SEP", "OCT", "NOV", "DEC")
_DAYS = ("SUN", "MON", "TUE", "WED", "THU", "FRI", "SAT")

# What Quartz itself puts in place of "*" and "?", and so takes as numbers as well.
_ALL, _NONE = 99, 98
# Of a field that is a day of the week, or of the month, counted from its end.
_LAST = re.compile(r"L|LW|L-[0-9]*W?")
_NTH = re.compile(r"\+?0*[1-5]")
_INTEGER = re.compile(r"[+-]?[0-9]{1,9}")
_NUMBER = re.compile(
    r"(?P<first>[0-9]{1,9})(?![0-9])"
    r"(?:(?P<last_of>L)|(?P<weekday>W)|#(?P<nth>.*)|-(?P<last>.?[0-9]*)(?:/(?P<every>.?[0-9]*))?|/(?P<step>.*))?",
    re.DOTALL,
)


@dataclass(frozen=True)
class _Field:
    name: str
    lowest: int
    highest: int
    words: tuple[str, ...] = ()
    specials: tuple[int, ...] = (_ALL,)

    def has(self, number: int) -> bool:
        return self.lowest <= number <= self.highest or number in self.specials


_DAY_OF_MONTH = _Field("day of the month", 1, 31, specials=(_ALL, _NONE))
_DAY_OF_WEEK = _Field("day of the week", 1, 7, _DAYS, specials=(_ALL, _NONE))
_YEAR = _Field("year", 0, 10**9)
_FIELDS = (
    _Field("second", 0, 59),
    _Field("minute", 0, 59),
    _Field("hour", 0, 23),
    _DAY_OF_MONTH,
    _Field("month", 1, 12, _MONTHS),
    _DAY_OF_WEEK,
    _YEAR,
)
# Years that come are counted up to a hundred from now.
_LAST_YEAR = date.today().year + 100


def wrong_cron(line: str) -> str:
    """What is wrong with *line*, or nothing."""
    words = [word.strip() for word in re.split(r"[ \t]+", line.upper()) if word]
    if not len(_FIELDS) - 1 <= len(words) <= len(_FIELDS):
        return f"'{line}' has {len(words)} fields, and a timer needs 6 or 7, seconds first"
    for field, word in zip(_FIELDS, words, strict=False):
        parts = [part for part in word.split(",") if part]
        for part in parts:
            if not _is_taken(field, part):
                return f"'{part}' is no {field.name} in '{line}'"
        if field is _DAY_OF_WEEK and (("L" in word and "," in word) or word.count("#") > 1):
            return f"'{word}' in '{line}' has a last or n-th day of the week beside others"
    month, week = (_is_left_open(words[number]) for number in (3, 5))
    if month is week:
        return f"'{line}' must have '?' as day of the month or as day of the week, and not as both"
    return ""


def _is_left_open(word: str) -> bool:
    return any(part.startswith(("?", str(_NONE))) for part in word.split(","))


def _is_taken(field: _Field, part: str) -> bool:
    if _LAST.fullmatch(part):
        return _is_last(field, part)
    if part[0].isalpha() and part.isascii():
        return _is_word(field, part)
    if part[0] == "?":
        return field in (_DAY_OF_MONTH, _DAY_OF_WEEK) and len(part) < 3
    if part[0] in "*/":
        return _is_every(field, part)
    return _is_number(field, part)


def _is_last(field: _Field, part: str) -> bool:
    if field is not _DAY_OF_MONTH or not part.startswith("L-"):
        return field.name not in ("second", "minute", "hour")
    days = part[2:].rstrip("W")
    return days.isdigit() and int(days) <= 30


def _is_word(field: _Field, part: str) -> bool:
    if part[:3] not in field.words:
        return False
    if part[3:4] == "-":
        return part[4:7] in field.words
    return not (field is _DAY_OF_WEEK and part[3:4] == "#") or bool(_NTH.fullmatch(part[4:]))


def _is_every(field: _Field, part: str) -> bool:
    if part[0] == "*" and part[1:2] != "/":
        return True
    return _is_step(field, part.lstrip("*")[1:])


def _is_step(field: _Field, step: str) -> bool:
    return bool(_INTEGER.fullmatch(step)) and int(step) <= field.highest


def _is_number(field: _Field, part: str) -> bool:
    found = _NUMBER.match(part)
    if not found:
        return False
    first = int(found["first"])
    if found["last_of"]:
        return field is _DAY_OF_WEEK and 1 <= first <= 7
    if found["weekday"]:
        return field is _DAY_OF_MONTH and first <= 31
    if found["nth"] is not None:
        return field is _DAY_OF_WEEK and bool(_NTH.fullmatch(found["nth"]))
    goes_on = _is_range if found["last"] is not None else _is_stepped
    return field.has(first) and goes_on(field, first, found)


def _is_range(field: _Field, first: int, found: re.Match[str]) -> bool:
    last, every = found["last"], found["every"]
    if not last.isdigit() or (every is not None and not every.isdigit()):
        return False
    in_order = field is not _YEAR or first <= int(last)
    return int(last) <= field.highest and in_order


def _is_stepped(field: _Field, first: int, found: re.Match[str]) -> bool:
    if found["step"] is None:
        return True
    step = re.match(r"[0-9](?:[0-9]+|$)", found["step"])
    in_time = field is not _YEAR or first <= _LAST_YEAR
    return step is not None and int(step[0]) <= field.highest and in_time
