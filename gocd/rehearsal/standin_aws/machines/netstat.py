"""A ``netstat -ano`` in the shape of Windows' own: the TCP connections that this machine really has.

On a Windows host this file is its ``netstat.exe``, as a program that needs nothing else.
"""

from __future__ import annotations

import socket
import sys
from collections.abc import Iterator
from pathlib import Path

# Windows' words for the states that Linux numbers in /proc/net/tcp (proc(5); include/net/tcp_states.h).
STATES = {
    "01": "ESTABLISHED",
    "02": "SYN_SENT",
    "03": "SYN_RECEIVED",
    "04": "FIN_WAIT_1",
    "05": "FIN_WAIT_2",
    "06": "TIME_WAIT",
    "08": "CLOSE_WAIT",
    "09": "LAST_ACK",
    "0A": "LISTENING",
    "0B": "CLOSING",
}


def lines() -> Iterator[str]:
    """List each connection as netstat does: its two ends, its state, and the process that has it."""
    held = holders()
    for family, table in ((socket.AF_INET, "tcp"), (socket.AF_INET6, "tcp6")):
        for line in Path("/proc/net", table).read_text().splitlines()[1:]:
            _, own, other, state, *_, number = line.split()[:10]
            if state in STATES:
                ends = f"  TCP    {end(family, own):<22} {end(family, other):<22}"
                yield f"{ends} {STATES[state]:<16} {held.get(number, 0)}"


def end(family: int, text: str) -> str:
    """Spell an address and port that the kernel lists as hexadecimal words of this machine's byte order."""
    address, _, port = text.partition(":")
    words = [address[start : start + 8] for start in range(0, len(address), 8)]
    packed = b"".join(int(word, 16).to_bytes(4, sys.byteorder) for word in words)
    name = socket.inet_ntop(family, packed)
    return f"[{name}]:{int(port, 16)}" if family == socket.AF_INET6 else f"{name}:{int(port, 16)}"


def holders() -> dict[str, int]:
    """Give the process that has each socket, by the socket's number; of several, one."""
    found = {}
    for entry in Path("/proc").glob("[0-9]*/fd/*"):
        try:
            target = str(entry.readlink())
        except OSError:
            continue
        if target.startswith("socket:["):
            found[target[len("socket:[") : -1]] = int(entry.parts[2])
    return found


if __name__ == "__main__":
    sys.stdout.write("\nActive Connections\n\n")
    sys.stdout.write("  Proto  Local Address          Foreign Address        State           PID\n")
    sys.stdout.writelines(f"{line}\n" for line in lines())
