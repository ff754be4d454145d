"""The rows of a CSV record that are parts of a request: redirects, embedded files, added results."""

from __future__ import annotations

import re

# JMeter's clocks of two samples of one thread differ by as much, in ms.
APART = 1
# A thread that has not been heard of for this many others is forgotten.
MOST_THREADS = 10_000
_DIGITS = frozenset("0123456789")
_NUMBERED = re.compile(r"(-[0-9]+)+")
_URL = ("http://", "https://")


class Parts:
    """Knows the parts of requests among the rows, in which JMeter writes them behind their request.

    The thread of a request does nothing else while it lasts; so a row is a part of the one before it in its
    thread if it began before that ended, and has the name that JMeter gives to parts: that of the request and
    a number from 0 on, or an address if it was told to rename nothing. Where rows name no thread, it also
    ends with its request, and follows it at once. In any doubt it is a request of its own.

    Attributes:
        tells_transactions: Whether the record tells which rows are transactions. If so, a script may have
            renamed a request without its parts; else a row may be a transaction with its requests.

    Source: JMeter's CSVSaveService.java (saveSubResults), SampleResult.java (storeSubResult)
    """

    def __init__(self) -> None:
        self.tells_transactions = True
        self._latest: dict[str, _Whole] = {}
        self._before: _Whole | None = None

    def interrupted(self) -> None:
        """Take note of a row that is neither a request nor a part of one."""
        self._before = None

    def has(self, label: str, thread: str, due_ms: int, ended_ms: int, lost: bool) -> bool:
        """Return whether the next row is a part; it is remembered as a request if it is not."""
        # Only names of these kinds are worth a closer look.
        like_a_part = label[-1:] in _DIGITS or label.startswith(_URL) or not label
        if like_a_part and self._is_known(label, thread, due_ms, ended_ms, lost):
            return True
        self._before = whole = _Whole(label, due_ms, ended_ms, lost)
        if thread:
            self._latest[thread] = whole
            if len(self._latest) > MOST_THREADS:
                del self._latest[next(iter(self._latest))]
        return False

    def _is_known(self, label: str, thread: str, due_ms: int, ended_ms: int, lost: bool) -> bool:
        whole = self._latest.get(thread) if thread else None
        if whole:
            return whole.holds(label, due_ms, ended_ms, lost, renamed=self.tells_transactions)
        before = self._before
        # Parts of parts may have the name of a helper's thread, behind one that has the right one.
        if before is None or (thread and not before.has_parts):
            return False
        return before.surely_holds(label, due_ms, ended_ms)


class _Whole:
    __slots__ = ("_ended_ms", "_label", "_lost", "_named", "_start_ms")

    def __init__(self, label: str, start_ms: int, ended_ms: int, lost: bool) -> None:
        self._label = label
        self._start_ms = start_ms
        self._ended_ms = ended_ms
        self._lost = lost
        # What stands before the numbers of its parts; the request itself may have been renamed since.
        self._named: str | None = None

    @property
    def has_parts(self) -> bool:
        return self._named is not None

    def holds(self, label: str, due_ms: int, ended_ms: int, lost: bool, *, renamed: bool) -> bool:
        """Return whether a row of the same thread is a part."""
        if not self._start_ms - APART <= due_ms <= self._ended_ms or ended_ms > self._ended_ms + APART:
            return False
        # What began when this ended may have come after it, unless it took no time.
        if due_ms == self._ended_ms and (ended_ms > due_ms or lost):
            return False
        first = label.endswith("-0") and not label.startswith(_URL)
        if self._named is None and first and (renamed or label[:-2] == self._label):
            self._named = label[:-2]
        if self._named is not None and label.startswith(self._named):
            return _NUMBERED.fullmatch(label, len(self._named)) is not None
        unnamed = label.startswith(_URL) or not label
        return unnamed and label.removeprefix(self._label) == label and (self._lost or not lost)

    def surely_holds(self, label: str, due_ms: int, ended_ms: int) -> bool:
        """Return whether a row is a part, whose thread is not known."""
        if not (self._start_ms <= due_ms and ended_ms <= self._ended_ms and self._label):
            return False
        numbered = label.startswith(self._label) and _NUMBERED.fullmatch(label, len(self._label))
        if not numbered or (self._named is None and not label.endswith("-0")):
            return False
        self._named = self._label
        return True
