"""The time that was asked for is covered, or the run has failed and its ends are gaps."""

from pathlib import Path

import pytest

from gocd.samples.asked import Asked, asked_for
from gocd.samples.limits import Thresholds
from gocd.samples.measurement import Measurement, measure
from gocd.samples.verdict import Verdict, judge

# The second from which all times here count.
S = 1_700_000_000


def sent(folder: Path, *at: float, lost: tuple[float, ...] = ()) -> Measurement:
    rows = [f"{int((S + each) * 1000)},10,{str(each not in lost).lower()}\n" for each in at]
    path = folder / "run.jtl"
    path.write_text("timeStamp,elapsed,success\n" + "".join(rows))
    return measure(path)


def judged(measurement: Measurement, asked: Asked, **limits: float) -> Verdict:
    named = {name.replace("_", "-"): limit for name, limit in limits.items()}
    return judge(measurement, Thresholds(named), asked=asked)


def failures(verdict: Verdict) -> list[str]:
    return [criterion.subject for criterion in verdict.failed]


def test_a_run_that_ended_long_before_its_time_fails_whatever_is_allowed(tmp_path: Path) -> None:
    measurement = sent(tmp_path, 0, 0.1, 0.3)
    verdict = judged(measurement, asked_for(10, float(S)), max_errors=100)
    assert failures(verdict) == [
        "traffic was sent for 0.3 s of the 10.0 s asked for; at least 7.0 s needed",
    ]


def test_the_time_behind_the_last_success_is_a_gap(tmp_path: Path) -> None:
    verdict = judged(sent(tmp_path, *range(10)), Asked(S, S + 14.0), max_gap=2)
    assert "longest gap 4.99 s from 9.0 s on; at most 2 s allowed" in failures(verdict)
    assert verdict.measurement
    assert verdict.measurement.longest_gap_s == 4.99


def test_the_time_before_the_first_success_is_a_gap(tmp_path: Path) -> None:
    verdict = judged(sent(tmp_path, *range(5, 60)), Asked(S, S + 60.0), max_gap=2)
    assert failures(verdict) == ["longest gap 5.01 s until the first success; at most 2 s allowed"]


def test_a_lost_request_at_the_end_covers_the_time_and_closes_no_gap(tmp_path: Path) -> None:
    verdict = judged(sent(tmp_path, *range(10), lost=(8, 9)), Asked(S, S + 10.0), max_gap=2, max_errors=2)
    assert failures(verdict) == ["longest gap 2.99 s from 7.0 s on; at most 2 s allowed"]


def test_without_a_success_all_that_was_asked_for_is_a_gap(tmp_path: Path) -> None:
    verdict = judged(sent(tmp_path, 1, 9, lost=(1, 9)), Asked(S, S + 10.0), max_gap=9.9, max_errors=2)
    assert failures(verdict) == ["longest gap 10 s until the first success; at most 9.9 s allowed"]


@pytest.mark.parametrize("every", [1, 5, 20])
def test_a_run_of_rare_requests_that_lasted_as_long_as_asked_passes(tmp_path: Path, every: int) -> None:
    measurement = sent(tmp_path, *range(0, 60, every))
    assert failures(judged(measurement, asked_for(60, float(S)))) == []


def test_the_end_of_a_run_whose_time_jmeter_kept_is_no_gap(tmp_path: Path) -> None:
    measurement = sent(tmp_path, *(each / 10 for each in range(95)))
    assert failures(judged(measurement, asked_for(10, float(S)), max_gap=0.5)) == []
    assert failures(judged(measurement, Asked(S, S + 10.0), max_gap=0.5)) != []
