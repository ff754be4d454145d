"""How a task ends badly: each class is one promise to whoever reads the exit code."""

from collections.abc import Iterator
from contextlib import contextmanager


class TaskError(Exception):
    """Failed (exit 1): something may have changed; the line printed says what state was left.

    Args:
        what: What happened, in one sentence without a full stop.
        advice: What to do next, if it differs from what the task advises in its present state.

    Attributes:
        passing: Whether the same may well succeed a little later.
        begun: Whether any of what was to be done may have been done.
    """

    exit_code = 1
    passing = False
    begun = True

    def __init__(self, what: str, advice: str | None = None) -> None:
        super().__init__(what)
        self.what = what
        self.advice = advice


@contextmanager
def beforehand() -> Iterator[None]:
    """Have whatever goes wrong inside say that nothing was begun."""
    try:
        yield
    except TaskError as error:
        error.begun = False
        raise


class Refused(TaskError):
    """Refused (exit 2): a bad request, or the guard said no; raised before anything is changed."""

    exit_code = 2


class TimedOut(TaskError):
    """Timed out (exit 3): the change was requested, its effect was not seen."""

    exit_code = 3


class Cancelled(BaseException):
    """A signal asked the process to stop (exit 128 + signal number).

    A BaseException, as KeyboardInterrupt is, so that no library on the way swallows it.
    """

    def __init__(self, signal_number: int) -> None:
        super().__init__(signal_number)
        self.exit_code = 128 + signal_number
