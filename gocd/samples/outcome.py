"""What a result file says of one request, and JMeter's own words for it."""

from __future__ import annotations

from typing import NamedTuple

from gocd.numbers import whole

# JMeter's own columns in its own order, and then ours.
COLUMNS = (
    *("timeStamp", "elapsed", "label", "responseCode", "responseMessage", "threadName", "dataType"),
    *("success", "failureMessage", "bytes", "sentBytes", "grpThreads", "allThreads"),
    *("URL", "Latency", "IdleTime", "Connect", "version"),
)
# ms since 1970, at the beginning of the year 3000: what is later is no time of a sample.
LATEST = 32_503_680_000_000
_TRANSACTION = "Number of samples in transaction"
_EMPTY = f"{_TRANSACTION} : 0"


class UnreadableJtl(ValueError):
    """The file is not a JTL, or a line of it is not a result; the message names both."""


class Outcome(NamedTuple):
    """What became of one request: times in ms since 1970; ``lost_to`` is empty if it succeeded.

    ``repeats`` marks a transaction whose requests the file tells of as well.
    """

    due_ms: int
    elapsed_ms: int
    lost_to: str
    version: str = ""
    label: str = ""
    repeats: bool = False


class Transactions:
    """Tells requests from transactions, which JMeter writes among them.

    A transaction without requests is no sample at all, and one that follows its requests would count them
    twice: so far as JMeter's dashboard does it. The dashboard leaves every transaction out of its total; here
    one whose requests were not recorded (``generate parent sample``) counts as the request it stands for, as
    its failure would be missed otherwise.

    Source: JMeter's Sample.java and StatisticsSummaryConsumer.java
    """

    def __init__(self) -> None:
        self._latest: dict[str, int] = {}

    @staticmethod
    def is_one(message: str) -> bool:
        return message.startswith(_TRANSACTION)

    def repeats(self, message: str, thread: str, due_ms: int) -> bool | None:
        """Return whether a sample repeats others; None if it stands for nothing.

        Args:
            message: Its response message.
            thread: The thread it ran in, where its requests ran just before.
            due_ms: When it began, ms since 1970.
        """
        if not self.is_one(message):
            self._latest[thread] = due_ms
            return False
        if message.startswith(_EMPTY):
            return None
        return self._latest.get(thread, -1) >= due_ms


def milliseconds(text: str) -> int | None:
    """Return a sample's time in ms, such as that since 1970; None if it is none that a calendar has."""
    found = whole(text)
    return None if found is None or found > LATEST else found
