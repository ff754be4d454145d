"""The SSM parameter of a lock, in whatever versions it is found."""

import json
from datetime import datetime, timedelta
from email.utils import format_datetime
from typing import Any

from hypothesis import example, given
from hypothesis import strategies as st

from tasks.aws.api import Aws
from tasks.aws.errors import AwsError
from tasks.aws.parameter import Look, Parameter
from tasks.locking.deployment_lock import Holding, lock_name, parameter_name
from tasks.locking.owner import Owner
from tasks.running.clock import SystemClock
from tasks.running.errors import Refused
from tests.fakes import EPOCH, FakeClock
from tests.fuzz.bounds import read
from tests.fuzz.spoiling import TEXTS, as_json, spoilt_bytes, spoilt_values

HERE = Owner("agent-1", "go", "https://gocd/go", "staging", 12, "out", 1, "deploy", "boot/1", 4711, "99")
HELD: dict[str, Any] = {
    "state": "held",
    "token": "t",
    "what": "detach-instance",
    "lasts": 120.0,
    "base": 1,
    "write": "w",
    "since": EPOCH.isoformat(),
    **dict(HERE.facts()),
    "pipeline": "other",
}
FREE: dict[str, Any] = {"state": "free", "base": 1, "write": "w", "host": "h", "user": "u"}
RUN: dict[str, Any] = {**HELD, "process": 0}
values = st.one_of(spoilt_values(HELD, FREE, RUN).map(as_json), spoilt_bytes(as_json(HELD), as_json(FREE)))


class Told(Aws):
    """Tells these values of a parameter, the newest last, and knows no other call."""

    def __init__(self, *values: str) -> None:
        super().__init__(SystemClock(), lambda _: None)
        self._versions = [
            {"Version": number, "Value": value, "LastModifiedDate": EPOCH}
            for number, value in enumerate(values, 1)
        ]

    def call(self, service: str, operation: str, subject: str = "", **parameters: Any) -> dict[str, Any]:
        date = format_datetime(EPOCH + timedelta(seconds=60), usegmt=True)
        told: dict[str, dict[str, Any]] = {
            "get_parameter": {"Parameter": self._versions[-1]},
            "get_parameter_history": {"Parameters": self._versions},
        }
        return {**told[operation], "ResponseMetadata": {"HTTPHeaders": {"date": date}}}


@given(st.lists(values, min_size=1, max_size=3))
@example([as_json(FREE), as_json(HELD)])
def test_a_lock_is_held_or_free_and_never_free_by_mistake(contents: list[bytes]) -> None:
    told = [content.decode("utf-8", "replace") for content in contents]
    look = read(lambda: Parameter(Told(*told), "p", "lock", FakeClock()).look(), AwsError)
    assert look is not None

    holding = read(lambda: Holding.read(look))

    if holding is None:
        assert is_free(look)
        return
    over, certain_in = holding.over(HERE, lambda _: False)
    assert all((holding.words, holding.who, holding.holder))
    assert isinstance(holding.until, datetime)
    assert certain_in >= 0
    # What cannot be read is never over.
    assert not (over and holding.unread)


def is_free(look: Look) -> bool:
    """Whether whoever wrote last wrote that it is free, or nobody wrote anything by the rules."""
    return not look.content or look.content.get("state") == "free"


@given(spoilt_values(HELD, RUN, most=2))
def test_what_is_written_by_the_rules_and_is_not_free_holds(content: Any) -> None:
    written = content if isinstance(content, dict) else {}
    by_the_rules = {**written, "base": 1, "write": "w"}

    look = Parameter(Told("", json.dumps(by_the_rules)), "p", "lock", FakeClock()).look()

    assert (Holding.read(look) is None) == (written.get("state") == "free")


@given(st.one_of(st.text(max_size=200), st.sampled_from(TEXTS)))
def test_every_name_of_a_lock_has_a_parameter_of_its_own_or_is_refused(name: str) -> None:
    parameter = read(lambda: parameter_name(name), Refused)

    if parameter is not None:
        assert lock_name(parameter) == name
