"""Lists of connections as one table, and how Linux and Windows tell each of them."""

import socket
from collections.abc import Sequence
from dataclasses import dataclass

# Linux, include/net/tcp_states.h; Microsoft, "Get-NetTCPConnection", State; netstat's words in German.
STATES = {
    "Listen": ("0A", "ABHÖREN"),
    "SynSent": ("02", "SYN_GESENDET"),
    "SynReceived": ("03", "SYN_EMPFANGEN"),
    "Established": ("01", "HERGESTELLT"),
    "FinWait2": ("05", "FIN_WARTEN_2"),
    "CloseWait": ("08", "SCHLIESSEN_WARTEN"),
    "TimeWait": ("06", "WARTEND"),
}


@dataclass(frozen=True)
class Socket:
    """One line of a list.

    Args:
        holder: The process that has it; empty if nobody sees one.
    """

    state: str
    address: str
    port: int = 8080
    holder: str = "java"


@dataclass(frozen=True)
class Case:
    """A list, and what a host has to say of it.

    Args:
        asked: The instance's own address, and its ports.
        printed: What it says that has nothing but netstat, where that differs: what netstat prints does not
            tell a connection that is about to be over from an open one.
    """

    rule: str
    sockets: Sequence[Socket]
    said: str
    asked: str = "10.0.0.5 8080"
    printed: str = ""


def listen(address: str = "0.0.0.0", port: int = 8080, holder: str = "java") -> Socket:
    return Socket("Listen", address, port, holder)


def opened(address: str = "10.0.0.5", port: int = 8080, state: str = "Established") -> Socket:
    return Socket(state, address, port, "" if state == "TimeWait" else "java")


CASES = (
    Case("nobody is there", [listen()], "connections 0"),
    Case("open", [listen(), opened(), opened()], "connections 2"),
    Case(
        "about to be open, or the client has said all",
        [listen(), opened(state="SynReceived"), opened(state="CloseWait")],
        "connections 2",
    ),
    Case("over", [listen(), opened(state="TimeWait")], "connections 0"),
    Case(
        "about to be over",
        [listen(), opened(state="FinWait2")],
        "connections 0",
        printed="connections 1",
    ),
    Case("other ports", [listen(), opened(port=22), opened(port=18080)], "connections 0"),
    Case("other addresses", [listen(), opened("10.0.0.6"), opened("127.0.0.1")], "connections 0"),
    Case("an IPv4 address within IPv6", [listen("::"), opened("::ffff:10.0.0.5")], "connections 1"),
    Case(
        "other IPv4 addresses within IPv6",
        [listen("::"), opened("::ffff:10.0.0.6"), opened("::ffff:127.0.0.1")],
        "connections 0",
    ),
    Case(
        "every IPv6 address but the loopback",
        [listen("::"), opened("2001:db8::1"), opened("fe80::1"), opened("fd00:ec2::5"), opened("::1")],
        "connections 3",
    ),
    Case(
        "an instance with IPv6 only",
        [listen("::"), opened("2001:db8::5"), opened("10.0.0.5")],
        "connections 1",
        asked="2001:db8::5 8080",
    ),
    Case(
        "IPv4 and IPv6 together, on two ports",
        [listen(), listen("::"), listen("::", 8443), opened(), opened("2001:db8::1", 8443)],
        "connections 2",
        asked="10.0.0.5 8080,8443",
    ),
    Case("listens on its own address", [listen("10.0.0.5"), opened()], "connections 1"),
    Case("listens on an IPv6 address", [listen("2001:db8::1"), opened("2001:db8::1")], "connections 1"),
    Case("nobody listens", [opened()], "no evidence no process of the host itself listens on port 8080"),
    Case(
        "listens for the machine itself",
        [listen("127.0.0.1"), listen("::1"), listen("::ffff:127.0.0.1")],
        "no evidence no process of the host itself listens on port 8080",
    ),
    Case(
        "listens on one of two ports",
        [listen(), opened()],
        "no evidence no process of the host itself listens on port 8443",
        asked="10.0.0.5 8080,8443",
    ),
    Case("unseen", [listen(holder="")], "no evidence what listens on port 8080 cannot be seen"),
    Case(
        "one of two unseen",
        [listen(), listen("::", holder="")],
        "no evidence what listens on port 8080 cannot be seen",
    ),
    *(
        Case(
            f"a container's, by {name}",
            [listen(), listen("::", holder=name)],
            f"no evidence port 8080 is passed on to a container by {name}",
        )
        for name in ("docker-proxy", "dockerd", "containerd-shim", "kube-proxy", "k3s-server", "rke2")
    ),
)  # fmt: skip


def process_of(number: int, each: Socket) -> int:
    """Return a process's number for the line of that number; Windows has 0 for a connection that is over."""
    return 0 if each.state == "TimeWait" else 5000 + number


def proc_files(case: Case) -> dict[str, str]:
    """Return the files of ``/proc`` that Linux has for it, and in ``fds`` what ``ls`` lists of processes."""
    lists = {"tcp": "  sl  local_address rem_address   st ...\n", "tcp6": "  sl  local_address ...\n"}
    files, fds = {}, ""
    for number, each in enumerate(case.sockets):
        inode, process = 4000 + number, process_of(number, each)
        family = "tcp6" if ":" in each.address else "tcp"
        own, state = f"{kernel_address(each.address)}:{each.port:04X}", STATES[each.state][0]
        other = "0" * len(kernel_address(each.address))
        lists[family] += (
            f"   {number}: {own} {other}:0000 {state} 0:0 00:0 0        0        0 {inode} 1 0000 20 4\n"
        )
        if each.holder:
            files[f"proc/{process}/comm"] = f"{each.holder}\n"
            fds += f"/proc/{process}/fd:\nlrwx------ 1 app app 64 Nov 26 12:00 5 -> socket:[{inode}]\n\n"
    return {**files, **{f"proc/net/{name}": text for name, text in lists.items()}, "fds": fds}


def rows(case: Case) -> list[dict[str, str | int]]:
    """Return what Windows' own cmdlet lists for it, with the name of each process."""
    return [
        {
            "state": each.state,
            "address": each.address,
            "port": each.port,
            "process": process_of(number, each),
            "name": each.holder,
        }
        for number, each in enumerate(case.sockets)
    ]


def kernel_address(address: str) -> str:
    """Return an address as Linux lists it: each four bytes as one number of a little-endian machine."""
    family = socket.AF_INET6 if ":" in address else socket.AF_INET
    packed = socket.inet_pton(family, address)
    return "".join(packed[start : start + 4][::-1].hex().upper() for start in range(0, len(packed), 4))


def netstat(case: Case) -> str:
    """Return what ``netstat -ano`` prints for it in a German Windows."""
    lines = [
        "",
        "Aktive Verbindungen",
        "",
        "  Proto  Lokale Adresse         Remoteadresse          Status           PID",
    ]
    for number, each in enumerate(case.sockets):
        held = process_of(number, each)
        host = f"[{each.address}]" if ":" in each.address else each.address
        if each.address.startswith("fe80"):
            host = f"[{each.address}%7]"
        other = (
            ("[::]:0" if ":" in each.address else "0.0.0.0:0") if each.state == "Listen" else f"{host}:54321"
        )
        lines.append(f"  TCP    {f'{host}:{each.port}':<22} {other:<22} {STATES[each.state][1]:<16} {held}")
    lines.append(f"  UDP    {'0.0.0.0:8080':<22} {'*:*':<22} {'':<16} 4")
    return "\n".join(lines) + "\n"
