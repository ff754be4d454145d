"""A private network on loopback, claimed for one process so that two stand-ins never meet."""

from __future__ import annotations

import os
import socket

from gocd.errors import GoCDError

# Any fixed port: holding it on 127.X.0.1 is what claims 127.X.0.0/16.
CLAIM_PORT = 19427


class LoopbackNetwork:
    """127.X.0.0/16 for an X that no other stand-in on this machine uses.

    Raises:
        GoCDError: this machine binds no loopback address but 127.0.0.1 (macOS), or all 254 are taken.
    """

    def __init__(self) -> None:
        self._claim = socket.socket()
        first = os.getpid() % 254
        for step in range(254):
            self.number = (first + step) % 254 + 1
            try:
                self._claim.bind((f"127.{self.number}.0.1", CLAIM_PORT))
            except OSError as error:
                refused = error
                continue
            return
        self._claim.close()
        raise GoCDError(
            f"cannot claim a loopback network for the stand-in AWS: {refused}; "
            "it needs to bind addresses such as 127.1.0.1, which Linux allows and macOS does not"
        )

    @property
    def cidr(self) -> str:
        return f"127.{self.number}.0.0/16"

    def zone_cidr(self, index: int) -> str:
        """Give the subnet of the *index*-th availability zone: 16,000 addresses each, four at most."""
        return f"127.{self.number}.{64 * index}.0/18"

    def release(self) -> None:
        self._claim.close()


class BlackHole:
    """An address that never answers a connection, as behind a security group without the rule.

    Linux drops a SYN when the accept queue is full, so two connections that nobody accepts are enough.
    """

    def __init__(self, address: str) -> None:
        self._listening = socket.socket()
        self._listening.bind((address, 0))
        self._listening.listen(0)
        self.address: str = address
        self.port: int = self._listening.getsockname()[1]
        self._filling = [socket.socket() for _ in range(4)]
        for filler in self._filling:
            filler.setblocking(False)
            filler.connect_ex((self.address, self.port))

    def close(self) -> None:
        for each in (self._listening, *self._filling):
            each.close()
