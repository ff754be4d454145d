"""Whether nobody comes to blue any more, by what its load balancer counts."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from tasks.running.errors import TimedOut
from tasks.running.waiting import Missing, Wait

# Minutes without a request that prove it: figures come late, and a minute may be without any by chance.
SILENT = 3

# Seconds that clocks may be apart, and in which there is a request to anything that serves.
APART = 900.0

# Seconds in which blue falls silent once nobody is held there: what is in flight ends, and figures come late.
LATE = 900.0

# Seconds between two looks: there is a figure a minute.
PERIOD = 20.0

# Requests of each minute from one time to another, by its beginning.
Count = Callable[[datetime, datetime], Mapping[datetime, int]]


@dataclass(frozen=True)
class Silence:
    """How it is known that blue is silent.

    Args:
        name: Blue's.
        since: A time at which it was not silent yet: without a figure from then on there are none at all.
        count: Its requests.
        stays: Seconds for which a client may be held to blue by a cookie, whatever becomes of weights: one
            that has sent nothing for as long is held no more.
        within: Seconds to wait at most.
    """

    name: str
    since: datetime
    count: Count
    stays: float
    within: float

    @property
    def needed(self) -> float:
        """Seconds without a request that prove it."""
        return max(self.stays, SILENT * 60)


def wait_for_silence(silence: Silence, wait: Wait) -> None:
    """Return once nobody has come to blue for some minutes; or once that cannot be told, which is said.

    Raises:
        TimedOut: Somebody still does.
    """
    # By the clock that never goes back: whoever sets the other one makes no silence.
    began, start = wait.clock.wall(), wait.clock.now()
    cookies = ", as long as a cookie of it holds a client there" if silence.stays > SILENT * 60 else ""
    wait.log.say(f"{silence.name}: silent once it has had no request for {silence.needed:.0f} s{cookies}")

    def look() -> str | Missing:
        now = began + timedelta(seconds=wait.since(start))
        counts = silence.count(silence.since, now + timedelta(seconds=APART))
        if not counts:
            return _unknown(silence, wait.since(start))
        last = max(counts)
        quiet = (now - last).total_seconds() - 60
        if quiet >= silence.needed:
            return f"{silence.name}: silent since {last + timedelta(minutes=1):%H:%M} UTC"
        return Missing(f"{silence.name}: {counts[last]} requests in the minute of {last:%H:%M} UTC")

    try:
        wait.log.say(wait.until_done(look, pace=lambda _: PERIOD, within=silence.within))
    except TimedOut as late:
        advice = "Its access log says who still comes. Run this again to look again"
        raise TimedOut(late.what, advice) from None


def _unknown(silence: Silence, waited: float) -> str | Missing:
    if waited < silence.needed:
        return Missing(f"{silence.name}: CloudWatch has no figures of it yet")
    return (
        f"{silence.name}: CloudWatch has no figures of it, neither of before the switch, so whether it is "
        "silent cannot be told"
    )
