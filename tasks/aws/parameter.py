"""One SSM parameter that several writers change safely: compare-and-set, which SSM itself does not have.

PutParameter takes no condition, but it answers with the version that it wrote, versions count up by one
(AWS serialises the writers of a parameter: "TooManyUpdates"), and each stays readable in the history with
its value. So every value names its *base*: the newest version that its writer had seen. Then:

- Version n is **valid** if its base is n - 1: its writer knew of every version before it. Any other version
  was written by someone who had been overtaken; it changes nothing. What holds is the newest valid version.
- All readers agree on that, because a version never changes and its validity is written in itself.
- A writer knows by the version that AWS answers whether its write was valid. Of all who saw the same
  version, the one whose write came first is valid; the others write later versions with the same base, and
  have lost. A slow writer that wakes up after any number of others (renewals too) has an old base: lost.
- An answer that is old (a reader that lags behind) gives an old base, and so a lost write, never a false one.
- An answer that is lost on the way leaves it open whether the write counts. Each write carries an id of its
  own; the next look tells whose write holds.
- AWS forgets all but the newest 100 versions. The newest valid one could only be forgotten behind 100 lost
  writes in a row. As a loser looks again before it writes again, and writes nothing where the look tells it
  to stand back, a run of them is at most as long as there are writers at the same moment. If it is ever met
  all the same, nothing is guessed: what holds is not known, and is not nothing.
- A parameter must never be deleted: its versions would start anew. The first version has base 0, and is
  written without the right to overwrite, so that only one can be first.

Age is AWS's own: the Date of the answer less the date of the version. No agent's clock takes part.
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timezone
from email.utils import parsedate_to_datetime
from typing import Any
from uuid import uuid4

from tasks.aws.api import Aws
from tasks.aws.errors import AwsError
from tasks.running.clock import Clock

# What tells a writer that another one was there at the same moment.
OVERTAKEN = {"ParameterAlreadyExists", "TooManyUpdates"}

# Why it is not known what holds.
FORGOTTEN = "100 others were written over it"
UNREADABLE = "its value cannot be read"

# Seconds between looks at an answer that lags behind what is known to be written.
CATCH_UP = (0.2, 0.5, 1.0, 2.0, 4.0)


@dataclass(frozen=True)
class Look:
    """What a parameter held at one moment.

    Args:
        version: The newest version, valid or not; 0 if there is none.
        content: What holds: the newest valid version's; empty if there is none.
        write: The id of the write that holds.
        at: AWS's time of the look.
        changed: AWS's time of the write that holds.
        unread: Why it cannot be told what holds, where something does; else empty.
    """

    version: int
    content: Mapping[str, Any]
    write: str
    at: datetime
    changed: datetime
    unread: str = ""

    @property
    def never(self) -> bool:
        """Whether nobody ever wrote it."""
        return self.version == 0

    @property
    def age(self) -> float:
        """Seconds since the write that holds, by AWS's clock."""
        return max(0.0, (self.at - self.changed).total_seconds())


class Parameter:
    def __init__(self, aws: Aws, name: str, subject: str, clock: Clock) -> None:
        """Stand for the parameter *name*, called *subject* in messages."""
        self._aws = aws
        self._name = name
        self._subject = subject
        self._clock = clock

    def look(self, at_least: int = 0) -> Look:
        """Return what holds now.

        Args:
            at_least: A version known to be written; an answer that does not know of it is asked for again.

        Raises:
            AwsError: AWS did not answer.
        """
        for pause in (*CATCH_UP, 0):
            seen = self._look()
            if seen is not None and seen.version >= at_least:
                return seen
            self._clock.sleep(pause)
        if seen is None:
            raise AwsError(f"the parameter {self._name} changes too fast to be read", passing=True)
        raise AwsError(
            f"AWS tells of version {seen.version} of {self._name} after {at_least}: was it deleted?",
            passing=True,
        )

    def swap(self, seen: Look, content: Mapping[str, Any]) -> Look | None:
        """Write *content* if nobody wrote since *seen*; return what holds then, or None if that was lost.

        Args:
            content: A flat mapping; SSM takes doubled braces, as nested ones may end in, for a reference.
        """
        mine = uuid4().hex
        value = json.dumps({**content, "base": seen.version, "write": mine})
        try:
            answer = self._aws.call(
                "ssm",
                "put_parameter",
                self._subject,
                Name=self._name,
                Value=value,
                Type="String",
                Overwrite=seen.version > 0,
            )
        except AwsError as error:
            if error.code not in OVERTAKEN:
                raise
            written = 0
        else:
            # An answer that does not tell it leaves open whose write holds, as one that is lost does.
            written = answer.get("Version", 0)
            if written == seen.version + 1:
                at = _date(answer)
                return Look(written, dict(content), mine, at, at)
        # Lost; or the answer to a first try was, and this is that of a second.
        now = self.look(at_least=max(written, seen.version))
        return now if now.write == mine else None

    def _look(self) -> Look | None:
        """Look once; None if the pages of the history do not fit together, as someone wrote in between."""
        try:
            answer = self._aws.call("ssm", "get_parameter", self._subject, Name=self._name)
        except AwsError as error:
            if error.code != "ParameterNotFound":
                raise
            never = datetime.fromtimestamp(0, timezone.utc)
            return Look(0, {}, "", never, never)
        newest = answer["Parameter"]
        if _valid(newest):
            return _seen(newest, newest["Version"], _date(answer))
        history, at = self._history()
        if not _whole(history):
            return None
        holding = newest_valid(history)
        if holding is None:
            if history[0]["Version"] > 1:
                return Look(history[-1]["Version"], {}, "", at, at, FORGOTTEN)
            return Look(history[-1]["Version"], {}, "", at, at)
        return _seen(holding, history[-1]["Version"], at)

    def _history(self) -> tuple[list[Mapping[str, Any]], datetime]:
        history: list[Mapping[str, Any]] = []
        more: dict[str, str] = {}
        while True:
            answer = self._aws.call(
                "ssm", "get_parameter_history", self._subject, Name=self._name, MaxResults=50, **more
            )
            history += answer["Parameters"]
            if not answer.get("NextToken"):
                return sorted(history, key=lambda each: int(each["Version"])), _date(answer)
            more = {"NextToken": answer["NextToken"]}


def names_under(aws: Aws, path: str, *, recursive: bool = False) -> list[str]:
    """Return the names of all parameters right under *path*, or anywhere under it, in order."""
    found = aws.pages("ssm", "get_parameters_by_path", "Parameters", Path=path, Recursive=recursive)
    return sorted(each["Name"] for each in found)


def contents_under(aws: Aws, path: str, *, recursive: bool = False) -> dict[str, Mapping[str, Any] | None]:
    """Return what each parameter under *path* holds, by its name; None where that takes another look.

    However many there are, it takes a call for ten of them at most.
    """
    told = aws.pages("ssm", "get_parameters_by_path", "Parameters", Path=path, Recursive=recursive)
    return {
        each["Name"]: _seen(each, each["Version"], each["LastModifiedDate"]).content if _valid(each) else None
        for each in sorted(told, key=lambda each: str(each["Name"]))
    }


def newest_valid(history: Sequence[Mapping[str, Any]]) -> Mapping[str, Any] | None:
    """Return the version that holds, of versions in their order."""
    return next((each for each in reversed(history) if _valid(each)), None)


def _whole(history: Sequence[Mapping[str, Any]]) -> bool:
    # A page may have moved between two calls; a version missed so might be the one that holds.
    versions = [each["Version"] for each in history]
    return bool(versions) and versions == list(range(versions[0], versions[-1] + 1))


def _valid(version: Mapping[str, Any]) -> bool:
    base = _content(version).get("base")
    return type(base) is int and base == version["Version"] - 1


def _content(version: Mapping[str, Any]) -> dict[str, Any]:
    """What was written; empty where a person wrote something else by hand, which then changes nothing."""
    try:
        content = json.loads(version["Value"])
    except ValueError:
        return {}
    except RecursionError:
        # It may be somebody's, and nobody's word that it is not.
        return {"base": version["Version"] - 1}
    return content if isinstance(content, dict) else {}


def _seen(holding: Mapping[str, Any], newest: int, at: datetime) -> Look:
    content = _content(holding)
    del content["base"]
    write = str(content.pop("write", ""))
    return Look(newest, content, write, at, holding["LastModifiedDate"], "" if content else UNREADABLE)


def _date(answer: Mapping[str, Any]) -> datetime:
    try:
        date = parsedate_to_datetime(answer["ResponseMetadata"]["HTTPHeaders"]["date"])
        # One of no time zone, as which it reads -0000, is none of HTTP.
        return date.astimezone(timezone.utc) if date.tzinfo else date.replace(tzinfo=timezone.utc)
    except (KeyError, ValueError, OverflowError):
        raise AwsError("AWS's answer has no date; does a proxy take it away?") from None
