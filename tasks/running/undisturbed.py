"""What signals have to wait for."""

import signal
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager

# Lets signals do what they do again, those that have come meanwhile at once.
Heed = Callable[[], None]


@contextmanager
def undisturbed() -> Iterator[Heed]:
    """Have signals wait while something is begun: interrupted at that, it would be nobody's to end.

    Until the end of the block, or until what is yielded is called, from where whoever is interrupted can end
    it. Python runs its handlers in the main thread alone, so other threads are undisturbed in any case.
    """
    came: list[int] = []
    handled = {}
    if threading.current_thread() is threading.main_thread():
        handlers = {number: signal.getsignal(number) for number in signal.valid_signals()}
        handled = {number: handler for number, handler in handlers.items() if callable(handler)}

    def heed() -> None:
        while handled:
            signal.signal(*handled.popitem())
        while came:
            signal.raise_signal(came.pop(0))

    for number in handled:
        signal.signal(number, lambda number, _: came.append(number))
    try:
        yield heed
    finally:
        heed()
