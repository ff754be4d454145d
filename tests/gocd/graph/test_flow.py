"""What a picture of a pipeline is made from."""

from pathlib import Path

from gocd.graph.flow import FlowJob, Source, Taken
from tests.gocd.graph.flows import flows


def test_a_pipeline_comes_after_what_starts_it(tmp_path: Path) -> None:
    build, release = flows(tmp_path)

    assert (build.name, release.name) == ("build", "release")
    assert release.facts == "group apps, lock lockOnFailure"
    assert release.sources == (
        Source("build", "pipeline build, stage compile (starts nothing)", "build", "compile"),
        Source("scripts", "git https://example.com/scripts, branch main (not polled)"),
    )


def test_a_gate_is_told_in_words(tmp_path: Path) -> None:
    _, release = flows(tmp_path)

    assert [(stage.name, stage.gate, stage.is_manual) for stage in release.stages] == [
        ("out", "by hand, by anna, role ops", True),
        ("report", "only after success", False),
    ]


def test_a_job_is_told_by_its_tasks_and_what_it_takes(tmp_path: Path) -> None:
    _, release = flows(tmp_path)
    out, report = release.stages

    assert out.jobs == (
        FlowJob(
            "first",
            ("verify-traffic --start", "detach-instance A", "ls", "script task"),
            (Taken("compile", "compile", ("app.zip",), "build"),),
        ),
        FlowJob("second (on 2 agents)", ("lock status", "report"), ()),
    )
    assert report.jobs[0].takes == (Taken("out", "first", ("events/a", "events/b")),)
    assert (out.taken_from, report.taken_from) == (frozenset(), frozenset({"out"}))
