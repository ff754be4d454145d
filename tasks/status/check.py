"""The ``_status`` call: what a healthy, up-to-date service answers; other kinds of check can be added."""

from abc import abstractmethod
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Protocol

from gocd.connection import TWO_LENGTHS
from gocd.deadline import Late, within
from gocd.json_text import read_json
from tasks.aws.instances import Instance
from tasks.running.errors import Refused, TimedOut
from tasks.running.plugins import find
from tasks.running.promised import make_promised
from tasks.running.waiting import Missing, Wait, closely
from tasks.status.pairs import read_pairs
from tasks.status.placeholders import fill, values_of
from tasks.status.private import is_private

if TYPE_CHECKING:
    from gocd.web import Answered

GROUP = "gocd_tasks.status_checks"

# Seconds for one answer; a service that needs longer to say "ok" is not well. A check of a site's own may
# take longer to find out.
PATIENCE, LONGEST = 5.0, 60.0


class NoAnswer(str):
    """Words that say that nothing came back: neither that all is well nor that it is not."""

    __slots__ = ()


class FieldAbsent(str):
    """Words that say that an answer has no such field at all, whatever its value should be."""

    __slots__ = ()


class Check(Protocol):
    """One way to ask a service how it is; a package adds its own for the URLs of a scheme.

    It is made from a URL, the status it must answer, and the fields that must be in the answer.
    """

    @property
    @abstractmethod
    def url(self) -> str: ...

    @property
    @abstractmethod
    def expectation(self) -> str:
        """What is expected, in words that fit after "answers"."""

    @abstractmethod
    def missing(self) -> str | None:
        """Ask once; return None if all is as expected, else what is not, in words.

        Words that are a NoAnswer or a FieldAbsent say more to a rollout: it stops nobody for silence, and
        does not begin where every server's answer lacks a field.

        Raises:
            Refused: It cannot be asked at all.
        """


MakeCheck = Callable[[str, int, Mapping[str, str]], Check]


def find_check(url: str, status: int = 200, fields: Mapping[str, str] | None = None) -> Check:
    """Return the check that is registered for the scheme of *url* in any installed package.

    Raises:
        Refused: None is, or it does not take such a URL.
    """
    scheme, colon, _ = url.partition("://")
    if not colon:
        raise Refused(f"{url} is not a URL that can be asked")
    asked = f"{scheme}:// (in {url})"
    make: MakeCheck = find(GROUP, scheme.lower(), asked)
    check: Check = make_promised(make, (url, status, fields or {}), Check, asked)
    return check


@dataclass(frozen=True)
class Told:
    """What a service answers.

    Args:
        well: Whether it is the status that is expected.
        fields: Those of the names asked for that its answer has.
    """

    status: int
    well: bool
    fields: Mapping[str, str]


@dataclass(frozen=True)
class StatusCheck:
    """The check for ``http`` and ``https``: one URL and what it must answer.

    Args:
        status: The HTTP status.
        fields: Dotted names in the JSON answer, and their values as text.
    """

    url: str
    status: int = 200
    fields: Mapping[str, str] = field(default_factory=dict)

    def missing(self, timeout: float = PATIENCE) -> str | None:
        """Ask once; return None if all is as expected, else what is not, in words."""
        answer = self._answer(timeout, [self.status] if self.fields else [])
        if isinstance(answer, NoAnswer):
            return answer
        if answer.status != self.status:
            return f"answers {answer.status}, not {self.status}"
        return self._differences(answer.body) if self.fields else None

    def told(self, names: Sequence[str], timeout: float = PATIENCE) -> "Told | NoAnswer":
        """Ask once, whatever is expected; return what is answered.

        Args:
            names: Dotted names in the JSON answer.
        """
        answer = self._answer(timeout, [self.status], json=True)
        if isinstance(answer, NoAnswer):
            return answer
        try:
            body = read_json(answer.body)
        except ValueError:
            body = None
        fields = {name: found for name in names if (found := _inside(body, name)) is not None}
        return Told(answer.status, answer.status == self.status, fields)

    def _answer(self, timeout: float, body_of: Sequence[int], *, json: bool = False) -> "Answered | NoAnswer":
        # As costly to import as Python is to start; --help and a plain sleep have no use for it.
        import requests  # noqa: PLC0415

        from gocd import web  # noqa: PLC0415

        # Services with several ways to say it, such as HERD, need not say it in JSON unasked.
        asked = {"Accept": "application/json"} if self.fields or json else {}
        # An instance is asked itself: a proxy of the agent's cannot reach it, or answers in its place.
        direct = {"http": "", "https": "", "all": ""} if is_private(self.url) else None
        try:
            return web.get(self.url, seconds=timeout, headers=asked, body_of=body_of, proxies=direct)
        except (requests.exceptions.InvalidURL, requests.exceptions.MissingSchema, ValueError) as problem:
            raise Refused(f"{self.url} is not a URL that can be asked ({problem})") from None
        except requests.exceptions.Timeout:
            return NoAnswer(f"does not answer within {timeout:.0f} s")
        except requests.exceptions.ChunkedEncodingError:
            return NoAnswer("breaks off in its answer")
        except (requests.exceptions.RequestException, OSError) as problem:
            return NoAnswer(f"cannot be reached ({_reason(problem)})")

    def _differences(self, body: bytes) -> str | None:
        try:
            answer = read_json(body)
        except ValueError:
            return FieldAbsent("answers something that is not JSON")
        told = {name: _inside(answer, name) for name in self.fields}
        # One that differs today may be right with the next release; one that is absent is the first to tell.
        if absent := [name for name, found in told.items() if found is None]:
            return FieldAbsent(f"answers without a field {absent[0]}")
        for name, expected in self.fields.items():
            found = told[name]
            if found != expected:
                return f"answers {name} {found}, not {expected}"
        return None

    @property
    def expectation(self) -> str:
        fields = "".join(f", {name} {value}" for name, value in self.fields.items())
        return f"{self.status}{fields}"


def check_of_version(url: str, fields: Sequence[str], instance: Instance, version: str) -> Check:
    """Return the check of one instance for *version*.

    Args:
        url: With ``{private_ip}`` and the like in it.
        fields: ``KEY=VALUE`` each, likewise.

    Raises:
        Refused: It cannot be asked.
    """
    values = values_of(instance, version)
    expected = parse_fields([fill(pair, values) for pair in fields])
    return find_check(fill(url, values), fields=expected)


def parse_fields(pairs: Sequence[str]) -> dict[str, str]:
    """Read ``KEY=VALUE`` pairs.

    Raises:
        Refused: One is not of that form.
    """
    return read_pairs("--expect-json", pairs, "KEY=VALUE")


def ask_once(check: Check, left: float = LONGEST) -> str | None:
    """Return what is missing, whatever kind of check it is: one that does not come back has no answer.

    Args:
        left: Seconds until nobody waits for it any more; one is left in any case.

    Raises:
        Refused: It cannot be asked at all.
    """
    seconds = max(1.0, min(left, LONGEST))
    try:
        return within(seconds, check.missing)
    except Late:
        return NoAnswer(f"does not answer within {seconds:.0f} s")


def wait_for_status(check: Check, subject: str, wait: Wait, within: float) -> None:
    """Ask until the answer is as expected.

    Raises:
        TimedOut: It is not after *within* seconds; the message has the last answer.
    """
    start = wait.clock.now()

    def look() -> float | Missing:
        missing = ask_once(check, within - wait.since(start))
        return Missing(f"{subject}: {missing}") if missing else wait.since(start)

    try:
        seconds = wait.until_done(look, pace=closely, within=within)
    except TimedOut as late:
        raise TimedOut(f"{late.what}, asked for at {check.url}") from None
    wait.log.say(f"{subject}: answers {check.expectation} after {seconds:.0f} s")


def _inside(answer: Any, name: str) -> str | None:
    for part in name.split("."):
        if not isinstance(answer, dict) or part not in answer:
            return None
        answer = answer[part]
    if isinstance(answer, bool):
        return "true" if answer else "false"
    return None if answer is None else str(answer)


def _reason(problem: BaseException) -> str:
    text = str(problem)
    for words in (
        "Connection refused",
        "Name or service not known",
        "No route to host",
        "certificate",
        TWO_LENGTHS,
    ):
        if words.lower() in text.lower():
            return words.lower()
    return type(problem).__name__
