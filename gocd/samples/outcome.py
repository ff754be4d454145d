"""What a result file says of one request, and JMeter's own words for it."""

from __future__ import annotations

import re
from datetime import datetime
from typing import NamedTuple

from gocd.numbers import whole
from gocd.samples.reasons import UNTOLD

# JMeter's own columns in its own order, and then ours.
COLUMNS = (
    *("timeStamp", "elapsed", "label", "responseCode", "responseMessage", "threadName", "dataType"),
    *("success", "failureMessage", "bytes", "sentBytes", "grpThreads", "allThreads"),
    *("URL", "Latency", "IdleTime", "Connect", "version"),
)
# ms since 1970: 1971, as all of 1970 is what seconds since then look like, and the year 3000.
EARLIEST, LATEST = 31_536_000_000, 32_503_680_000_000


class UnreadableJtl(ValueError):
    """The file is not a JTL, or a line of it is not a result; the message names both."""


class Outcome(NamedTuple):
    """What became of one request: times in ms since 1970; ``lost_to`` is empty if it succeeded.

    ``repeats`` marks a transaction whose requests the file tells of as well. ``samples`` is more than one
    where a load generator sent the sum of many: ``elapsed_ms`` is then their mean.
    """

    due_ms: int
    elapsed_ms: int
    lost_to: str
    version: str = ""
    label: str = ""
    repeats: bool = False
    samples: int = 1


def duration_ms(text: str) -> int | None:
    """Return how long a sample took; None if that is no number of ms."""
    found = whole(text)
    return None if found is None or found > LATEST else found


def broken_elapsed(text: str) -> str:
    """Return what is wrong with a time that JMeter took and did not know, or nothing.

    It writes 0 minus the start for a sample that was never ended, as when a thread was stopped within a
    transaction; such a sample is lost, and the others are as good as ever.
    """
    if not text:
        return "no elapsed time"
    return "negative elapsed time" if re.fullmatch(r"-[0-9]{1,19}", text) else ""


def moment_ms(text: str) -> int:
    """Return the ms since 1970 that a time stamp tells: in ms, or as a date in the zone of this machine.

    Raises:
        ValueError: It tells none; the message says why.
    """
    found = whole(text)
    if found is None and not text.isdecimal():
        try:
            found = round(datetime.fromisoformat(text.replace("/", "-")).timestamp() * 1000)
        except (ValueError, OverflowError):
            raise ValueError(
                "is neither in ms, as jmeter.save.saveservice.timestamp_format=ms makes it, nor a date "
                "such as 2026/01/31 12:00:00.000"
            ) from None
    if found is not None and 0 <= found < EARLIEST:
        raise ValueError("is in the year 1970: seconds, where ms are needed")
    if found is None or not EARLIEST <= found <= LATEST:
        raise ValueError("is no time in ms since 1970")
    return found


def samples_of(row: Outcome, sent: int, lost: int) -> list[Outcome]:
    """Return what a *row* tells of *sent* samples of which *lost* failed.

    The row of many has the end of the last as its time, and as time taken the sum of all. Of two counts that
    do not agree with each other or with the row, the worse one holds.

    Source: JMeter's StatisticalSampleResult.java
    """
    lost = max(lost, 1 if row.lost_to else 0)
    sent = max(sent, lost, 1)
    mean = row.elapsed_ms // sent
    mean_row = row._replace(due_ms=row.due_ms - mean, elapsed_ms=mean) if sent > 1 else row
    counts = (("", sent - lost), (row.lost_to or UNTOLD, lost))
    return [mean_row._replace(lost_to=kind, samples=count) for kind, count in counts if count]
