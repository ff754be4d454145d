"""Which release an instance was given last, noted in a tag on it, so that anybody can see it at a look."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timezone
from enum import Enum

TAG = "gocd-tasks:release"


class Stage(Enum):
    """How far a deployment has come."""

    BEGUN = "begun"
    INSTALLED = "installed"
    ANSWERED = "answered"


@dataclass(frozen=True)
class Noted:
    """The last deployment to an instance.

    Args:
        since: When it came so far.
        before: The version that had answered before it; empty where nobody knows.
        by: Who deployed.
    """

    version: str
    stage: Stage
    since: datetime
    before: str
    by: str

    def __str__(self) -> str:
        since = self.since.replace(microsecond=0).isoformat()
        before = f" before={self.before}" if self.before else ""
        return f"version={self.version} {self.stage.value}={since}{before} by={self.by}"


def read(tags: Mapping[str, str]) -> Noted | None:
    """Return what *tags* tell; None if nothing was noted, or somebody else has written there."""
    value = tags.get(TAG, "")
    found = re.fullmatch(r"version=(\S+) (begun|installed|answered)=(\S+)(?: before=(\S+))? by=(.*)", value)
    if not found:
        return None
    try:
        since = datetime.fromisoformat(found[3]).astimezone(timezone.utc)
    except (ValueError, OverflowError):
        return None
    return Noted(found[1], Stage(found[2]), since, found[4] or "", found[5])
