from pathlib import Path
from xml.etree import ElementTree as ET

from gocd.report.criteria import criteria
from gocd.samples.limits import Thresholds
from gocd.samples.measurement import measure
from gocd.samples.verdict import Criterion, judge
from tests.gocd.report.rollouts import write_jtl


def rows(told: tuple[Criterion, ...]) -> list[list[str]]:

    page = ET.fromstring(f"<body>{criteria(told)}</body>")
    return [[" ".join(" ".join(cell.itertext()).split()) for cell in row] for row in page.iter("tr")]


def test_every_criterion_has_its_limit_what_was_measured_and_the_verdict(tmp_path: Path) -> None:
    measured = measure(write_jtl(tmp_path / "run.jtl", 10, lost={3: "503"}))
    limits = Thresholds({"max-errors": 5, "max-gap": 30}, {"checkout": {"p95": 100}})
    told = rows(judge(measured, limits).criteria)

    assert told[0] == ["Criterion", "Limit", "Measured", "Verdict"]
    assert told[1:] == [
        ["record", "-", "-", "passed"],
        [f"{tmp_path / 'run.jtl'}: 100 samples"],
        ["min-samples", "at least 1", "100", "passed"],
        ["max-errors", "at most 5", "10", "failed"],
        ["10 failed (10 answered 503); at most 5 allowed"],
        ["max-gap", "at most 30 s", f"{measured.longest_gap_s:g} s", "passed"],
        ["min-samples checkout", "at least 1", "0", "failed"],
        ["no samples have this label"],
    ]


def test_what_is_not_known_and_what_is_not_judged_is_told_as_that() -> None:
    told = (
        Criterion("cloudwatch", None, 0, None, "", True, "web: 5xx of instances: none until 12:03 UTC"),
        Criterion("cloudwatch", None, None, 1, "", True, "web: 1 instances unhealthy at one time"),
    )

    assert [row for row in rows(told)[1:] if len(row) > 1] == [
        ["cloudwatch", "at most 0", "-", "not known yet"],
        ["cloudwatch", "-", "1", "not judged"],
    ]
