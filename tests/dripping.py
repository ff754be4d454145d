"""A server that goes on for ever without an end to its answer: no single read of it ever takes long."""

import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress

# What it says first, and what it then says again and again.
WAYS = {
    "status line": (b"HTTP/1.1 ", b"2"),
    "header": (b"HTTP/1.1 200 OK\r\nX-Long: ", b"x"),
    "headers": (b"HTTP/1.1 200 OK\r\n", b"X: y\r\n"),
    "continue": (b"", b"HTTP/1.1 100 Continue\r\n\r\n"),
    "body": (b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 100000\r\n\r\n{", b" "),
    "chunks": (b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n", b"1\r\n \r\n"),
}

# Seconds between two pieces.
PAUSE = 0.05


@contextmanager
def dripping(way: str) -> Iterator[str]:
    """Serve in one of the WAYS, and hand out the address, without a path."""
    first, then = WAYS[way]
    over = threading.Event()
    with socket.create_server(("127.0.0.1", 0)) as server:
        server.settimeout(PAUSE)

        def drip(client: socket.socket) -> None:
            with client, suppress(OSError):
                client.recv(65_536)
                client.sendall(first)
                while not over.wait(PAUSE):
                    client.sendall(then)

        def serve() -> None:
            while not over.is_set():
                with suppress(TimeoutError):
                    threading.Thread(target=drip, args=(server.accept()[0],), daemon=True).start()

        serving = threading.Thread(target=serve, daemon=True)
        serving.start()
        yield f"http://127.0.0.1:{server.getsockname()[1]}"
        over.set()
        serving.join()
