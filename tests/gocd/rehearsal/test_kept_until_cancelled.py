"""A rehearsal that is kept ends with the signal that asks for it."""

import signal
import threading
from types import FrameType

import pytest

from gocd.rehearsal.kept import LOOK, stay


class Asked(Exception):
    pass


def test_a_signal_that_arrives_in_any_thread_ends_it() -> None:
    def heed(_: int, __: FrameType | None) -> None:
        raise Asked

    def arrive() -> None:
        signal.pthread_kill(threading.get_ident(), signal.SIGUSR1)

    before = signal.signal(signal.SIGUSR1, heed)
    try:
        threading.Timer(3 * LOOK, arrive).start()
        with pytest.raises(Asked):
            stay()
    finally:
        signal.signal(signal.SIGUSR1, before)
