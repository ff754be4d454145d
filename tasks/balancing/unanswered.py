"""An order to which no answer came that can be read: AWS may have followed it, and is asked."""

from collections.abc import Callable

from tasks.aws.errors import AwsError
from tasks.balancing.lag import TOLD_AFTER
from tasks.running.errors import TimedOut
from tasks.running.waiting import Missing, Wait, closely


class NotFollowed(AwsError):
    """No answer came, and as far as AWS can tell by now nothing was done."""


def look_up(error: AwsError, words: str, followed: Callable[[], bool], wait: Wait) -> None:
    """Return once *followed* sees what was ordered.

    Args:
        error: Why there is no answer.
        words: What the order was to bring about, in words that a line begins with.

    Raises:
        NotFollowed: It does not, for as long as AWS may not tell of a change.
        AwsError: The same error, as AWS cannot be asked either.
    """
    wait.log.say(f"{words}: no answer to the order ({error.what}); looking whether it was followed")

    def look() -> bool | Missing:
        return followed() or Missing(f"{words}: not so far")

    try:
        wait.until_done(look, pace=closely, within=TOLD_AFTER)
    except TimedOut:
        raise NotFollowed(error.what, passing=True, advice=error.advice) from None
    except AwsError:
        raise error from None
    wait.log.say(f"{words}: the order was followed")
