"""The first order of several: if AWS refuses that one, nothing was changed."""

from collections.abc import Iterator
from contextlib import contextmanager

from tasks.aws.errors import AwsError
from tasks.running.errors import Refused, TaskError
from tasks.running.log import Log


@contextmanager
def unless_refused(log: Log, *, any_made: bool) -> Iterator[None]:
    """Say of an order that AWS refused that nothing was changed, unless something was made before it."""
    try:
        yield
    except TaskError as error:
        refused = isinstance(error, Refused) or (isinstance(error, AwsError) and error.refusal)
        if refused and not any_made:
            log.restored("nothing was changed")
        raise
