"""Which release an instance was given last, noted in a tag on it, so that anybody can see it at a look."""

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timezone
from enum import Enum
from urllib.parse import quote, unquote

from tasks.aws.api import Aws
from tasks.aws.errors import AwsError
from tasks.aws.instances import Instance
from tasks.running.log import Log
from tasks.running.quoting import listed
from tasks.running.who import who

# Characters in a tag's value (AWS, ec2/Using_Tags); instances named in one line.
MOST_CHARACTERS, NAMED = 256, 4

TAG = "gocd-tasks:release"


class Stage(Enum):
    """How far a deployment has come."""

    BEGUN = "begun"
    INSTALLED = "installed"
    ANSWERED = "answered"
    BACK = "back"
    """Gone back to, and not asked by then."""


@dataclass(frozen=True)
class Noted:
    """The last deployment to an instance.

    Args:
        since: When it came so far.
        before: The version that had answered before it, or was not asked; empty where nobody knows.
        by: Who deployed.
    """

    version: str
    stage: Stage
    since: datetime
    before: str
    by: str

    def __str__(self) -> str:
        since = self.since.replace(microsecond=0).isoformat()
        before = f" before={quote(self.before)}" if self.before else ""
        text = f"version={quote(self.version)} {self.stage.value}={since}{before} by={self.by}"
        return text[:MOST_CHARACTERS]


def read(tags: Mapping[str, str]) -> Noted | None:
    """Return what *tags* tell; None if nothing was noted, or somebody else has written there."""
    value = tags.get(TAG, "")
    found = re.fullmatch(
        r"version=(\S+) (begun|installed|answered|back)=(\S+)(?: before=(\S+))? by=(.*)", value
    )
    if not found:
        return None
    try:
        since = datetime.fromisoformat(found[3]).astimezone(timezone.utc)
    except (ValueError, OverflowError):
        return None
    return Noted(unquote(found[1]), Stage(found[2]), since, unquote(found[4] or ""), found[5])


Note = Callable[[Sequence[Instance], str, Stage], None]


def nowhere(instances: Sequence[Instance], version: str, stage: Stage) -> None:
    """Note nothing."""


class Notes:
    """Notes releases on instances; that it cannot is told, and stops no deployment.

    Args:
        wall: The agent's time.
    """

    def __init__(self, aws: Aws, wall: Callable[[], datetime], log: Log) -> None:
        self._aws, self._wall, self._log = aws, wall, log
        self._known: dict[str, Noted] = {}

    def __call__(self, instances: Sequence[Instance], version: str, stage: Stage) -> None:
        """Note how far *version* has come on all of *instances*; in one call where that is the same."""
        alike: dict[str, list[Instance]] = {}
        for each in instances:
            last = self._known.get(each.id) or read(each.tags)
            before = "" if stage is Stage.BACK else _before(last, version)
            known = self._known[each.id] = Noted(version, stage, self._wall(), before, who())
            alike.setdefault(str(known), []).append(each)
        for value, some in alike.items():
            tags = [{"Key": TAG, "Value": value}]
            try:
                self._aws.call("ec2", "create_tags", Resources=[each.id for each in some], Tags=tags)
            except AwsError as error:
                names = listed((each.name for each in some), NAMED)
                self._log.say(
                    f"{names}: {version} is not noted in its tags ({error.what}), for status to tell"
                )


def last_well(tags: Mapping[str, str], current: str, *, of_before: bool) -> str:
    """Return the version that was well before *current* came; empty where *tags* do not tell.

    Args:
        of_before: Whether the tags were read before it came.
    """
    last = read(tags)
    return _before(last, current) if last and (of_before or last.version == current) else ""


def _before(last: Noted | None, version: str) -> str:
    """The version that was well before another one came, as far as anybody asked."""
    if last is None:
        return ""
    return last.version if last.stage is not Stage.BEGUN and last.version != version else last.before
