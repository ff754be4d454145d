import json
from dataclasses import replace

import pytest

from gocd.rehearsal.load.lateness import Lateness
from gocd.rehearsal.summary import Capacity, TaskRow, as_json, figures, losses, versions_over_time
from gocd.samples.measurement import Measurement
from gocd.samples.version_spans import VersionSpan


def span(from_s: float, to_s: float, *versions: str) -> VersionSpan:
    return VersionSpan(from_s, to_s, frozenset(versions))


MEASURED = Measurement(
    sent=16_480,
    succeeded=16_480,
    lost=0,
    lost_by_kind={},
    longest_gap_s=0.011,
    gap_began_s=14.2,
    p50_ms=1,
    p95_ms=4,
    p99_ms=9,
    first_at=1000.0,
    last_at=1041.2,
    versions=(span(0, 14.1, "1.0"), span(14.1, 31.4, "1.0", "2.0"), span(31.4, 41.2, "2.0")),
    requests_per_version={"1.0": 8000, "2.0": 8480},
    seconds=(),
    truncated=False,
)
TASKS = [
    TaskRow("staging/1", "Staging-1-out", "detach-instance Staging-1", 6.2, "passed"),
    TaskRow("staging/1", "Staging-1-out", "sleep-settle", 3.04, "passed", "quiet for 3 s"),
    TaskRow("staging/1", "Staging-1-in", "attach-instance Staging-1", 1205.3, "passed"),
    TaskRow("verify", "verify", "verify-traffic", 9.0, "failed", "p95 4 ms"),
]


def test_figures_read_from_what_was_lost_to_what_was_left() -> None:
    assert figures(MEASURED, Capacity(1, 2), "rehearsal/report.html") == [
        "requests   16,480 sent   0 lost   longest gap 11 ms",
        "latency    p50 1 ms   p95 4 ms   p99 9 ms",
        "versions   1.0 until 14 s, both until 31 s, 2.0 from then on",
        "capacity   never fewer than 1 healthy of 2",
        "report     rehearsal/report.html",
    ]


def test_what_is_not_known_is_not_said() -> None:
    nothing = replace(MEASURED, sent=0, succeeded=0, longest_gap_s=0.0, versions=(), requests_per_version={})

    assert figures(nothing) == ["requests   0 sent   0 lost   longest gap 0 ms"]
    assert losses(nothing) == "No request was sent, so nothing is proven."


def test_what_this_machine_was_too_slow_for_is_said_in_place_of_the_figure() -> None:
    late = figures(MEASURED, lateness=Lateness(2.5, 200, 43.4))
    very_late = figures(MEASURED, lateness=Lateness(2.5, 1000, 43.4))

    assert figures(MEASURED, lateness=Lateness(2.5)) == figures(MEASURED)
    assert late[:3] == [
        "requests   16,480 sent   0 lost   longest gap at most 11 ms",
        "latency    p50 1 ms   p95 4 ms",
        "late       This machine was too slow to measure p99 and the longest gap: 200 of 16,480 requests "
        "began more than 2.5 ms late here, up to 43 ms.",
    ]
    assert very_late[1] == "latency    p50 1 ms"
    assert "to measure p95, p99 and the longest gap: 1,000 of" in very_late[2]
    assert "to measure the longest gap exactly: 1 of" in figures(MEASURED, lateness=Lateness(2.5, 1, 9))[2]


def test_how_many_served_is_known_as_far_as_they_were_looked_at() -> None:
    assert Capacity(1, 2, 0.4).words == "never fewer than 1 healthy of 2"
    assert Capacity(1, 2, 3.2).words == "never fewer than 1 healthy of 2, as far as looks 3.2 s apart see"


def test_a_record_cut_off_is_said() -> None:
    assert any("cut off" in line for line in figures(replace(MEASURED, truncated=True)))


def test_a_gap_of_seconds_is_told_in_seconds() -> None:
    assert "longest gap 1.2 s" in figures(replace(MEASURED, longest_gap_s=1.234))[0]


@pytest.mark.parametrize(
    ("kinds", "sentence"),
    [
        ({}, "No request was lost."),
        ({"reset": 1}, "1 request was lost: 1 reset."),
        (
            {"answered 503": 30, "connection reset": 7},
            "37 requests were lost: 30 answered 503, 7 connection reset.",
        ),
        ({"refused": 1200}, "1,200 requests were lost: 1,200 refused."),
    ],
)
def test_losses_are_one_sentence(kinds: dict[str, int], sentence: str) -> None:
    assert losses(replace(MEASURED, lost=sum(kinds.values()), lost_by_kind=kinds)) == sentence


@pytest.mark.parametrize(
    ("spans", "words"),
    [
        ([span(0, 40, "1.0")], "1.0 all the way"),
        ([span(0, 4.26, "1.0"), span(4.26, 40, "2.0")], "1.0 until 4.3 s, 2.0 from then on"),
        (
            [span(0, 14, "1.0"), span(14, 20), span(20, 40, "2.0")],
            "1.0 until 14 s, none until 20 s, 2.0 from then on",
        ),
        (
            [span(0, 14, "1.0", "2.0"), span(14, 40, "2.0", "3.0")],
            "1.0 and 2.0 until 14 s, 2.0 and 3.0 from then on",
        ),
    ],
)
def test_versions_over_time_are_a_sentence(spans: list[VersionSpan], words: str) -> None:
    assert versions_over_time(spans) == words


def test_the_same_as_json_names_its_schema() -> None:
    told = json.loads(as_json(MEASURED, TASKS, Capacity(1, 2), report="r.html"))
    assert list(told) == ["schema", "verdict", "requests", "tasks", "capacity", "report", "late"]
    assert (told["schema"], told["verdict"], told["report"]) == (1, "No request was lost.", "r.html")
    assert told["requests"]["versions"][1]["versions"] == ["1.0", "2.0"]
    assert told["tasks"][1] == {
        "stage": "staging/1",
        "job": "Staging-1-out",
        "task": "sleep-settle",
        "seconds": 3.04,
        "status": "passed",
        "remark": "quiet for 3 s",
    }
    assert told["capacity"] == {"lowest": 1, "of": 2}
    assert json.loads(as_json(MEASURED, []))["capacity"] is None
