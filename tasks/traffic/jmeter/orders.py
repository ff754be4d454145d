"""What a JMeter that runs without a window is told from outside: a datagram to a port of this machine.

Source: JMeter's JMeter.java (waitForSignals takes the loopback address alone) and ShutdownClient.java
"""

from __future__ import annotations

import socket
from contextlib import suppress

HOST = "127.0.0.1"
# What its own shutdown.sh and stoptest.sh send: to let requests in flight end, and to break them off.
SHUTDOWN, STOP_NOW = "Shutdown", "StopTestNow"


def free_port() -> int:
    """Return a port that no JMeter here listens on; of its own eleven, a busy agent may run out."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as listener:
        listener.bind((HOST, 0))
        return int(listener.getsockname()[1])


def listening_on(port: int) -> dict[str, str]:
    """Return the properties that have JMeter listen on *port* and no other."""
    return {"jmeterengine.nongui.port": str(port), "jmeterengine.nongui.maxport": str(port)}


def order(port: int, command: str) -> None:
    """Send *command* to whatever listens on *port*, if anything does."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sender, suppress(OSError):
        sender.sendto(command.encode("ascii"), (HOST, port))
