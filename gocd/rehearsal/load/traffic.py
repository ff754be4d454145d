"""Traffic at a fixed rate all the way through a rehearsal, from a process of its own.

By hand: ``python -m gocd.rehearsal.load.traffic http://127.0.0.1:8080/ --rate 400 --out traffic.jtl``
"""

from __future__ import annotations

import argparse
import asyncio
import os
import resource
import signal
import subprocess
import sys
import threading
from pathlib import Path
from types import TracebackType
from urllib.parse import SplitResult, urlsplit

from gocd.rehearsal.load.lateness import Lateness
from gocd.rehearsal.load.open_loop import Load, OpenLoop
from gocd.samples.jtl import JtlWriter
from gocd.samples.measurement import measure

READY = "ready"
SAY_EVERY_S = 0.5
START_UP_S = 5.0


class TrafficFailed(Exception):
    """There was no traffic, or not all the way through: a measurement of it would prove nothing."""


class Traffic:
    """Traffic from here to the end of the ``with`` block.

    Args:
        url: Where to, ``http://host:port/path``.
        rate: Requests per second, whatever the answers.
        jtl: The result file, written anew.
        timeout_s: Seconds until a request without an answer is lost.
        new_connections: A connection of its own for each request, instead of a pool of kept ones.
        clients: So many that keep a connection each, instead, and take turns.
        blind: Whether these use it without a look whether it was closed meanwhile.
    """

    def __init__(
        self,
        url: str,
        rate: float,
        jtl: Path,
        *,
        timeout_s: float = 10.0,
        new_connections: bool = False,
        clients: int = 0,
        blind: bool = False,
    ) -> None:
        self._url = url
        self._jtl = jtl.resolve()
        self._timeout_s = timeout_s
        self._command = [sys.executable, "-m", __name__, url, "--rate", str(rate), "--out", str(self._jtl)]
        self._command += ["--timeout", str(timeout_s)]
        if new_connections:
            self._command += ["--new-connections"]
        if clients:
            self._command += ["--clients", str(clients)]
        if blind:
            self._command += ["--blind"]
        self._flowing_or_over = threading.Event()
        self._flows = False
        self._sent, self._lost = 0, 0
        self.lateness = Lateness(1000 / rate)

    def __enter__(self) -> Traffic:
        # -m looks first where it is started: that must hold this package, wherever the caller is.
        home = Path(__file__).parents[3]
        self._process = subprocess.Popen(
            self._command, cwd=home, stdout=subprocess.PIPE, text=True, start_new_session=True
        )
        self._listener = threading.Thread(target=self._listen, daemon=True)
        self._listener.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None
    ) -> None:
        self._end()
        if error is None:
            self._check()

    def wait_until_flowing(self, timeout: float = 10.0) -> None:
        """Return once a request has succeeded.

        Raises:
            TrafficFailed: none did in *timeout* seconds.
        """
        self._flowing_or_over.wait(timeout)
        if not self._flows:
            self._end()
            kinds = measure(self._jtl).lost_by_kind if self._jtl.exists() else {}
            why = f" ({', '.join(kinds)})" if kinds else ""
            raise TrafficFailed(f"no request to {self._url} succeeded{why}")

    def progress(self) -> tuple[int, int]:
        """Return how many requests were sent and how many lost, as of half a second ago or less."""
        return self._sent, self._lost

    def stop(self) -> None:
        """Send no more, wait for the answers in flight, and leave a complete result file; again does nothing.

        Raises:
            TrafficFailed: the traffic had ended by itself, or did not end.
        """
        self._end()
        self._check()

    def _end(self) -> None:
        self._process.terminate()
        try:
            self._process.wait(self._timeout_s + START_UP_S)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        self._listener.join()

    def _check(self) -> None:
        if self._process.returncode != 0:
            raise TrafficFailed(
                f"the traffic to {self._url} broke off (exit status {self._process.returncode}); "
                f"what it wrote until then is in {self._jtl}"
            )

    def _listen(self) -> None:
        assert self._process.stdout is not None
        with self._process.stdout as lines:
            for line in lines:
                if line.strip() == READY:
                    self._flows = True
                    self._flowing_or_over.set()
                else:
                    _, sent, _, lost, _, late, late_ms = line.split()
                    self._sent, self._lost = int(sent), int(lost)
                    self.lateness = Lateness(self.lateness.share_ms, int(late), float(late_ms))
        self._flowing_or_over.set()


async def send(load: Load, out: Path) -> None:
    """Send *load* and record it in *out* until SIGTERM, SIGINT or the end of the parent process."""
    told_to_stop = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, told_to_stop.set)
    parent = os.getppid()
    with JtlWriter(out) as jtl:
        traffic = OpenLoop(load, jtl, first_success=lambda: _say(READY))
        traffic.start()
        while not told_to_stop.is_set() and os.getppid() == parent and _say_progress(traffic):
            try:
                await asyncio.wait_for(told_to_stop.wait(), SAY_EVERY_S)
            except asyncio.TimeoutError:
                jtl.flush()
        await traffic.finish()
    _say_progress(traffic)


def _say_progress(traffic: OpenLoop) -> bool:
    late = traffic.lateness
    return _say(f"sent {traffic.sent} lost {traffic.lost} late {late.requests} {late.late_ms:.3f}")


def _say(line: str) -> bool:
    """Return whether anyone still listens; written without a buffer, so that nothing fails at exit."""
    try:
        os.write(sys.stdout.fileno(), f"{line}\n".encode())
    except BrokenPipeError:
        return False
    return True


def _http(text: str) -> SplitResult:
    url = urlsplit(text)
    if url.scheme != "http" or not url.hostname:
        raise argparse.ArgumentTypeError(f"{text} is not an http:// address")
    return url


def _above_zero(text: str) -> float:
    number = float(text)
    if not 0 < number < float("inf"):
        raise argparse.ArgumentTypeError(f"{text} is not above 0")
    return number


def main() -> None:
    """Send traffic as the command line says."""
    command = argparse.ArgumentParser(prog="python -m gocd.rehearsal.load.traffic", description=__doc__)
    command.add_argument("url", type=_http)
    command.add_argument("--rate", type=_above_zero, default=400.0, help="requests per second")
    command.add_argument("--out", type=Path, required=True, help="the result file (JTL)")
    command.add_argument("--path", help="instead of the path in the URL")
    command.add_argument("--timeout", type=_above_zero, default=10.0, help="seconds")
    command.add_argument("--new-connections", action="store_true", help="one connection per request")
    command.add_argument("--clients", type=int, default=0, help="connections that are kept, in turns")
    command.add_argument("--blind", action="store_true", help="use kept connections without a look at them")
    chosen = command.parse_args()
    url = chosen.url
    if chosen.path:
        path = urlsplit(chosen.path)
        url = url._replace(path=path.path, query=path.query)
    # A stalled service is met with a new connection per request: a second's worth of them, and then some.
    _, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))
    chosen.out.parent.mkdir(parents=True, exist_ok=True)
    load = Load(url, chosen.rate, chosen.timeout, chosen.new_connections, chosen.clients, chosen.blind)
    asyncio.run(send(load, chosen.out))


if __name__ == "__main__":
    main()
