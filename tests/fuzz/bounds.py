"""A reader at work, held to some seconds and some memory, and to a value or a refusal of its own."""

import resource
import signal
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, TypeVar

from hypothesis import Phase

Value = TypeVar("Value")

# Seconds of this process alone, so that no other one on the machine counts; and bytes on top of what it has.
SECONDS, MEMORY = 10.0, 1024**3

# All but the one that traces every line, and so makes every reader slow.
PHASES = (Phase.explicit, Phase.generate, Phase.shrink)


class Unbounded(Exception):
    """A reader took longer than anybody waits."""


def read(reader: Callable[[], Value], *refusals: type[Exception]) -> Value | None:
    """Return what *reader* returns; None if it refuses in words."""
    with _bounded():
        try:
            return reader()
        except refusals as refusal:
            words = str(refusal)
    assert words.strip(), "refused without a word"
    return None


@contextmanager
def file_with(content: bytes, name: str = "file") -> Iterator[Path]:
    """Write *content* to a file that goes with the ``with``."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / name
        path.write_bytes(content)
        yield path


@contextmanager
def _bounded() -> Iterator[None]:
    def stop(*_: Any) -> None:
        raise Unbounded(f"it took more than {SECONDS:.0f} s")

    before = signal.signal(signal.SIGVTALRM, stop)
    soft, hard = resource.getrlimit(resource.RLIMIT_AS)
    pages = int(Path("/proc/self/statm").read_text().split()[0])
    resource.setrlimit(resource.RLIMIT_AS, (pages * resource.getpagesize() + MEMORY, hard))
    signal.setitimer(signal.ITIMER_VIRTUAL, SECONDS)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_VIRTUAL, 0)
        resource.setrlimit(resource.RLIMIT_AS, (soft, hard))
        signal.signal(signal.SIGVTALRM, before)
