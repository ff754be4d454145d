"""A stand-in for systemd: starts and stops the one service of an instance, as its unit file says.

On an instance this file is its ``systemctl``, as a program that needs nothing else.
"""

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
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TextIO

STOP_PATIENCE = 10.0
# Seconds in which a service listens or has failed; a busy machine takes long to start either.
START_PATIENCE = 3.0
# What every process of an instance sees; the last one lets it be found when the stand-in ends.
PASSED_ON = ("PATH", "DESTDIR", "INSTANCE_ID", "PRIVATE_IP", "GOCD_STANDIN_AWS")
VERBS = ("start", "stop", "restart", "status", "is-active")


class Systemd:
    """What keeps the service of the instance at *root*; its processes see *environ*."""

    def __init__(self, root: Path, environ: Mapping[str, str], out: TextIO, err: TextIO) -> None:
        self._root = root
        self._environ = environ
        self._out = out
        self._err = err
        # Those that were started from here, to be waited for.
        self.children: list[subprocess.Popen[bytes]] = []

    def obey(self, arguments: Sequence[str]) -> int:
        """Do what these arguments of systemctl say; gives its exit status."""
        verb, *units = [word for word in arguments if not word.startswith("-")] or [""]
        if verb not in VERBS:
            if verb == "daemon-reload":
                return 0
            self._err.write(f"Unknown command verb {verb}.\n")
            return 1
        if not units:
            self._err.write("Too few arguments.\n")
            return 1
        with (self._root / "run" / "systemctl.lock").open("w") as lock:
            # systemd runs one job at a time for a unit.
            fcntl.flock(lock, fcntl.LOCK_EX)
            return max(self._do(verb, unit) for unit in units)

    def _do(self, verb: str, asked: str) -> int:
        name = asked.removesuffix(".service")
        units = sorted((self._root / "etc/systemd/system").glob("*.service"))
        exact = [unit for unit in units if unit.stem == name]
        if not exact and len(units) != 1:
            self._err.write(f"Unit {name}.service not found.\n")
            return 5
        unit = (exact or units)[0]
        if verb in {"stop", "restart"}:
            self._stop(unit)
        if verb in {"start", "restart"}:
            return self._start(unit)
        return 0 if verb == "stop" else self._tell(unit, verb)

    def _start(self, unit: Path) -> int:
        if self._main_pid(unit):
            return 0
        fault = self._root / "run" / f"{unit.stem}.fails-once"
        if fault.exists():
            fault.unlink()
            return self._failed(unit)
        sections = configparser.ConfigParser(interpolation=None, strict=False)
        sections.read(unit)
        service = sections["Service"]
        environment = dict(pair.split("=", 1) for pair in shlex.split(service.get("Environment", "")))
        with (self._root / "var/log" / f"{unit.stem}.log").open("ab") as log:
            try:
                process = subprocess.Popen(
                    shlex.split(service["ExecStart"]),
                    cwd=service.get("WorkingDirectory", str(self._root)),
                    env={**self._environ, **environment},
                    stdin=subprocess.DEVNULL,
                    stdout=log,
                    stderr=log,
                    start_new_session=True,
                )
            except OSError as error:
                log.write(f"{unit.name}: {error}\n".encode())
                return self._failed(unit)
        self.children.append(process)
        (self._root / "run" / f"{unit.stem}.pid").write_text(f"{process.pid} {born(process.pid)}")
        address = sections.get("X-StandIn", "Address", fallback="")
        deadline = time.monotonic() + START_PATIENCE
        while time.monotonic() < deadline:
            if process.poll() is not None:
                return self._failed(unit)
            if address and listens(address):
                return 0
            time.sleep(0.01)
        return 0

    def _stop(self, unit: Path) -> None:
        pid = self._main_pid(unit)
        deadline = time.monotonic() + STOP_PATIENCE
        wanted: signal.Signals | None = signal.SIGTERM
        while pid and self._main_pid(unit) == pid:
            if wanted:
                os.killpg(pid, wanted)
                wanted = None
            elif time.monotonic() > deadline:
                wanted = signal.SIGKILL
            time.sleep(0.01)

    def _tell(self, unit: Path, verb: str) -> int:
        pid = self._main_pid(unit)
        if verb == "is-active":
            self._out.write("active\n" if pid else "inactive\n")
        else:
            active = f"active (running)\n   Main PID: {pid}" if pid else "inactive (dead)"
            self._out.write(f"{unit.name}\n     Active: {active}\n")
        return 0 if pid else 3

    def _failed(self, unit: Path) -> int:
        self._err.write(
            f"Job for {unit.name} failed because the control process exited with error code.\n"
            f'See "systemctl status {unit.name}" and "journalctl -xeu {unit.name}" for details.\n'
        )
        return 1

    def _main_pid(self, unit: Path) -> int | None:
        try:
            pid, when = (self._root / "run" / f"{unit.stem}.pid").read_text().split()
        except (OSError, ValueError):
            return None
        return int(pid) if born(int(pid)) == when else None


def born(pid: int) -> str | None:
    """Tell when a process started, or nothing when it is gone: its number may be another's by now."""
    try:
        fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    except OSError:
        return None
    return None if fields[0] in "ZX" else fields[19]


def listens(address: str) -> bool:
    """Whether somebody accepts connections at *address*."""
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


if __name__ == "__main__":
    # systemd's services see nothing of the environment of whoever asks for their start.
    known = {name: os.environ[name] for name in PASSED_ON if name in os.environ}
    here = Systemd(Path(__file__).resolve().parent.parent, known, sys.stdout, sys.stderr)
    sys.exit(here.obey(sys.argv[1:]))
