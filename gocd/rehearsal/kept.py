"""What stays of a rehearsal that has ended, until somebody ends it."""

import time
from typing import NoReturn

# Seconds; a signal is handled no later.
LOOK = 0.1


def stay() -> NoReturn:
    """Wait for a signal whose handler raises, in whichever thread it arrives.

    Python runs a handler in the main thread alone, which ``signal.pause`` keeps asleep while another thread
    has the signal.
    Source: Python's module signal, "Signals and threads"
    """
    while True:
        time.sleep(LOOK)
