"""Whether nobody comes to blue any more: by what its load balancer counts, else by its hosts' connections."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from tasks.aws.errors import Denied
from tasks.hosts.idleness import Idleness
from tasks.running.errors import TimedOut
from tasks.running.waiting import Missing, Wait
from tasks.switching.held_open import tell_held
from tasks.switching.watch import Evidence, NotWell

# Minutes without a request that prove it: figures come late, and a minute may be without any by chance.
SILENT = 3

# Seconds without a connection that prove it: a client may be about to open the next one.
UNCONNECTED = 60.0

# Seconds that clocks may be apart, and in which there is a request to anything that serves.
APART = 900.0

# Seconds in which blue falls silent once nobody is held there: what is in flight ends, and figures come late.
LATE = 900.0

# Seconds between two looks: there is a figure a minute.
PERIOD = 20.0

# Requests of each minute from one time to another, by its beginning.
Count = Callable[[datetime, datetime], Mapping[datetime, int]]


@dataclass(frozen=True)
class Patience:
    """How long blue is waited for.

    Args:
        timeout: Seconds at most; None for as long as it may take.
        unproved: Whether it is enough that nothing tells whether it is silent.
    """

    timeout: float | None = None
    unproved: bool = False

    def within(self, usual: float) -> float:
        return usual if self.timeout is None else self.timeout


@dataclass(frozen=True)
class Silence:
    """How it is known that blue is silent.

    Args:
        name: Blue's.
        since: A time at which it was not silent yet: without a figure from then on there are none at all.
        count: Its requests; None if nothing counts those.
        connected: Its hosts' connections, asked where nothing was counted.
        stays: Seconds for which a client may be held to blue by a cookie, whatever becomes of weights: one
            that has sent nothing for as long is held no more.
        within: Seconds to wait at most.
        unproved: Whether to end where neither tells anything.
    """

    name: str
    since: datetime
    count: Count | None
    connected: Callable[[], Idleness]
    stays: float
    within: float
    unproved: bool = False

    @property
    def needed(self) -> float:
        """Seconds without a request that prove it."""
        return max(self.stays, SILENT * 60)


def wait_for_silence(silence: Silence, hurt: Evidence, wait: Wait) -> None:
    """Return once nobody has come to blue for some minutes.

    Args:
        hurt: Tells what is wrong with users meanwhile.

    Raises:
        NotWell: Something is: whether users are led back is for people to say, as all steps were well.
        TimedOut: Somebody still does, or nothing tells whether anybody does.
    """
    # By the clock that never goes back: whoever sets the other one makes no silence.
    began, start = wait.clock.wall(), wait.clock.now()
    hosts = _Hosts(silence, wait)
    if silence.count:
        cookies = ", as long as a cookie of it holds a client there" if silence.stays > SILENT * 60 else ""
        wait.log.say(f"{silence.name}: silent once it has had no request for {silence.needed:.0f} s{cookies}")

    def look() -> str | Missing:
        if wrong := hurt():
            raise NotWell(wrong)
        now = began + timedelta(seconds=wait.since(start))
        try:
            counts = silence.count(silence.since, now + timedelta(seconds=APART)) if silence.count else {}
        except Denied as denied:
            return hosts.look(denied.what)
        if not counts and silence.count and wait.since(start) < SILENT * 60:
            return Missing(f"{silence.name}: CloudWatch has no figures of it yet")
        if not counts:
            return hosts.look("CloudWatch has no figures of it, neither of before the switch")
        last = max(counts)
        quiet = (now - last).total_seconds() - 60
        if quiet >= silence.needed:
            return f"{silence.name}: no request since {last + timedelta(minutes=1):%H:%M} UTC"
        return Missing(f"{silence.name}: {counts[last]} requests in the minute of {last:%H:%M} UTC")

    try:
        wait.log.say(wait.until_done(look, pace=lambda _: PERIOD, within=silence.within))
        if not hosts.asked:
            then = f"they stay until they end, or until {silence.name} is deregistered"
            tell_held(silence.name, silence.connected(), then, wait)
    except TimedOut as late:
        advice = late.advice or "Its access log says who still comes. Run this again to look again"
        raise TimedOut(late.what, advice) from None


class _Hosts:
    """Blue's hosts, looked at again and again."""

    def __init__(self, silence: Silence, wait: Wait) -> None:
        self._silence = silence
        self._wait = wait
        self._since: float | None = None
        self.asked = False

    def look(self, uncounted: str) -> str | Missing:
        """Look once, where *uncounted* is why nothing else tells."""
        name, seen, self.asked = self._silence.name, self._silence.connected(), True
        if seen.connections is None:
            words = f"whether {name} is silent cannot be told: {uncounted}; {seen.why}"
            if self._silence.unproved:
                return f"{name}: {words}"
            raise TimedOut(words, "See who still comes to its hosts; --unproved ends this without knowing")
        if seen.connections:
            self._since = None
            return Missing(f"{name}: {seen.connections} connections open on its hosts")
        now = self._wait.clock.now()
        self._since = now if self._since is None else self._since
        if now - self._since >= max(self._silence.stays, UNCONNECTED):
            return f"{name}: silent, as its hosts have had no connection for {now - self._since:.0f} s"
        return Missing(f"{name}: no connection open on its hosts")
