"""A text with marked places, filled in.

``<word>`` stands for a word's value. The lines from ``#: name`` to its ``#: end`` come once for each set of
words that there is under this name, which are known between them: for none, they are left out.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence

_PLACE = re.compile(r"<([a-z_]+)>")
_BEGIN, _END = "#: ", "#: end"

Words = Mapping[str, str]
ONCE: Sequence[Words] = ({},)


def fill(text: str, words: Words, repeated: Mapping[str, Sequence[Words]]) -> str:
    """Return *text* with *words* in their places, and its marked lines as often as they are *repeated*."""
    return "\n".join(_filled(text.split("\n"), words, repeated))


def _filled(lines: list[str], words: Words, repeated: Mapping[str, Sequence[Words]]) -> Iterator[str]:
    at = 0
    while at < len(lines):
        line = lines[at]
        at += 1
        if line.startswith(_BEGIN):
            end = _end(lines, at)
            for more in repeated.get(line.removeprefix(_BEGIN), ()):
                yield from _filled(lines[at:end], {**words, **more}, repeated)
            at = end + 1
        else:
            yield _PLACE.sub(lambda found: words[found[1]], line)


def _end(lines: list[str], at: int) -> int:
    depth = 1
    while depth:
        if lines[at].startswith(_BEGIN):
            depth += -1 if lines[at] == _END else 1
        at += 1
    return at - 1
