"""What others left where only text can be: a host's own words, and the tags of an instance."""

from dataclasses import replace
from datetime import timezone
from typing import Any

from hypothesis import given

from tasks.aws.api import Aws
from tasks.aws.script_result import ScriptResult, outcome
from tasks.balancing.absences import PREFIX, Absence, Memory
from tasks.hosts.idleness import told
from tasks.hosts.verdict import marked
from tasks.running.clock import SystemClock
from tests.fakes import EPOCH, FakeClock, FakeLoadBalancer, instance
from tests.fuzz.bounds import read
from tests.fuzz.spoiling import spoilt_bytes, spoilt_values

MARK = "0123456789abcdef "
COUNTED = f"Starting\n{MARK}connections 12\n".encode()
NO_EVIDENCE = f"{MARK}no evidence ss is not there\n".encode()
INVOCATION: dict[str, Any] = {
    "Status": "Success",
    "StatusDetails": "Success",
    "ResponseCode": 0,
    "StandardOutputContent": COUNTED.decode(),
    "StandardErrorContent": "",
}
ABSENCE = Absence(True, (8080, 8081), EPOCH, "rolling-deploy", (8081,), True)


def as_text(content: bytes) -> str:
    return content.decode("utf-8", "replace")


@given(spoilt_bytes(COUNTED, NO_EVIDENCE).map(as_text))
def test_connections_are_a_number_behind_the_mark_or_no_evidence(said: str) -> None:
    idleness = read(lambda: told(ScriptResult(None, said), MARK))

    assert idleness is not None
    assert (idleness.connections is None) is bool(idleness.why)
    if idleness.connections is not None:
        assert f"{MARK}connections " in said
        assert idleness.connections < 10**9
    assert isinstance(read(lambda: marked(said, MARK)), list)


@given(spoilt_values(INVOCATION))
def test_a_script_succeeded_only_if_ssm_says_so(invocation: Any) -> None:
    given_back = invocation if isinstance(invocation, dict) else {}

    result = read(lambda: outcome(given_back))

    assert result is not None
    assert all(line.isprintable() for line in result.lines)
    if result.problem is None:
        assert given_back["Status"] == "Success"
    else:
        assert result.ended


@given(spoilt_bytes(str(ABSENCE).encode(), str(replace(ABSENCE, served=False, by="")).encode()).map(as_text))
def test_a_tag_is_an_absence_that_can_be_written_again_or_nobodys(value: str) -> None:
    aws, staging = Aws(SystemClock(), lambda _: None), FakeLoadBalancer(FakeClock())

    def remembered(tag: str) -> Absence | None:
        tagged = replace(instance(1), tags={PREFIX + staging.address: tag})
        return Memory(aws, [tagged]).of(tagged, staging)

    absence = read(lambda: remembered(value))

    if absence is not None:
        assert absence.since.tzinfo is timezone.utc
        assert remembered(str(absence)) == absence


def test_a_whole_tag_is_the_absence_that_was_written() -> None:
    staging = FakeLoadBalancer(FakeClock())
    tagged = replace(instance(1), tags={PREFIX + staging.address: str(ABSENCE)})

    assert Memory(Aws(SystemClock(), lambda _: None), [tagged]).of(tagged, staging) == ABSENCE
