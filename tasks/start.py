"""Where the program begins, with little: who cancels it while the rest is read gets words as well."""

import os
import signal
from types import FrameType
from typing import NoReturn


def main() -> NoReturn:
    """Run the command line as a process of its own."""
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, _cancelled)
    # Reading it takes a tenth of a second.
    from tasks.cli import main as go_on  # noqa: PLC0415

    go_on()


def _cancelled(number: int, _: FrameType | None) -> None:
    os.write(2, b"error: cancelled; nothing was changed\n")
    os._exit(128 + number)
