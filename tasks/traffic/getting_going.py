"""When traffic has got going.

JMeter loads what it needs while its first threads ask already, and on a busy machine it pauses for it, as no
service does. Nothing was changed until then, so such a pause is no gap that anybody's change has made.
"""

from __future__ import annotations

from itertools import pairwise
from pathlib import Path

from gocd.samples.asked import MOST_FREE_S
from gocd.samples.jtl import JtlReader
from gocd.samples.limits import Thresholds

# Seconds that good answers must have come for without too long a pause.
EVENLY_FOR = 1.0


def longest_pause(thresholds: Thresholds) -> float | None:
    """Return the longest pause that is allowed, in seconds; None if JMeter itself pauses for no longer."""
    limits = [thresholds.overall, *thresholds.labels.values()]
    least = min((each["max-gap"] for each in limits if "max-gap" in each), default=MOST_FREE_S)
    return least if least < MOST_FREE_S else None


def even_since(jtl: Path, pause: float) -> float | None:
    """Return since when good answers come without too long a pause, if they do for long enough by now.

    Args:
        pause: The longest that is allowed, in seconds.

    Raises:
        UnreadableJtl: The file is no JTL.
        OSError: It cannot be read.
    """
    ends = sorted(each.due_ms + each.elapsed_ms for each in JtlReader(jtl) if not each.lost_to)
    if not ends:
        return None
    since = max((at for before, at in pairwise(ends) if at - before > pause * 1000), default=ends[0])
    return since / 1000 if ends[-1] - since >= EVENLY_FOR * 1000 else None
