"""The record of a release that an instance keeps beside it: release.json, as written and as read again."""

import json
import re
from dataclasses import dataclass
from datetime import datetime, timezone

from gocd.json_text import read_json
from tasks.deployers.release import Release

# What lies in a release's folder and is not the release's: the record, and what is looked up in the shell.
OWN_NAMES = ("release.json", ".version", ".sha256", ".unanswered")


@dataclass(frozen=True)
class Record:
    """What an instance itself says of the release that is current on it.

    Args:
        version: Empty if it says nothing.
        time: When that was deployed, in ISO 8601; empty if it says nothing.
        matches: Whether it is the release that was asked about.
        words: The same for people, such as "2.0, deployed 2026-11-20 21:55 UTC" or "no release.json".
        known: Whether the instance could be asked at all.
    """

    version: str
    time: str
    matches: bool
    words: str
    known: bool = True


def facts(release: Release, sha256: str, now: datetime) -> str:
    """Return the record as one line of JSON.

    Args:
        sha256: Of the archive that was sent.
        now: When it is deployed, by the agent's clock, so that all servers are compared by one.
    """
    return json.dumps(
        {
            "application": release.application,
            "version": release.version,
            "sha256": sha256,
            "time": now.isoformat(),
            "pipeline": release.pipeline,
            "triggered_by": release.triggered_by,
        },
        sort_keys=True,
    )


def compared(told: str, release: Release, sha256: str, since: datetime | None = None) -> Record:
    """Read what ``read_record`` told of an instance, and compare it with *release*.

    Args:
        told: That, without its mark; empty if it told nothing.
        since: A deployment before it does not match.
    """
    found = re.fullmatch(r"(record|nothing) (.*\S)\s*", told)
    if not found:
        return unread("it printed nothing")
    if found[1] == "nothing":
        return Record("", "", False, found[2])
    try:
        record = read_json(found[2])
        version, digest = str(record["version"]), str(record["sha256"])
        deployed = datetime.fromisoformat(record["time"]).astimezone(timezone.utc)
    except (ValueError, KeyError, TypeError, OverflowError):
        return Record("", "", False, "its release.json was not written by --via ssm")
    words = f"{version}, deployed {deployed:%Y-%m-%d %H:%M} UTC"
    same = version == release.version
    if same and digest != sha256:
        words += ", from another archive"
    elif same and since and deployed < since:
        words += ", before this deployment"
    matches = same and digest == sha256 and not (since and deployed < since)
    return Record(version, record["time"], matches, words)


def unread(why: str) -> Record:
    return Record("", "", False, f"its record cannot be read: {why}", known=False)
