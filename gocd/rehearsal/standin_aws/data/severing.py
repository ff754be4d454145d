"""Connections closed at once, with whatever is in flight on them.

Envoy lets every request and every connection finish, whatever becomes of its endpoint; AWS does not. Linux
hands one process's descriptors to its parent (pidfd_getfd(2), since 5.6), unless something forbids it, such
as the system call filter of Docker.
"""

from __future__ import annotations

import contextlib
import ctypes
import os
import socket
from collections.abc import Iterator
from pathlib import Path

# The same on every processor that Python runs on.
_PIDFD_GETFD = 438

# What tells one pool's connections to an address from another's: a socket option that nothing else sets, and
# that does nothing while keep-alive probes are off.
MARKED_BY = (socket.IPPROTO_TCP, socket.TCP_KEEPINTVL)
MARKS = range(1, 32768)


def can_sever(process: int) -> bool:
    """Whether the connections of a child *process* are within reach."""
    with contextlib.suppress(OSError):
        handle = os.pidfd_open(process)
        try:
            os.close(_taken(handle, 0))
        finally:
            os.close(handle)
        return True
    return False


def sever(process: int, mark: int, address: str, port: int) -> None:
    """Close the connections of a child *process* that bear *mark* and lead to this address and port."""
    for connection in _connections(process):
        with contextlib.suppress(OSError):
            if connection.getsockopt(*MARKED_BY) == mark and connection.getpeername() == (address, port):
                connection.shutdown(socket.SHUT_RDWR)


def _connections(process: int) -> Iterator[socket.socket]:
    with contextlib.suppress(OSError):
        handle = os.pidfd_open(process)
        try:
            for each in Path(f"/proc/{process}/fd").iterdir():
                with contextlib.suppress(OSError):
                    if each.readlink().name.startswith("socket:"):
                        with socket.socket(fileno=_taken(handle, int(each.name))) as connection:
                            yield connection
        finally:
            os.close(handle)


def _taken(handle: int, descriptor: int) -> int:
    taken = ctypes.CDLL(None, use_errno=True).syscall(_PIDFD_GETFD, handle, descriptor, 0)
    if taken < 0:
        raise OSError(ctypes.get_errno(), os.strerror(ctypes.get_errno()))
    return int(taken)
