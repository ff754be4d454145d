"""An HTTP connection that heeds the deadline of the exchange that it is used in."""

from http.client import HTTPConnection, HTTPException, HTTPResponse
from typing import Any

from gocd.deadline import heed

TWO_LENGTHS = "its answer has two lengths"


class _Answer(HTTPResponse):
    def begin(self) -> None:
        super().begin()
        # urllib3 finds it too, and leaves the connection open with words that blame the question.
        if len(set(self.headers.get_all("Content-Length", []))) > 1:
            raise HTTPException(TWO_LENGTHS)


class HeedingConnection(HTTPConnection):
    """One by itself, and what makes the connections of libraries, which are subclasses too, heed it."""

    response_class = _Answer

    def send(self, data: Any) -> None:
        if self.sock is None and self.auto_open:
            self.connect()
        if self.sock is not None:
            heed(self.sock)
        super().send(data)
