"""HAProxy's Runtime API, as far as a site's own load balancer kind asks it, with servers in memory."""

import socketserver
import threading
import time
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass

COLUMNS = "# pxname,svname,qcur,qmax,scur,smax,slim,status"


@dataclass
class Server:
    """A server of the backend ``app``.

    Args:
        checked: Health checks that it has passed since it was made ready, of the two that it needs.
        busy_for: Seconds that its last request takes, once it gets no more of them.
    """

    name: str
    status: str = "UP"
    checked: int = 2
    busy_for: float = 0.0
    left_at: float = 0.0

    @property
    def row(self) -> str:
        if self.status == "UP" and self.checked < 2:
            self.checked += 1
            return f"app,{self.name},0,0,0,0,,UP {self.checked}/3"
        return f"app,{self.name},0,0,{int(time.monotonic() < self.left_at + self.busy_for)},0,,{self.status}"


class HAProxy:
    """One that is healthy.

    Attributes:
        place: Where its Runtime API is served, once it is.
        orders: What it was told.
    """

    place = ""

    def __init__(self, names: Iterable[str]) -> None:
        self.servers = {name: Server(name) for name in names}
        self.orders: list[str] = []

    def answer(self, command: str) -> str:
        words = command.split()
        if command == "show backend":
            return "# name\napp\n\n"
        if command == "show stat app 4 -1":
            return "\n".join([COLUMNS, *(each.row for each in self.servers.values()), "", ""])
        if words[:2] == ["set", "server"] and words[3] == "state" and words[4] in ("ready", "maint"):
            return self._set(words[2].removeprefix("app/"), words[4])
        return "Unknown command.\n"

    def in_flight(self, seconds: float) -> None:
        """Have every server work on a request for so long after it gets no more of them."""
        for server in self.servers.values():
            server.busy_for = seconds

    def _set(self, name: str, state: str) -> str:
        if name not in self.servers:
            return "No such server.\n\n"
        self.orders.append(f"{name} {state}")
        server = self.servers[name]
        if state == "maint":
            server.left_at = server.left_at if server.status == "MAINT" else time.monotonic()
            server.status = "MAINT"
        elif server.status == "MAINT":
            server.status, server.checked = "UP", 0
        return "\n"


@contextmanager
def serving(haproxy: HAProxy) -> Iterator[str]:
    """Serve its Runtime API, and yield where."""

    class Asked(socketserver.StreamRequestHandler):
        def handle(self) -> None:
            command = self.rfile.readline().decode().strip()
            self.wfile.write(haproxy.answer(command).encode())

    with socketserver.ThreadingTCPServer(("127.0.0.1", 0), Asked) as server:
        threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True).start()
        yield f"127.0.0.1:{server.server_address[1]}"
        server.shutdown()
