"""A lock as its SSM parameter tells it: its name there, who holds it, and whether they still can."""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from gocd.numbers import number
from tasks.aws.api import Aws
from tasks.aws.parameter import Look, Parameter, names_under
from tasks.locking.owner import Owner, Unreadable
from tasks.running.clock import Clock
from tasks.running.errors import Refused
from tasks.running.numbers import WEEK
from tasks.running.quoting import one_line

PATH = "/gocd-tasks/lock"

# Seconds: how long a command's lock lasts, how often it is renewed, and after how long without a renewal it
# is likely that no process is there to renew it.
LASTS, RENEWAL, SILENT = 120.0, 30.0, 45.0

# No name of a load balancer is longer; and every encoding of this fits into SSM's limit of 1,011.
LONGEST_NAME = 150

ServerSays = Callable[[Owner], bool]


@dataclass(frozen=True)
class Holding:
    """Who holds a lock.

    Args:
        token: Tells this holding from any other one.
        what: The command that holds it.
        since: AWS's time of the beginning.
        lasts: Seconds from the last renewal.
        look: What the parameter held.
        unread: Why it cannot be read, and so holds until it is released by force; else empty.
    """

    owner: Owner
    token: str
    what: str
    since: datetime
    lasts: float
    look: Look
    unread: str = ""

    @classmethod
    def read(cls, look: Look) -> "Holding | None":
        """The holding that *look* saw; None if the lock was free.

        What another version or a person wrote there, and is not understood, is not free.
        """
        content = look.content
        if not (content or look.unread) or content.get("state") == "free":
            return None
        try:
            if look.unread:
                raise Unreadable(look.unread)
            if (state := content.get("state")) != "held":
                raise Unreadable(f"its state is {one_line(repr(state))}")
            since, lasts = _since(content, look), number(content.get("lasts"), 0, WEEK)
            if lasts is None:
                raise Unreadable(f"it lasts {one_line(repr(content.get('lasts')))}")
            owner = Owner.read(content)
            return cls(owner, _text(content, "token"), _text(content, "what"), since, lasts, look)
        except Unreadable as problem:
            return cls(Owner("?", "?"), "", "", look.changed, WEEK, look, str(problem))

    @property
    def expired(self) -> bool:
        return not self.unread and self.look.age > self.lasts

    @property
    def silent(self) -> float:
        """Seconds until its silence is telling; 0 if it already is."""
        return max(0.0, SILENT - self.look.age)

    @property
    def until(self) -> datetime:
        return self.look.changed + timedelta(seconds=self.lasts)

    @property
    def seconds(self) -> float:
        """Seconds that it has been held for."""
        return max(0.0, (self.look.at - self.since).total_seconds())

    @property
    def holder(self) -> str:
        return f"somebody, as it cannot be read here ({self.unread})" if self.unread else self.owner.words

    @property
    def who(self) -> str:
        """Who holds it, and with what."""
        return self.holder if self.owner.is_whole_run else f"{self.holder}, {self.what}"

    @property
    def words(self) -> str:
        """The same, and for how long by now."""
        return f"{self.who}, for {span(self.seconds)}"

    def over(self, here: Owner, server_says: ServerSays) -> tuple[str, float]:
        """Why the holder can no longer be at work, and the seconds until that is certain.

        Empty and 0 if it may well be.
        """
        if self.expired:
            return f"not renewed for {span(self.look.age)}", 0.0
        if self.owner.process_is_gone(here):
            return f"its process {self.owner.process} on this machine is gone", 0.0
        if why := self.owner.superseded_by(here):
            return why, self.silent
        if not self.owner.is_whole_run and server_says(self.owner):
            return "GoCD's server says that its stage is over", self.silent
        return "", 0.0


def _since(content: Mapping[str, Any], look: Look) -> datetime:
    # The first write of a holding cannot know AWS's time yet; its own date is it.
    if "since" not in content:
        return look.changed
    try:
        since = datetime.fromisoformat(_text(content, "since"))
    except ValueError:
        since = None
    if since is None or since.tzinfo is None:
        raise Unreadable(f"it is held since {one_line(repr(content['since']))}")
    return since


def _text(content: Mapping[str, Any], name: str) -> str:
    if not isinstance(found := content.get(name), str):
        raise Unreadable(f"its {name} is {one_line(repr(found))}" if name in content else f"it has no {name}")
    return found


class DeploymentLock:
    """One lock, as *owner* sees it."""

    def __init__(self, name: str, aws: Aws, owner: Owner, clock: Clock) -> None:
        self.name = name
        self.owner = owner
        self.parameter = Parameter(aws, parameter_name(name), name, clock)

    def look(self, at_least: int = 0) -> tuple[Look, Holding | None]:
        """What is there, at a version known to be written or later, and who holds the lock."""
        look = self.parameter.look(at_least)
        return look, Holding.read(look)

    def claim(
        self, look: Look, token: str, what: str, lasts: float, since: datetime | None = None
    ) -> Holding | None:
        """Hold what *look* saw, anew or still (*since*); None if overtaken."""
        begun = {"since": since.isoformat()} if since else {}
        content = {"state": "held", "token": token, "what": what, "lasts": lasts, **begun}
        written = self.parameter.swap(look, content | self.owner.facts())
        return Holding.read(written) if written else None

    def free(self, look: Look) -> bool:
        """Give up what *look* saw; False if overtaken. Deleted, the parameter's versions would start anew."""
        return self.parameter.swap(look, {"state": "free", **self.owner.facts()}) is not None


def parameter_name(name: str) -> str:
    """Return the parameter of the lock *name*: ``target-group:a_b`` is ``.../target-group.a_5f_b``.

    SSM allows letters, digits and ``.-_/``. A colon becomes a dot, and whatever else is no letter, digit or
    hyphen its code between underscores, so that no two names share a parameter.

    Raises:
        Refused: Such a name is no lock's.
    """
    if not (0 < len(name) <= LONGEST_NAME and name.isascii() and name.isprintable()):
        raise Refused(f"a lock's name has 1 to {LONGEST_NAME} characters, all of them ASCII: {name!r}")
    return f"{PATH}/{re.sub('[^A-Za-z0-9:-]', _coded, name).replace(':', '.')}"


def lock_name(parameter: str) -> str:
    """Return the name of the lock that *parameter* keeps."""
    encoded = parameter.removeprefix(f"{PATH}/").replace(".", ":")
    return re.sub("_([0-9a-f]{2})_", lambda code: chr(int(code[1], 16)), encoded)


def _coded(character: re.Match[str]) -> str:
    return f"_{ord(character[0]):02x}_"


def all_locks(aws: Aws, owner: Owner, clock: Clock) -> list[DeploymentLock]:
    """Return every lock that was ever taken."""
    names = {parameter: lock_name(parameter) for parameter in names_under(aws, PATH)}
    # To what somebody else has put there, and is no lock's, no name leads.
    ours = [name for parameter, name in names.items() if _keeps(parameter, name)]
    return [DeploymentLock(name, aws, owner, clock) for name in ours]


def _keeps(parameter: str, name: str) -> bool:
    try:
        return parameter_name(name) == parameter
    except Refused:
        return False


def span(seconds: float) -> str:
    """Say *seconds* in the unit that a person would take."""
    if seconds < 120:
        return f"{seconds:.0f} s"
    return f"{seconds / 60:.0f} min" if seconds < 7200 else f"{seconds / 3600:.1f} h"


def by_server(ask: Callable[[str, int, str, int], bool | None] | None, here: Owner) -> ServerSays:
    """Ask *here*'s own GoCD server, and only about its own stages; what it does not say is not so.

    Once a server does not answer it is not asked again.
    """
    answers: list[bool] = [ask is not None]

    def says(owner: Owner) -> bool:
        if not answers[0] or not owner.pipeline or owner.server != here.server or ask is None:
            return False
        over = ask(owner.pipeline, owner.counter, owner.stage, owner.stage_counter)
        answers[0] = over is not None
        return bool(over)

    return says
