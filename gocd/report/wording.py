"""How times, durations and long texts are written."""

from __future__ import annotations

import math
from datetime import datetime, timezone


def duration(seconds: float) -> str:
    """Return a length of time: ``13 ms``, ``2.1 s``, ``41 s``, ``2 min 5 s``, ``1 h 10 min``."""
    if seconds < 1:
        return f"{seconds * 1000:.0f} ms"
    if seconds < 9.95:
        return f"{seconds:.1f} s"
    whole = round(seconds)
    if whole < 120:
        return f"{whole} s"
    if whole < 3600:
        return f"{whole // 60} min {whole % 60} s".removesuffix(" 0 s")
    return f"{whole // 3600:,} h {whole % 3600 // 60} min".removesuffix(" 0 min")


def elapsed(seconds: float, step: float) -> str:
    """Return a place on a time axis on which every *step* seconds are named.

    As ``1.5 h``, ``90 min``, ``45 s`` or ``13:53:20``: as plain as the step allows.
    """
    whole = int(seconds)
    if step % 1800 == 0:
        return f"{seconds / 3600:g} h"
    if step % 60 == 0:
        return f"{whole // 60} min"
    if whole < 120:
        return f"{whole} s"
    hours, minutes = divmod(whole // 60, 60)
    return f"{hours}:{minutes:02}:{whole % 60:02}" if hours else f"{minutes}:{whole % 60:02}"


def clock(at: float) -> str:
    """Return the time of day in UTC; empty for a time that no calendar has."""
    moment = _moment(at)
    return moment.strftime("%H:%M:%S") if moment else ""


def day(at: float) -> str:
    """Return the date in UTC, as ``20 November 2026``; empty for a time that no calendar has."""
    moment = _moment(at)
    return f"{moment.day} {moment:%B %Y}" if moment else ""


def counted(count: int, thing: str) -> str:
    """Return ``1 request`` or ``2,000 requests``."""
    return f"{count:,} {thing}{'' if count == 1 else 's'}"


def percent(part: float, whole: float) -> str:
    """Return a part in percent with two digits that tell: ``0.012 %``, ``3.2 %``, ``100 %``."""
    share = 100 * part / whole
    if share >= 10:
        # A part is not the whole.
        return f"{share if part == whole else min(share, 99):.0f} %"
    return f"{share:.{1 - math.floor(math.log10(share))}f}".rstrip("0").rstrip(".") + " %" if share else "0 %"


def shortened(text: str, most: int) -> str:
    """Return *text* on one line, no longer than *most* characters."""
    line = " ".join(text[: most * 4].split())
    return line if len(line) <= most else f"{line[: most - 1].rstrip()}…"


def _moment(at: float) -> datetime | None:
    try:
        return datetime.fromtimestamp(at, timezone.utc)
    except (OverflowError, ValueError, OSError):
        return None
