"""A server's verdict on pipeline files: each error on the line that it speaks of, if it says which."""

import re
from collections.abc import Mapping, Sequence

# How GoCD lists what a plug-in found: the place, then what is wrong there (ErrorCollection.getErrorsAsText
# and yamlFormat, in its own code).
_ITEM = re.compile(r"^(?:\d+\. |  - )")

_LINE = re.compile(r"[Ll]ine (\d{1,6}), column (\d{1,6})")
# What is missing has no line.
_NAMES = re.compile(
    r"(?<!field )'([^']{1,255})'|\"([^\"]{1,800})\"|\b(?:[Pp]ipeline|[Ss]tage|[Jj]ob)s? ([\w.-]{1,255})"
)


def placed(errors: Sequence[str], files: Mapping[str, str]) -> list[str]:
    """Return each error as a line, with file, line and column in front where they can be told.

    Args:
        files: The text of each by its name.
    """
    return [_placed(where, what, files) for error in errors for where, what in _single(error)]


def _single(error: str) -> list[tuple[str, str]]:
    """Return each error in a text of GoCD's, with the place that it names before it."""
    found: list[tuple[str, str]] = []
    where = ""
    for line in error.splitlines() or [error]:
        if _ITEM.match(line):
            found.append((where, _ITEM.sub("", line, count=1).strip()))
        elif line.rstrip().endswith((";", ":")) and not line.startswith(" "):
            where = line.strip().rstrip(";:")
        elif found and line.strip():
            found[-1] = (found[-1][0], f"{found[-1][1]} {line.strip()}")
        elif line.strip():
            found.append((where, line.strip()))
    return found


def _placed(where: str, what: str, files: Mapping[str, str]) -> str:
    words = " ".join(f"{where}: {what}".split()) if where and where not in files else " ".join(what.split())
    file = next((name for name in sorted(files, key=len, reverse=True) if name in f"{where} {what}"), "")
    if not file and len(files) == 1:
        [file] = files
    if told := _LINE.search(what):
        return f"{file}:{told[1]}:{told[2]}: {what}" if file else words
    names = [part for each in _NAMES.finditer(f"{where} {what}") for part in _parts(each)]
    for name, text in files.items():
        if (not file or name == file) and (line := _line_of(names, text)):
            return f"{name}:{line}: {words}"
    return f"{file}: {words}" if file else words


def _parts(found: re.Match[str]) -> list[str]:
    """Return the names in one match; GoCD writes a job as ``pipeline :: stage :: job``."""
    return next(each for each in found.groups() if each).split(" :: ")


def _line_of(names: Sequence[str], text: str) -> int:
    """Return the line of the innermost of these names that *text* has once as a key; 0 if it has none."""
    deepest, found = -1, 0
    lines = text.splitlines()
    for name in names:
        key = re.compile(rf"^(\s*(?:- *)?)([\"']?){re.escape(name)}\2 *:(?:\s|$)", re.I)
        at = [(number, match) for number, line in enumerate(lines, 1) if (match := key.match(line))]
        if len(at) == 1 and len(at[0][1][1]) > deepest:
            deepest, found = len(at[0][1][1]), at[0][0]
    return found
