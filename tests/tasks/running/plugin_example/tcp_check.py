"""--status-url tcp://HOST:PORT: a service is well if it takes connections."""

import socket
from urllib.parse import urlsplit


class TcpCheck:
    expectation = "on its port"

    def __init__(self, url, status, fields):
        self.url = url

    def missing(self):
        place = urlsplit(self.url)
        try:
            socket.create_connection((place.hostname, place.port), timeout=5).close()
        except OSError as problem:
            return f"takes no connection ({problem.strerror})"
