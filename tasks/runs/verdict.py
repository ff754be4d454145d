"""A server's verdict on pipeline files: each error on the line that it speaks of, if it says which."""

import re
from collections.abc import Mapping, Sequence

# How GoCD lists what a plug-in found: the place, then what is wrong there (ErrorCollection.getErrorsAsText
# and yamlFormat, in its own code).
_ITEM = re.compile(r"^(?:\d+\. |  - )")

_KEY = re.compile(r"^(\s*(?:- *)?)([\"']?)([\w.-]{1,255})\2 *:(?:\s|$)")

# Errors that are told, and characters of each that are looked through.
MOST, LONGEST = 200, 2000

_LINE = re.compile(r"[Ll]ine (\d{1,6}), column (\d{1,6})")
# What is missing has no line.
_NAMES = re.compile(
    r"(?<!field )'([^']{1,255})'|\"([^\"]{1,800})\"|\b(?:[Pp]ipeline|[Ss]tage|[Jj]ob)s? ([\w.-]{1,255})"
)

Keys = Mapping[str, Sequence[tuple[int, int]]]


def placed(errors: Sequence[str], files: Mapping[str, str]) -> list[str]:
    """Return each error as a line, with file, line and column in front where they can be told.

    Args:
        files: The text of each by its name.
    """
    found = [each for error in errors for each in _single(error)]
    more = [f"and {len(found) - MOST:,} more"] if len(found) > MOST else []
    keys = {name: _keys(text) for name, text in files.items()}
    return [_placed(where[:LONGEST], what[:LONGEST], keys) for where, what in found[:MOST]] + more


def _single(error: str) -> list[tuple[str, str]]:
    """Return each error in a text of GoCD's, with the place that it names before it."""
    found: list[tuple[str, str]] = []
    where = ""
    for line in error.splitlines() or [error]:
        if _ITEM.match(line):
            found.append((where, _ITEM.sub("", line, count=1).strip()))
        elif line.rstrip().endswith((";", ":")) and not line.startswith(" "):
            where = line.strip().rstrip(";:")
        elif found and line.strip() and len(found[-1][1]) < LONGEST:
            found[-1] = (found[-1][0], f"{found[-1][1]} {line.strip()}")
        elif line.strip() and not found:
            found.append((where, line.strip()))
    return found


def _placed(where: str, what: str, files: Mapping[str, Keys]) -> str:
    words = " ".join(f"{where}: {what}".split()) if where and where not in files else " ".join(what.split())
    file = next((name for name in sorted(files, key=len, reverse=True) if name in f"{where} {what}"), "")
    if not file and len(files) == 1:
        [file] = files
    if told := _LINE.search(what):
        return f"{file}:{told[1]}:{told[2]}: {what}" if file else words
    names = [part for each in _NAMES.finditer(f"{where} {what}") for part in _parts(each)]
    for name, keys in files.items():
        if (not file or name == file) and (line := _line_of(names, keys)):
            return f"{name}:{line}: {words}"
    return f"{file}: {words}" if file else words


def _parts(found: re.Match[str]) -> list[str]:
    """Return the names in one match; GoCD writes a job as ``pipeline :: stage :: job``."""
    return next(each for each in found.groups() if each).split(" :: ")


def _keys(text: str) -> Keys:
    """Return by its name, in small letters, how deep and on which line each key of a file is."""
    found: dict[str, list[tuple[int, int]]] = {}
    for number, line in enumerate(text.splitlines(), 1):
        if key := _KEY.match(line):
            found.setdefault(key[3].lower(), []).append((len(key[1]), number))
    return found


def _line_of(names: Sequence[str], keys: Keys) -> int:
    """Return the line of the innermost of these names that is a key once; 0 if none is."""
    once = [at[0] for name in names if len(at := keys.get(name.lower(), ())) == 1]
    return max(once, key=lambda at: at[0])[1] if once else 0
