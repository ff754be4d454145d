"""Event files read back: what tasks wrote down of their work, a JSON line an event."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime, timezone
from io import BufferedReader
from pathlib import Path
from typing import Any

from gocd.files import LONGEST_TEXT, open_regular
from gocd.json_text import read_json
from gocd.numbers import number
from gocd.report.wording import counted

# Longer names than this are nobody's; they are cut here, and so is an error line.
LONGEST_NAME = 120
LONGEST_LINE = 2000


@dataclass(frozen=True)
class Event:
    """One event; ``at`` is seconds since 1970 by the clock of its agent, absent texts are empty.

    ``share`` is the percentage of users that ``green`` was given, ``blue`` having the others.
    ``environment`` is the one that came to be or went, or its target group.
    """

    at: float
    pipeline: str
    stage: str
    job: str
    task: str
    process: str
    state: str
    instance: str
    exit_code: int | None
    error: str
    blue: str
    green: str
    share: int | None
    environment: str


def read_events(files: Iterable[Path]) -> tuple[list[Event], list[str]]:
    """Return the events of all *files* in the order of their times, and what could not be read, in words.

    The same line in two files counts once: an agent's file and the artifact made of it are the same.

    Raises:
        OSError: A file cannot be read.
    """
    seen: dict[bytes, Event] = {}
    complaints: list[str] = []
    for file in files:
        spoilt, cut = 0, False
        with open_regular(file) as lines:
            for line in _short(lines):
                event = None if line in seen else _event(line)
                if event:
                    seen[line] = event
                elif line not in seen and line.strip():
                    cut = not line.endswith(b"\n")
                    spoilt += not cut
        if spoilt:
            complaints.append(f"{file}: {counted(spoilt, 'line')} could not be read as events, and left out.")
        if cut:
            complaints.append(f"{file}: its last line was cut off, and is left out.")
    return sorted(seen.values(), key=lambda event: event.at), complaints


def _short(lines: BufferedReader) -> Iterator[bytes]:
    """Give each line; of one that is too long for an event as much as shows that it is none."""
    while line := lines.readline(LONGEST_TEXT):
        if len(line) == LONGEST_TEXT and not line.endswith(b"\n"):
            while (rest := lines.readline(LONGEST_TEXT)) and not rest.endswith(b"\n"):
                pass
            line = b"too long" + rest[-1:]
        yield line


def _event(line: bytes) -> Event | None:
    try:
        facts = read_json(line)
        at = _time(str(facts["time"]))
    except (ValueError, LookupError, TypeError, OverflowError):
        return None
    code, share = facts.get("exit_code"), facts.get("share")
    return Event(
        at=at,
        pipeline=_text(facts.get("pipeline")),
        stage=_text(facts.get("stage")),
        job=_text(facts.get("job")),
        task=_text(facts.get("task")),
        process=_text(facts.get("process")),
        state=_text(facts.get("state")),
        instance=_text(facts.get("instance")),
        exit_code=int(code) if isinstance(code, int) and number(code, -(2**31), 2**32) is not None else None,
        error=_text(facts.get("error"), LONGEST_LINE),
        blue=_text(facts.get("blue")),
        green=_text(facts.get("green")),
        share=int(share) if isinstance(share, int) and number(share, 0, 100) is not None else None,
        environment=_text(facts.get("environment") or facts.get("target_group") or facts.get("group")),
    )


def _time(text: str) -> float:
    # Python 3.10 does not know the Z that other writers use.
    moment = datetime.fromisoformat(text.replace("Z", "+00:00"))
    at = (moment if moment.tzinfo else moment.replace(tzinfo=timezone.utc)).timestamp()
    if not math.isfinite(at):
        raise ValueError
    return at


def _text(value: Any, most: int = LONGEST_NAME) -> str:
    return "" if value is None else str(value)[:most]
