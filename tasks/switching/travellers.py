"""Users on their way, as the traffic under way stands for them."""

from tasks.running.clock import Clock
from tasks.running.errors import Refused
from tasks.traffic.so_far import Ask, Fare

# Times as long as it takes to read the record, for which it is let alone then: a long one takes seconds, and
# the agent sends the traffic, too.
LET_ALONE = 4


class Travellers:
    """What the traffic under way says of users; where there is none, it says nothing."""

    def __init__(self, ask: Ask, clock: Clock) -> None:
        self._ask = ask
        self._clock = clock
        self._began: Fare | None = None
        self._step: Fare | None = None
        self._again = 0.0

    def begin(self) -> None:
        """Ask before anybody is led anywhere.

        Raises:
            Refused: It has failed already.
        """
        self._began = self._step = self._ask()
        if self._began and self._began.failed:
            raise Refused(f"the traffic under way has failed already ({self._began.failed})")

    def during(self) -> str | None:
        """Tell what is wrong by now, if it is time to ask; None if nothing is."""
        began = self._clock.now()
        if began < self._again:
            return None
        fare = self._ask()
        now = self._clock.now()
        self._again = now + LET_ALONE * (now - began)
        return _wrong(fare)

    def after(self, share: int) -> str | None:
        """Tell what is wrong at the end of a step; None if nothing is."""
        now, before = self._ask(), self._step
        self._step = now
        if now and before and now.sent == before.sent and not now.failed:
            return f"the traffic under way has recorded no request with {share}% on green"
        return _wrong(now)

    def lost(self) -> str:
        """Tell what users have lost since it began; empty if nobody knows."""
        now, began = self._ask(), self._began
        if not now or not began:
            return ""
        return f"users lost {now.lost - began.lost:,} of {now.sent - began.sent:,} requests"


def _wrong(fare: Fare | None) -> str | None:
    return f"the traffic under way fails ({fare.failed})" if fare and fare.failed else None
