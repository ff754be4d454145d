"""Record sets written only over exactly what was read, and known to all name servers when that returns."""

from collections.abc import Callable, Sequence

from tasks.aws.record_sets import Overtaken, Records, RecordSet
from tasks.aws.zone_history import last_by_others
from tasks.running.errors import TaskError, TimedOut
from tasks.running.waiting import Missing, Wait
from tasks.switching.by_name.differing import differing
from tasks.switching.moving import SomeoneElse, Unseen
from tasks.switching.shares import Weights, same, words_of

# Seconds between two looks at a change, and in which it is known everywhere ("usually within 60 seconds").
PERIOD, WITHIN, SPREAD = 5.0, 600.0, 60.0

# Seconds in which Route 53 may be busy with other requests for the zone (ChangeResourceRecordSets,
# PriorRequestNotComplete: to be waited out, each time for longer) or throttle.
BUSY = 300.0

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
    # Who was told of green goes there for as long as the answer is kept.
    lets_go = False

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
            Unseen: Not all name servers get to know of it.
        """
        self._there = self._there or self._records.read()
        before = self._told(self._there)
        # Whatever became of a request without an answer: the next one is refused if it went through.
        change = self._wait.until_done(
            lambda: self._exchanged(weights, before), pace=lambda elapsed: max(PERIOD, elapsed), within=BUSY
        )
        if change:
            self._spread(change, weights)
        elif change is None:
            self._wait.rest(SPREAD, f"{self.title}: leads so already; name servers get to know of it")

    def _exchanged(self, weights: Weights, before: Weights) -> str | None:
        """Return the change's id; empty if there was nothing to change, None if it has been made already."""
        for _ in range(TRIES):
            away, wanted = self._changes(self._there, weights)
            if not away and not wanted:
                return ""
            try:
                return self._records.exchange(away, wanted)
            except Overtaken as refused:
                was, self._there = self._there, self._records.read()
                now = self._told(self._there)
                if same(now, weights):
                    return None
                if not same(now, before):
                    raise self._overtaken(now, before) from None
                if not (what := differing(was, self._there)):
                    raise TaskError(str(refused)) from None
                self._wait.log.say(f"{self.title}: {what} meanwhile, by someone else, and is kept so")
        raise TaskError(f"{self.title}: someone else changes it all the time")

    def _overtaken(self, now: Weights, before: Weights) -> SomeoneElse:
        who = last_by_others(self._records)
        return SomeoneElse(
            f"{self.title} has {words_of(now)}, where it had {words_of(before)} a moment ago: "
            f"someone else changes it{f', last {who}' if who else ''}",
            "Nothing was written over that. See who does, and run this again",
        )

    def _spread(self, change: str, weights: Weights) -> None:
        def look() -> str | Missing:
            if self._records.in_sync(change):
                return f"{self.title}: known to all name servers"
            return Missing(f"{self.title}: not all name servers know of it yet")

        log = self._wait.log
        try:
            log.say(self._wait.until_done(look, pace=lambda _: PERIOD, within=WITHIN))
        except TimedOut as late:
            log.stands(
                f"{self.title} is to have {words_of(weights)}, and name servers still answer otherwise",
                "Run this again to go on, or with --back to go back",
            )
            raise Unseen(late.what) from None
