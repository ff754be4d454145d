"""An HTTP connection that heeds the deadline of the exchange that it is used in."""

from http.client import HTTPConnection
from typing import Any

from gocd.deadline import heed


class HeedingConnection(HTTPConnection):
    """One by itself, and what makes the connections of libraries, which are subclasses too, heed it."""

    def send(self, data: Any) -> None:
        if self.sock is None and self.auto_open:
            self.connect()
        if self.sock is not None:
            heed(self.sock)
        super().send(data)
