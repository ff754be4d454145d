"""What passes, what fails, and how it is said."""

import json
import xml.etree.ElementTree as ET
from pathlib import Path

import pytest

from gocd.samples.limits import RULES, Thresholds
from gocd.samples.measurement import measure
from gocd.samples.verdict import Verdict, headline, judge, went_wrong
from gocd.samples.verdict_files import junit_xml, verdict_json

# Twenty answers of 1 to 20 ms, one every 100 ms, but none from 1.0 s to 1.5 s; then two that failed.
LINES = [(100 * i + (500 if i > 10 else 0), i + 1, "page", "200") for i in range(20)]
LINES += [(2410, 10, "pay", "503"), (2415, 10, "pay", "Non HTTP response code: java.net.SocketException")]


def jtl(folder: Path, lines: list[tuple[int, int, str, str]], tail: str = "") -> Path:
    path = folder / "run.jtl"
    rows = [
        f"{1_700_000_000_000 + due},{took},{label},{code},{str(code == '200').lower()}\n"
        for due, took, label, code in lines
    ]
    path.write_text("timeStamp,elapsed,label,responseCode,success\n" + "".join(rows) + tail)
    return path


def judged(folder: Path, overall: dict[str, float], **labels: dict[str, float]) -> Verdict:
    return judge(measure(jtl(folder, LINES)), Thresholds(overall, labels))


def failures(verdict: Verdict) -> list[str]:
    return [criterion.subject for criterion in verdict.failed]


@pytest.mark.parametrize(
    ("limit", "passes", "fails"),
    [
        ("max-errors", 2, 1),
        # 2 of 22 are 9.0909 %.
        ("max-error-rate", 9.1, 9.09),
        # Successes were complete at 1011 and 1612.
        ("max-gap", 0.601, 0.6),
        ("p50", 10, 9),
        ("p90", 18, 17),
        ("p95", 19, 18.9),
        ("p99", 20, 19),
        ("min-samples", 22, 23),
        # 20 successes from 0 to 2425 ms are 8.247 a second.
        ("min-throughput", 8.24, 8.25),
    ],
)
def test_a_limit_holds_up_to_itself_and_no_further(
    tmp_path: Path, limit: str, passes: float, fails: float
) -> None:
    tolerant = {"max-errors": 100.0}
    assert failures(judged(tmp_path, {**tolerant, limit: passes})) == []
    [criterion] = judged(tmp_path, {**tolerant, limit: fails}).failed
    assert (criterion.name, criterion.label, criterion.limit) == (limit, None, fails)


def test_every_limit_is_tried_here() -> None:
    assert len(RULES) == 9


def test_a_failed_sample_is_one_too_many_unless_some_are_allowed(tmp_path: Path) -> None:
    assert failures(judged(tmp_path, {})) == [
        "2 failed (1 answered 503, 1 connection reset); at most 0 allowed"
    ]
    assert failures(judged(tmp_path, {"max-error-rate": 10})) == []


def test_messages_say_what_was_measured_and_what_is_allowed(tmp_path: Path) -> None:
    limits = {"max-errors": 9.0, "max-error-rate": 1.5, "max-gap": 0.5, "p95": 5, "min-throughput": 100}
    assert failures(judged(tmp_path, limits)) == [
        "9.091 % failed (1 answered 503, 1 connection reset); at most 1.5 % allowed",
        "longest gap 0.601 s from 1.0 s on; at most 0.5 s allowed",
        "p95 19 ms; at most 5 ms allowed",
        "8.247 /s succeeded; at least 100 /s needed",
    ]


def test_a_label_is_held_to_its_own_limits(tmp_path: Path) -> None:
    verdict = judged(tmp_path, {"max-errors": 2}, page={"p95": 5}, pay={"max-errors": 0})
    assert failures(verdict) == [
        "page: p95 19 ms; at most 5 ms allowed",
        "pay: 2 failed (1 answered 503, 1 connection reset); at most 0 allowed",
    ]


def test_a_label_that_never_ran_fails(tmp_path: Path) -> None:
    verdict = judged(tmp_path, {"max-errors": 2}, login={"p95": 5})
    assert failures(verdict) == ["login: no samples have this label"]


def test_a_percentile_of_nothing_that_succeeded_fails(tmp_path: Path) -> None:
    result = judge(measure(jtl(tmp_path, [(0, 5, "a", "503")])), Thresholds({"max-errors": 1, "p95": 9}))
    assert failures(result) == ["p95 unknown, as none succeeded; at most 9 ms allowed"]


def test_no_samples_fail_whatever_is_allowed(tmp_path: Path) -> None:
    tolerant = {"min-samples": 0.0, "max-errors": 9.0}
    for limits in ({}, tolerant):
        verdict = judge(measure(jtl(tmp_path, [])), Thresholds(limits))
        assert not verdict.passed
        assert "run.jtl has no samples, so nothing is proven" in failures(verdict)[0]


def test_one_of_several_files_without_samples_fails(tmp_path: Path) -> None:
    empty = tmp_path / "empty"
    empty.mkdir()
    whole, nothing = jtl(tmp_path, [(0, 5, "a", "200")]), jtl(empty, [])
    [criterion] = judge(measure(whole, nothing), Thresholds()).failed
    assert criterion.subject == f"{nothing} has no samples, so nothing is proven"


def test_a_file_that_breaks_off_fails_although_all_that_is_read_is_good(tmp_path: Path) -> None:
    path = jtl(tmp_path, [(0, 5, "a", "200")], tail="1700000000100,5,a,20")
    [criterion] = judge(measure(path), Thresholds()).failed
    assert criterion.subject == f"{path} breaks off in line 3: what came after it is not known"


def test_what_went_wrong_before_fails_without_any_file() -> None:
    verdict = judge(None, Thresholds(), [went_wrong("jmeter", "JMeter exited 1: no")])
    assert not verdict.passed
    assert json.loads(verdict_json(verdict))["overall"] is None


def test_the_figures_that_matter_are_one_line(tmp_path: Path) -> None:
    assert headline(measure(jtl(tmp_path, LINES))) == "22 samples, 2 errors, longest gap 601 ms, p95 19 ms"
    assert headline(measure(jtl(tmp_path, LINES[:1]))) == "1 sample, 0 errors, longest gap 1 ms, p95 1 ms"
    assert headline(measure(jtl(tmp_path, []))) == "0 samples, 0 errors"


def test_the_json_has_the_criteria_and_the_figures(tmp_path: Path) -> None:
    told = json.loads(verdict_json(judged(tmp_path, {"max-errors": 2, "p95": 5}, page={"p50": 10})))
    assert (told["schema"], told["passed"]) == (1, False)
    assert [(each["name"], each["label"], each["passed"]) for each in told["criteria"]] == [
        ("record", None, True),
        ("min-samples", None, True),
        ("max-errors", None, True),
        ("p95", None, False),
        ("min-samples", "page", True),
        ("p50", "page", True),
    ]
    assert told["criteria"][3] == {
        "name": "p95",
        "label": None,
        "limit": 5,
        "measured": 19,
        "unit": "ms",
        "passed": False,
        "message": "p95 19 ms; at most 5 ms allowed",
    }
    assert told["overall"]["lost_by_kind"] == {"answered 503": 1, "connection reset": 1}
    assert (told["overall"]["throughput"], told["overall"]["error_rate"]) == (8.247, 9.091)
    assert told["labels"]["page"]["sent"] == 20
    assert told["files"] == [
        {"path": str(tmp_path / "run.jtl"), "samples": 22, "cut_off_line": None, "same_as": None}
    ]


def test_the_junit_file_has_a_test_case_for_each_criterion(tmp_path: Path) -> None:
    suite = ET.fromstring(junit_xml(judged(tmp_path, {"p95": 5}, page={"p50": 10})))
    assert suite.tag == "testsuite"
    assert (suite.get("tests"), suite.get("failures"), suite.get("time")) == ("6", "2", "2.425")
    failed = {case.get("name"): case[0].get("message") for case in suite if len(case)}
    assert failed == {
        "max-errors 0": "2 failed (1 answered 503, 1 connection reset); at most 0 allowed",
        "p95 5": "p95 19 ms; at most 5 ms allowed",
    }
    assert {case.get("classname") for case in suite} == {"verify-traffic", "verify-traffic.page"}


def test_a_label_may_hold_anything_and_the_junit_file_is_still_xml(tmp_path: Path) -> None:
    label = 'a<b>&"c"\x00\x1b\ud800\uffff'
    verdict = judge(measure(jtl(tmp_path, LINES)), Thresholds({"max-errors": 2}, {label: {"p50": 1}}))
    suite = ET.fromstring(junit_xml(verdict).encode())
    assert suite[-1].get("classname") == 'verify-traffic.a<b>&"c"\\x00\\x1b\\ud800\\uffff'
    assert json.loads(verdict_json(verdict))["criteria"][-1]["label"] == label
