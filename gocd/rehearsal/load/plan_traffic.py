"""Traffic from a JMeter plan of the site's own, all the way through a rehearsal."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Mapping
from pathlib import Path
from types import TracebackType
from urllib.parse import urlsplit

from gocd.rehearsal.load.lateness import Lateness
from gocd.rehearsal.load.traffic import TrafficFailed

# Seconds: longer than any rehearsal, and than JMeter needs to start and to end.
DURATION, PATIENCE = 86_400, 60.0


class PlanTraffic:
    """The same to its caller as ``Traffic``, sent by JMeter through ``gocd-tasks verify-traffic``.

    Args:
        url: Where to; the plan's properties ``host``, ``port`` and ``path``.
        rate: Requests per second, the plan's property ``rate``.
        plan: The site's plan; it must read ``duration`` and ``rate``.
        jtl: Where the results are left.
        variables: Added to JMeter's environment.
    """

    def __init__(self, url: str, rate: float, plan: Path, jtl: Path, variables: Mapping[str, str]) -> None:
        # JMeter does not tell how late it is; what it measures counts from when it really began.
        self.lateness = Lateness(1000 / rate)
        to = urlsplit(url)
        self._jtl = jtl
        self._variables = variables
        self._out = jtl.with_suffix("")
        self._results = self._out / "results.jtl"
        self._words = [
            str(Path(sys.executable).with_name("gocd-tasks")),
            *("verify-traffic", str(plan), "--out", str(self._out)),
            *("--property", f"host={to.hostname}", "--property", f"port={to.port}"),
            *("--property", f"path={to.path or '/'}"),
            *("--rate", f"{rate:.15g}", "--duration", str(DURATION)),
        ]

    def __enter__(self) -> PlanTraffic:
        self._process = subprocess.Popen(
            self._words,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
            text=True,
            env={**os.environ, **self._variables},
            start_new_session=True,
        )
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None
    ) -> None:
        said = self._end()
        if error is None and self._process.returncode != 128 + signal.SIGTERM:
            raise TrafficFailed(f"the plan's traffic broke off: {said}")
        if self._results.exists():
            shutil.copy(self._results, self._jtl)

    def wait_until_flowing(self, timeout: float = PATIENCE) -> None:
        """Return once JMeter has recorded a sample.

        Raises:
            TrafficFailed: None in *timeout* seconds, or the plan was refused.
        """
        deadline = time.monotonic() + timeout
        while not (self._results.exists() and self._results.read_bytes().count(b"\n") > 1):
            if self._process.poll() is not None or time.monotonic() > deadline:
                raise TrafficFailed(f"the plan sends nothing: {self._end()}")
            time.sleep(0.1)

    def progress(self) -> tuple[int, int]:
        """JMeter tells what it sent only at the end."""
        return 0, 0

    def _end(self) -> str:
        """Stop it and return what it said last on stderr."""
        self._process.terminate()
        try:
            _, said = self._process.communicate(timeout=PATIENCE)
        except subprocess.TimeoutExpired:
            self._process.kill()
            _, said = self._process.communicate()
        return (said.strip().splitlines() or ["nothing"])[-1]
