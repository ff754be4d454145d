"""A port by which a load balancer knows an instance, and what else has to be said to register it so."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Target:
    """A port of an instance, where a load balancer has to be told more than its number to have it back.

    Args:
        address: What it is registered by, if not by its instance's id.
        zone: The Availability Zone that it is registered in, where it has to be said.
        server_id: By which QUIC finds it.
    """

    number: int
    address: str = ""
    zone: str = ""
    server_id: str = ""

    def __str__(self) -> str:
        address = f"[{self.address}]" if ":" in self.address else self.address
        return f"{address}:{self.number}" if address else str(self.number)


Port = int | Target


def number(port: Port) -> int:
    return port.number if isinstance(port, Target) else port
