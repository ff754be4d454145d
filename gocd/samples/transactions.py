"""Transactions, which JMeter writes among the requests that they are made of."""

from __future__ import annotations

import re
from collections import deque
from collections.abc import Sequence
from itertools import pairwise

from gocd.numbers import whole
from gocd.samples.outcome import LATEST, Outcome, duration_ms
from gocd.samples.parts import APART, MOST_THREADS

_TRANSACTION = "Number of samples in transaction"
_COUNTS = re.compile(_TRANSACTION + r" : ([0-9]{1,9})(?:, number of failing samples : ([0-9]{1,9}))?")
# Rows remembered in all, and of one thread: a transaction of more requests is not looked through.
MOST_ROWS, MOST_OF_A_THREAD, LEAST_OF_A_THREAD = 30_000, 5000, 16
# Transactions of one thread that wait for their requests at the same time.
_MOST_WAITING = 100


class Transactions:
    """Tells transactions that repeat requests of the record from those that stand for them alone.

    A transaction is left out, which means counted by its label only, if as many requests as it names are
    recorded within its time (in its thread, where rows name one), and as many lost ones; so far as JMeter's
    dashboard does it, which leaves every transaction out of its total. One whose requests were not recorded,
    or that failed by itself, counts: its failure would be missed otherwise. In any doubt it counts. One
    without requests is no sample at all.

    JMeter writes the requests before the transaction, or, with ``generate parent sample``, behind it as its
    sub-results (within it in XML), or not at all.

    Source: JMeter's TransactionController.java, TransactionSampler.java, Sample.java (report)
    """

    def __init__(self) -> None:
        self._threads: dict[str, _Thread] = {}

    @staticmethod
    def is_one(message: str) -> bool:
        return message.startswith(_TRANSACTION)

    def told(
        self,
        outcome: Outcome,
        message: str,
        thread: str,
        idle: str = "",
        size: str = "",
        within: tuple[int, int] | None = None,
    ) -> Sequence[Outcome]:
        """Take the next row, and return the outcomes that are certain by now.

        Args:
            message: Its response message.
            thread: The thread it ran in; empty if that is not known.
            idle: The ms that its elapsed time leaves out; empty if that is not known.
            size: Its bytes, which of a transaction are those of its requests; empty if that is not known.
            within: The samples within it, and how many of them were lost, in a record that nests them.
        """
        of = self._threads.get(thread)
        forgotten: Sequence[Outcome] = ()
        if of is None:
            of = self._threads[thread] = _Thread(known=bool(thread))
            if len(self._threads) > MOST_THREADS:
                forgotten = self._threads.pop(next(iter(self._threads))).rest()
        if of.waiting:
            forgotten = [*forgotten, *of.settle(outcome, size)]
        counts = _COUNTS.match(message) if message.startswith(_TRANSACTION) else None
        if counts is None:
            of.record(outcome, size, MOST_ROWS // len(self._threads))
            return (*forgotten, outcome) if forgotten else (outcome,)
        found = _Transaction(outcome, counts, idle, size)
        if not found.named and not outcome.lost_to:
            return forgotten
        if within is not None and found.has(*within):
            repeats = True
        else:
            repeats = of.recorded_before(found)
            if repeats:
                return (*forgotten, outcome._replace(repeats=True))
        # A transaction around this one names it as one of its own.
        of.record(outcome, size, MOST_ROWS // len(self._threads))
        if repeats:
            return (*forgotten, outcome._replace(repeats=True))
        if within is not None or found.fails_by_itself:
            return (*forgotten, outcome)
        return (*forgotten, *of.wait_for(found))

    def rest(self) -> Sequence[Outcome]:
        """Return what still waited for its requests when the record ended."""
        return [outcome for of in self._threads.values() for outcome in of.rest()]


class _Recorded:
    __slots__ = ("claimed", "lost", "outcome", "size")

    def __init__(self, outcome: Outcome, size: str) -> None:
        self.outcome = outcome
        self.lost = outcome.lost_to != ""
        self.size = size
        self.claimed = False

    @property
    def due_ms(self) -> int:
        return self.outcome.due_ms

    @property
    def ended_ms(self) -> int:
        return self.outcome.due_ms + self.outcome.elapsed_ms


class _Transaction:
    def __init__(self, outcome: Outcome, counts: re.Match[str], idle: str, size: str) -> None:
        self.outcome = outcome
        self.lost = bool(outcome.lost_to)
        self.named = int(counts[1])
        self.failing = int(counts[2]) if counts[2] else int(self.lost)
        self.fails_by_itself = self.lost and not self.failing
        self.size = whole(size)
        idle_ms = duration_ms(idle)
        self.start_ms = outcome.due_ms
        self.idle_known = idle_ms is not None
        self.ended_ms = outcome.due_ms + outcome.elapsed_ms + (idle_ms or 0)
        # The rows behind it that are its requests, and whether they are nobody else's.
        self.follow: list[_Recorded] = []
        self.surely_follow = False

    def has(self, found: int, failed: int) -> bool:
        return found >= self.named and failed >= self.failing and not self.fails_by_itself

    def is_sum_of(self, rows: Sequence[_Recorded]) -> bool:
        """Return whether *rows* are together as long, and as large."""
        if sum(row.outcome.elapsed_ms for row in rows) != self.outcome.elapsed_ms:
            return False
        sizes = [size for row in rows if (size := whole(row.size)) is not None]
        return not self.size or len(sizes) < len(rows) or sum(sizes) == self.size

    def may_have(self, row: _Recorded) -> bool:
        """Return whether *row* with those before it is not longer than all requests together."""
        return sum(each.outcome.elapsed_ms for each in (*self.follow, row)) <= self.outcome.elapsed_ms

    def fills(self, rows: Sequence[_Recorded]) -> bool:
        """Return whether *rows*, in the order of time, are one after the other all of its time."""
        if any(after.due_ms < before.ended_ms for before, after in pairwise(rows)):
            return False
        whole = (
            rows[0].due_ms - self.start_ms <= APART * 2
            and abs(self.ended_ms - rows[-1].ended_ms) <= APART * 2
        )
        return whole or self.is_sum_of(rows)


class _Thread:
    """What is remembered of a thread, or of all rows without one."""

    __slots__ = ("_known", "_rows", "waiting")

    def __init__(self, *, known: bool) -> None:
        self._known = known
        self._rows: deque[_Recorded] = deque()
        self.waiting: list[_Transaction] = []

    def record(self, outcome: Outcome, size: str, most: int) -> None:
        rows = self._rows
        rows.append(_Recorded(outcome, size))
        if len(rows) > LEAST_OF_A_THREAD:
            while len(rows) > min(most, MOST_OF_A_THREAD):
                rows.popleft()

    def recorded_before(self, found: _Transaction) -> bool:
        """Return whether the rows until now are the requests that *found* names."""
        if found.fails_by_itself or not found.named:
            return False
        since: list[_Recorded] = []
        for row in reversed(self._rows):
            if row.ended_ms < found.start_ms:
                break
            if self._belongs(row, found):
                since.append(row)
        since.sort(key=lambda row: row.due_ms)
        # What took no time when the transaction began may have come before it.
        own = [row for row in since if row.ended_ms > found.start_ms]
        if self._enough(found, own):
            return True
        last = since[-found.named :]
        if len(last) == found.named and sum(row.lost for row in last) >= found.failing:
            if len(own) < found.named and found.is_sum_of(last):
                return True
            return not self._known and len(since) == found.named and found.fills(since)
        return False

    def _belongs(self, row: _Recorded, found: _Transaction) -> bool:
        if self._known:
            return row.due_ms >= found.start_ms - APART
        return row.due_ms >= found.start_ms and not (found.idle_known and row.ended_ms > found.ended_ms)

    def _enough(self, found: _Transaction, rows: Sequence[_Recorded]) -> bool:
        if self._known:
            return found.has(len(rows), sum(row.lost for row in rows))
        # They may be of any thread, but each is in one transaction: the earliest are of use to fewest.
        free = [row for row in rows if not row.claimed]
        lost = [row for row in free if row.lost][: found.failing]
        succeeded = [row for row in free if not row.lost][: max(0, found.named - found.failing)]
        if not found.has(len(lost) + len(succeeded), len(lost)):
            return False
        for row in (*lost, *succeeded):
            row.claimed = True
        return True

    def wait_for(self, found: _Transaction) -> Sequence[Outcome]:
        self.waiting.append(found)
        return [self.waiting.pop(0).outcome] if len(self.waiting) > _MOST_WAITING else ()

    def settle(self, outcome: Outcome, size: str) -> Sequence[Outcome]:
        """Take a row for what it is to the transactions that wait, and return those that do no more."""
        settled = []
        row = _Recorded(outcome, size)
        for each in list(self.waiting):
            if self._is_within(each, row):
                each.follow.append(row)
                if each.has(len(each.follow), sum(row.lost for row in each.follow)) and (
                    each.surely_follow or each.is_sum_of(each.follow)
                ):
                    settled.append(each.outcome._replace(repeats=True))
                    self.waiting.remove(each)
            elif outcome.due_ms >= each.ended_ms:
                settled.append(each.outcome)
                self.waiting.remove(each)
        return settled

    def _is_within(self, found: _Transaction, row: _Recorded) -> bool:
        if not self._known:
            found.surely_follow = True
            return found.start_ms <= row.due_ms and row.ended_ms <= found.ended_ms
        if row.due_ms < found.start_ms - APART:
            return False
        if row.due_ms < found.ended_ms:
            # Its thread does nothing else now until all of them were there.
            found.surely_follow, found.ended_ms = True, LATEST
            return True
        # When it ended is not certain to 1 ms, and not at all where nobody knows for how long it paused.
        near = not found.idle_known or row.due_ms == row.ended_ms == found.ended_ms
        return near and len(found.follow) < found.named and found.may_have(row)

    def rest(self) -> Sequence[Outcome]:
        return [each.outcome for each in self.waiting]
