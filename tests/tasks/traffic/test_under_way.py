"""Traffic under way is found by its folder, and judged by what is certain already."""

from dataclasses import replace
from pathlib import Path

import pytest

from gocd.samples.limits import Thresholds
from gocd.samples.verdict import Verdict
from tasks.running.held_file import hold
from tasks.traffic.under_way import HELD, STATE, UnderWay, left, under_way

JOB = {
    "GO_PIPELINE_NAME": "rolling",
    "GO_PIPELINE_COUNTER": "7",
    "GO_PIPELINE_LABEL": "2.0",
    "GO_STAGE_NAME": "deploy",
    "GO_STAGE_COUNTER": "1",
    "GO_JOB_NAME": "deploy",
}
HEADER = "timeStamp,elapsed,label,responseCode,success\n"
LIMITS = Thresholds({"max-gap": 1, "min-samples": 100}, {"pay": {"p95": 50}, "browse": {"p95": 50}})


@pytest.fixture
def traffic(tmp_path: Path) -> UnderWay:
    return UnderWay(tmp_path, "verify.jmx", LIMITS, 4711, "rolling/7/deploy/1/deploy", 3600, port=4445)


# Seconds since 1970.
NOW = 1_700_000_000


def recorded(traffic: UnderWay, *ends: int, lost: int = 0, rest: str = "") -> None:
    """Record requests of 10 ms that ended so many ms after NOW, the last *lost* of them with a 500."""
    failed = ends[len(ends) - lost :]
    rows = [
        f"{NOW * 1000 + end - 10},10,pay,{'500,false' if end in failed else '200,true'}\n" for end in ends
    ]
    traffic.jtl.write_text(HEADER + "".join(rows) + rest)


def failed(verdict: Verdict) -> list[str]:
    return [criterion.subject for criterion in verdict.failed]


def test_traffic_is_found_as_it_was_begun_by_whoever_looks(traffic: UnderWay) -> None:
    traffic.write()
    with hold(traffic.out / HELD):
        assert under_way(traffic.out, JOB) == under_way(traffic.out, {}) == traffic


def test_without_traffic_there_is_none(tmp_path: Path) -> None:
    assert under_way(tmp_path / "none", JOB) is None


@pytest.mark.parametrize("content", ["", "[]", "{}", '{"plan": 1, "limits": 2}', "[" * 100_000])
def test_what_nobody_of_ours_wrote_is_no_traffic(tmp_path: Path, content: str) -> None:
    (tmp_path / STATE).write_text(content)
    assert under_way(tmp_path, JOB) is None


def test_pauses_count_from_when_jmeter_had_got_going_and_losses_from_the_first_request(
    traffic: UnderWay,
) -> None:
    recorded(traffic, 0, 1200, 1300, 2400)
    going = replace(traffic, even_since=NOW + 1.2)
    going.write()
    assert left(traffic.out) == going
    assert failed(traffic.verdict_so_far(NOW + 2.5))[0].startswith("longest gap 1.2 s")
    assert not [each for each in failed(going.verdict_so_far(NOW + 2.5)) if "gap" in each and "1.2" in each]
    assert [each for each in failed(going.verdict_so_far(NOW + 2.5)) if each.startswith("longest gap 1.1 s")]
    recorded(traffic, 2000, 1200, 0, lost=1)
    assert any("1 failed" in each for each in failed(going.verdict_so_far(NOW + 2.1)))


def test_what_another_job_left_is_under_way_no_more_once_it_ended(traffic: UnderWay) -> None:
    traffic.write()
    assert under_way(traffic.out, {**JOB, "GO_STAGE_COUNTER": "2"}) is None


@pytest.mark.parametrize(
    ("end", "said"),
    [
        ({}, "JMeter, and what kept it, was killed"),
        ({"ended": 1001.0}, "JMeter ended by itself, before it was told to"),
        ({"ended": 1001.0, "problem": "JMeter exited 1: no heap"}, "JMeter exited 1: no heap"),
    ],
)
def test_what_this_job_began_and_ended_by_itself_has_failed(
    traffic: UnderWay, end: dict[str, float | str], said: str
) -> None:
    replace(traffic, **end).write()  # type: ignore[arg-type]
    recorded(traffic, 0, 500)
    found = under_way(traffic.out, JOB)

    assert found
    assert failed(found.verdict_so_far(NOW + 1)) == [said]


def test_traffic_so_far_without_fault_has_passed(traffic: UnderWay) -> None:
    """Neither the samples still to come, nor a label not yet seen, nor half a line counts against it."""
    recorded(traffic, 0, 500, 1000, rest=f"{NOW * 1000 + 1000},10,pa")
    verdict = traffic.verdict_so_far(NOW + 1)

    assert verdict.passed
    assert verdict.measurement
    assert verdict.measurement.sent == 3


def test_what_is_lost_already_fails_at_once(traffic: UnderWay) -> None:
    recorded(traffic, 0, 500, 1000, lost=1)
    assert failed(traffic.verdict_so_far(NOW + 1)) == ["1 failed (1 answered 500); at most 0 allowed"]


def test_a_gap_is_judged_as_far_as_it_is_certain(traffic: UnderWay) -> None:
    """A sample may have ended, and not be in the record yet."""
    recorded(traffic, 0, 500)
    assert traffic.verdict_so_far(NOW + 3.4).passed
    assert failed(traffic.verdict_so_far(NOW + 4)) == [
        "longest gap 1.5 s from 0.5 s on; at most 1 s allowed",
    ]


def test_a_record_that_cannot_be_read_has_failed(traffic: UnderWay) -> None:
    assert failed(traffic.verdict_so_far(NOW)) == [f"{traffic.jtl} cannot be read: No such file or directory"]
