"""--status-url tcp://HOST:PORT: a service is well if it takes connections."""

import socket
from urllib.parse import urlsplit

from tasks.running.errors import Refused
from tasks.status.check import NoAnswer


class TcpCheck:
    expectation = "on its port"

    def __init__(self, url, status, fields):
        self.url, self.place = url, urlsplit(url)
        if not self.place.port:
            raise Refused(f"{url} names no port")

    def missing(self):
        try:
            socket.create_connection((self.place.hostname, self.place.port), timeout=5).close()
        except OSError as problem:
            return NoAnswer(f"takes no connection ({problem.strerror})")
