"""A stand-in for systemctl: starts and stops the one service of an instance, as its unit file says."""

from __future__ import annotations

import configparser
import contextlib
import fcntl
import os
import shlex
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
STOP_PATIENCE = 10.0
# Seconds in which a service listens or has failed; a busy machine takes long to start either.
START_PATIENCE = 3.0


def the_unit(asked: str) -> Path:
    name = asked.removesuffix(".service")
    units = sorted((ROOT / "etc/systemd/system").glob("*.service"))
    exact = [unit for unit in units if unit.stem == name]
    if exact or len(units) == 1:
        return (exact or units)[0]
    sys.stderr.write(f"Unit {name}.service not found.\n")
    sys.exit(5)


def born(pid: int) -> str | None:
    """Tell when a process started, or nothing when it is gone: its number may be another's by now."""
    try:
        fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    except OSError:
        return None
    return None if fields[0] in "ZX" else fields[19]


def main_pid(unit: Path) -> int | None:
    try:
        pid, when = (ROOT / "run" / f"{unit.stem}.pid").read_text().split()
    except (OSError, ValueError):
        return None
    return int(pid) if born(int(pid)) == when else None


def listens(address: str) -> bool:
    host, _, port = address.rpartition(":")
    with socket.socket() as attempt:
        attempt.settimeout(1)
        if attempt.connect_ex((host, int(port))) != 0:
            return False
        # Until the service has closed it, this is a connection that it has open, and somebody may count.
        attempt.shutdown(socket.SHUT_WR)
        with contextlib.suppress(OSError):
            attempt.recv(1)
        return True


def start(unit: Path) -> int:
    if main_pid(unit):
        return 0
    fault = ROOT / "run" / f"{unit.stem}.fails-once"
    if fault.exists():
        fault.unlink()
        return failed(unit)
    sections = configparser.ConfigParser(interpolation=None, strict=False)
    sections.read(unit)
    service = sections["Service"]
    environment = dict(pair.split("=", 1) for pair in shlex.split(service.get("Environment", "")))
    with (ROOT / "var/log" / f"{unit.stem}.log").open("ab") as log:
        try:
            process = subprocess.Popen(
                shlex.split(service["ExecStart"]),
                cwd=service.get("WorkingDirectory", str(ROOT)),
                env={**os.environ, **environment},
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,
            )
        except OSError as error:
            log.write(f"{unit.name}: {error}\n".encode())
            return failed(unit)
    (ROOT / "run" / f"{unit.stem}.pid").write_text(f"{process.pid} {born(process.pid)}")
    address = sections.get("X-StandIn", "Address", fallback="")
    deadline = time.monotonic() + START_PATIENCE
    while time.monotonic() < deadline:
        if process.poll() is not None:
            return failed(unit)
        if address and listens(address):
            return 0
        time.sleep(0.01)
    return 0


def failed(unit: Path) -> int:
    sys.stderr.write(
        f"Job for {unit.name} failed because the control process exited with error code.\n"
        f'See "systemctl status {unit.name}" and "journalctl -xeu {unit.name}" for details.\n'
    )
    return 1


def stop(unit: Path) -> int:
    pid = main_pid(unit)
    deadline = time.monotonic() + STOP_PATIENCE
    wanted: signal.Signals | None = signal.SIGTERM
    while pid and main_pid(unit) == pid:
        if wanted:
            os.killpg(pid, wanted)
            wanted = None
        elif time.monotonic() > deadline:
            wanted = signal.SIGKILL
        time.sleep(0.01)
    return 0


def restart(unit: Path) -> int:
    stop(unit)
    return start(unit)


def status(unit: Path) -> int:
    pid = main_pid(unit)
    active = f"active (running)\n   Main PID: {pid}" if pid else "inactive (dead)"
    sys.stdout.write(f"{unit.name}\n     Active: {active}\n")
    return 0 if pid else 3


def is_active(unit: Path) -> int:
    pid = main_pid(unit)
    sys.stdout.write("active\n" if pid else "inactive\n")
    return 0 if pid else 3


VERBS = {"start": start, "stop": stop, "restart": restart, "status": status, "is-active": is_active}


def main(arguments: list[str]) -> int:
    words = [word for word in arguments if not word.startswith("-")]
    if not words or words[0] not in VERBS:
        if words[:1] == ["daemon-reload"]:
            return 0
        sys.stderr.write(f"Unknown command verb {' '.join(words[:1])}.\n")
        return 1
    if len(words) == 1:
        sys.stderr.write("Too few arguments.\n")
        return 1
    with (ROOT / "run" / "systemctl.lock").open("w") as lock:
        # systemd runs one job at a time for a unit.
        fcntl.flock(lock, fcntl.LOCK_EX)
        return max(VERBS[words[0]](the_unit(word)) for word in words[1:])


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
