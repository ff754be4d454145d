"""One HTTP/1.1 answer, taken in as its bytes arrive."""

from __future__ import annotations

LONGEST_HEAD = 65_536


class BadAnswer(ValueError):
    """What arrived is not an HTTP/1.1 answer."""


class Answer:
    """What one request was answered: status, reason, the service's version, and its size in bytes."""

    __slots__ = (
        "_chunked",
        "_left",
        "_unread",
        "has_head",
        "keeps_open",
        "reason",
        "size",
        "status",
        "version",
    )

    def __init__(self) -> None:
        self.status = 0
        self.reason = ""
        self.version = ""
        self.keeps_open = False
        self.size = 0
        self.has_head = False
        self._unread = b""
        self._chunked = False
        self._left: int | None = None

    def feed(self, data: bytes) -> bool:
        """Take in *data*; return whether the answer is complete.

        Raises:
            BadAnswer: *data* does not go on as an HTTP/1.1 answer.
        """
        self.size += len(data)
        self._unread += data
        while not self.has_head:
            head, complete, rest = self._unread.partition(b"\r\n\r\n")
            if not complete:
                if len(head) > LONGEST_HEAD:
                    raise BadAnswer("its head does not end")
                return False
            self._unread = rest
            self._read_head(head.decode("latin-1"))
        if self._chunked:
            return self._read_chunks()
        body, self._unread = self._unread, b""
        if self._left is None:
            return False
        self._left -= len(body)
        if self._left < 0:
            raise BadAnswer("it is longer than its Content-Length")
        return self._left == 0

    def end(self) -> bool:
        """Return whether the answer is complete now that the connection has ended."""
        return self.has_head and not self._chunked and self._left is None

    def _read_head(self, head: str) -> None:
        first, *lines = head.split("\r\n")
        protocol, _, rest = first.partition(" ")
        code, _, self.reason = rest.partition(" ")
        if not protocol.startswith("HTTP/1.") or not (code.isdecimal() and len(code) == 3):
            raise BadAnswer(f"it begins with {first[:40]!r}")
        self.status = int(code)
        # 1xx only announces the answer that follows it.
        self.has_head = self.status >= 200
        headers = {name.lower(): value.strip() for name, _, value in (line.partition(":") for line in lines)}
        self.version = headers.get("x-version", "")
        wish = headers.get("connection", "").lower()
        self.keeps_open = wish == "keep-alive" if protocol == "HTTP/1.0" else wish != "close"
        self._chunked = headers.get("transfer-encoding", "").lower() == "chunked"
        length = headers.get("content-length")
        if self.status in (204, 304):
            self._left = 0
        elif length is not None and not self._chunked:
            if not length.isdecimal():
                raise BadAnswer(f"its Content-Length is {length[:40]!r}")
            self._left = int(length)

    def _read_chunks(self) -> bool:
        while True:
            line, complete, rest = self._unread.partition(b"\r\n")
            if not complete:
                return False
            try:
                size = int(line.partition(b";")[0], 16)
            except ValueError:
                raise BadAnswer(f"a chunk begins with {line[:40]!r}") from None
            if size == 0:
                return rest == b"\r\n" or rest.endswith(b"\r\n\r\n")
            if len(rest) < size + 2:
                return False
            self._unread = rest[size + 2 :]
