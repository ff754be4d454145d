"""The sample service as a real process from an unpacked release, for tests that need something to talk to."""

from __future__ import annotations

import signal
import subprocess
import sys
import tarfile
import threading
import time
from collections.abc import Callable
from pathlib import Path
from types import TracebackType

from gocd.rehearsal.sample.release import build_release


def unpacked(version: str, folder: Path, broken: str | None = None) -> Path:
    release = folder / f"release-{version}"
    with tarfile.open(build_release(version, folder, broken=broken)) as archive:
        archive.extractall(release)
    return release


def eventually(condition: Callable[[], bool], within: float = 30.0) -> bool:
    deadline = time.monotonic() + within
    while not condition():
        if time.monotonic() > deadline:
            return False
        pause(0.01)
    return True


def pause(seconds: float) -> None:
    threading.Event().wait(seconds)


class Running:
    """The service of a release folder, listening from the moment it is made."""

    def __init__(self, release: Path, port: int = 0, *options: str) -> None:
        at = ["--host", "127.0.0.1", "--port", str(port)]
        self.process = subprocess.Popen(
            [sys.executable, str(release / "service.py"), *at, *options],
            stdout=subprocess.PIPE,
            text=True,
        )
        assert self.process.stdout is not None
        self.first_line = self.process.stdout.readline().strip()
        self.port = int(self.first_line.rpartition(":")[2])
        self.url = f"http://127.0.0.1:{self.port}/"

    def stop(self) -> int:
        self.process.send_signal(signal.SIGTERM)
        return self.process.wait(timeout=35)

    def __enter__(self) -> Running:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None
    ) -> None:
        self.process.kill()
        self.process.communicate()
