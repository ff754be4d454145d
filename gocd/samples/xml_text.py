"""JMeter's XML made XML: answers of servers stand in it with characters that XML does not know."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import BinaryIO

_CHUNK = 1 << 16
_REFERENCE = re.compile(rb"&#(?:x([0-9a-fA-F]{1,8})|([0-9]{1,10}));")
# Bytes of the longest of them.
_LONGEST = 14
_UNKNOWN = b"&#xfffd;"
_CONTROLS = bytes(each for each in range(32) if each not in b"\t\n\r")
_CLEAN = bytes.maketrans(_CONTROLS, b"?" * len(_CONTROLS))
_NO_CHARACTER, _REPLACEMENT = re.compile(rb"\xef\xbf[\xbe\xbf]"), b"\xef\xbf\xbd"


def xml_text(file: BinaryIO) -> Iterator[bytes]:
    """Give the bytes of *file* with the characters replaced that no XML can have.

    JMeter writes them as they are or as ``&#x0;``, by its version.

    Source: XStream's PrettyPrintWriter.java (XML_QUIRKS); XML 1.0, 2.2 Characters
    """
    held = b""
    wide = False
    first = True
    while chunk := file.read(_CHUNK):
        if first:
            # Two bytes a character: JMeter never does, and expat reads it as it is.
            first, wide = False, b"\0" in chunk[:4] or chunk[:2] in (b"\xff\xfe", b"\xfe\xff")
        if wide:
            yield chunk
            continue
        chunk = held + chunk
        held = chunk[_whole(chunk) :]
        yield _cleaned(chunk[: len(chunk) - len(held)])
    if held:
        yield _cleaned(held)


def _whole(chunk: bytes) -> int:
    """Return the length of *chunk* without what may go on in the next."""
    start = chunk.rfind(b"&", max(0, len(chunk) - _LONGEST))
    if start >= 0 and b";" not in chunk[start:]:
        return start
    return len(chunk) - next((cut for cut in (2, 1) if chunk.endswith(_REPLACEMENT[:cut])), 0)


def _cleaned(chunk: bytes) -> bytes:
    chunk = chunk.translate(_CLEAN)
    if b"&#" in chunk:
        chunk = _REFERENCE.sub(_known, chunk)
    return _NO_CHARACTER.sub(_REPLACEMENT, chunk) if b"\xef\xbf" in chunk else chunk


def _known(reference: re.Match[bytes]) -> bytes:
    code = int(reference[1], 16) if reference[1] else int(reference[2])
    known = (
        code in (9, 10, 13) or 32 <= code < 0xD800 or 0xE000 <= code < 0xFFFE or 0x10000 <= code < 0x110000
    )
    return reference[0] if known else _UNKNOWN
