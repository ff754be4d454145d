"""What waits in a rehearsal ends with the signal that asks for it."""

import signal
import threading
from collections.abc import Callable
from concurrent.futures import Future
from types import FrameType

import pytest

from gocd.rehearsal.kept import LOOK, stay
from gocd.rehearsal.traps.traps import come


class Asked(Exception):
    pass


def never() -> None:
    come(Future[None]())


@pytest.mark.parametrize("waiting", [stay, never])
def test_a_signal_that_arrives_in_any_thread_ends_it(waiting: Callable[[], None]) -> None:
    def heed(_: int, __: FrameType | None) -> None:
        raise Asked

    def arrive() -> None:
        signal.pthread_kill(threading.get_ident(), signal.SIGUSR1)

    before = signal.signal(signal.SIGUSR1, heed)
    try:
        threading.Timer(3 * LOOK, arrive).start()
        with pytest.raises(Asked):
            waiting()
    finally:
        signal.signal(signal.SIGUSR1, before)
