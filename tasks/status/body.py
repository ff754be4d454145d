"""The beginning of an answer's body: what a server sends is read no further than it may be long."""

from collections.abc import Iterable


def beginning(pieces: Iterable[bytes], most: int) -> bytes:
    """Return the first *most* bytes of the *pieces*; those after them are not asked for."""
    body = b""
    for piece in pieces:
        body += piece
        if len(body) >= most:
            break
    return body[:most]
