"""Record sets written only over exactly what was read, and known to all name servers when that returns."""

from collections.abc import Callable, Sequence

from tasks.aws.record_sets import Overtaken, Records, RecordSet
from tasks.running.errors import TaskError
from tasks.running.waiting import Missing, Wait
from tasks.switching.moving import SomeoneElse
from tasks.switching.shares import Weights, same, words_of

# Seconds between two looks at a change, and in which it is known everywhere ("usually within 60 seconds").
PERIOD, WITHIN = 5.0, 600.0

# Times that somebody else may change something beside, such as a TTL, at the very moment.
TRIES = 3

# What is to be deleted and made, of what is there.
Changes = Callable[[Sequence[RecordSet], Weights], tuple[list[RecordSet], list[RecordSet]]]


class Exchanged:
    """A way by the records of a name: what is written is exchanged for what was read, in one batch.

    Args:
        told: Tells the weights of record sets.
        changes: Tells what leads by other weights.
    """

    heaviest = 255

    def __init__(
        self, records: Records, told: Callable[[Sequence[RecordSet]], Weights], changes: Changes, wait: Wait
    ) -> None:
        self.key = f"{records.zone.id}/{records.name}"
        self.title = records.name.rstrip(".")
        self._records = records
        self._told = told
        self._changes = changes
        self._wait = wait
        self._there: Sequence[RecordSet] = ()

    def stands(self) -> Weights:
        self._there = self._records.read()
        return self._told(self._there)

    def write(self, weights: Weights) -> None:
        """Have them lead by these weights, if they lead as ``stands`` has told.

        Raises:
            SomeoneElse: Somebody leads them elsewhere since then; nothing is written over that.
        """
        there = self._there or self._records.read()
        before = self._told(there)
        for again in range(1, TRIES + 1):
            away, wanted = self._changes(there, weights)
            if not away and not wanted:
                return
            try:
                change = self._records.exchange(away, wanted)
            except Overtaken as refused:
                there = self._records.read()
                now = self._told(there)
                if same(now, weights):
                    return
                if not same(now, before):
                    raise SomeoneElse(
                        f"{self.title} has {words_of(now)}, where it had {words_of(before)} a moment ago: "
                        "someone else changes it",
                        "Nothing was written over that. See who does, and run this again",
                    ) from None
                if again == TRIES:
                    raise TaskError(str(refused)) from None
                continue
            self._spread(change)
            return

    def _spread(self, change: str) -> None:
        def look() -> str | Missing:
            if self._records.in_sync(change):
                return f"{self.title}: known to all name servers"
            return Missing(f"{self.title}: not all name servers know of it yet")

        self._wait.log.say(self._wait.until_done(look, pace=lambda _: PERIOD, within=WITHIN))
