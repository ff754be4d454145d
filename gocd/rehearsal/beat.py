"""Doing something again and again beside the main work."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager


@contextmanager
def beat(every: float, act: Callable[[], None]) -> Iterator[None]:
    """Call *act* every so many seconds, in a thread, to the end of the ``with`` block."""
    over = threading.Event()

    def go_on() -> None:
        while not over.wait(every):
            act()

    thread = threading.Thread(target=go_on, daemon=True)
    thread.start()
    try:
        yield
    finally:
        over.set()
        thread.join()
