"""The end of a rehearsal: its verdict, its figures, its report."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from gocd.files import write_whole
from gocd.pipeline import Pipeline
from gocd.rehearsal.load.lateness import Lateness
from gocd.rehearsal.plan import Plan
from gocd.rehearsal.standin_aws.world import World
from gocd.rehearsal.standin_gocd.runs import PipelineRun, Status
from gocd.rehearsal.storyline import Storyline
from gocd.rehearsal.summary import Capacity, as_json, figures, losses, versions_over_time
from gocd.report.page import write_report
from gocd.report.rollout import read_rollout
from gocd.report.traffic import Traffic, first_lost
from gocd.report.verdict import Conclusion
from gocd.samples.measurement import Measurement


@dataclass(frozen=True)
class Rehearsed:
    """How a rehearsal ended.

    Args:
        verdict: In a few sentences.
        passed: Whether the pipeline passed as far as it was approved, and no request was lost.
    """

    run: PipelineRun
    traffic: Measurement
    capacity: Capacity
    verdict: str
    lateness: Lateness

    @property
    def passed(self) -> bool:
        went_well = self.run.status in (Status.PASSED, Status.WAITING)
        return went_well and self.traffic.sent > 0 and self.traffic.lost == 0

    @property
    def cancelled(self) -> bool:
        return self.run.status is Status.CANCELLED


def verdict(aws: World, run: PipelineRun, traffic: Measurement) -> str:
    """Say how it went: the pipeline first if it did not pass, then its users, then what else happened."""
    sentences = [losses(traffic)]
    if run.status is Status.WAITING:
        sentences.append(f"Stage {run.waiting_for} waits for its approval: --approve {run.waiting_for}")
    elif run.status is not Status.PASSED:
        sentences.insert(0, f"Stage {run.stages[-1].name} {run.status.value}.")
    calls = aws.journal.calls
    if throttled := [call for call in calls if call.outcome.startswith("Throttl")]:
        sentences.append(f"AWS throttled {len(throttled):,} of {len(calls):,} calls.")
    if any(job.status is Status.LOST for stage in run.stages for job in stage.jobs):
        sentences.append("An agent was lost on the way, and another one did its job again.")
    return " ".join(sentences)


def conclude(
    rehearsed: Rehearsed, story: Storyline, plan: Plan, pipeline: Pipeline, say: Callable[[str], None]
) -> None:
    """Leave ``report.html`` and ``summary.json`` in the plan's folder, and tell the figures."""
    report = _write_report(rehearsed, plan, pipeline)
    summary = as_json(
        rehearsed.lateness.without_untrue(rehearsed.traffic),
        story.rows,
        rehearsed.capacity,
        verdict=rehearsed.verdict,
        report=str(report),
        lateness=rehearsed.lateness,
    )
    write_whole(plan.folder / "summary.json", summary)
    say("")
    for line in figures(rehearsed.traffic, rehearsed.capacity, str(report), rehearsed.lateness):
        say(line)
    say("")
    if rehearsed.run.status is Status.FAILED:
        last = rehearsed.run.stages[-1]
        for task in (task for job in last.jobs for task in job.tasks if task.status is Status.FAILED):
            say(task.last_line)
    say(rehearsed.verdict)


def _write_report(rehearsed: Rehearsed, plan: Plan, pipeline: Pipeline) -> Path:
    jtl, capacity, lateness = plan.folder / "traffic.jtl", rehearsed.capacity, rehearsed.lateness
    seen = lateness.without_untrue(rehearsed.traffic)
    late = [lateness.sentence(seen.sent)] if lateness.requests else []
    versions = [f"{versions_over_time(seen.versions)}."] if seen.requests_per_version else []
    # What a job published, and what one that was lost or cancelled had no chance to publish.
    events = [*plan.folder.glob("artifacts/**/*.jsonl"), *plan.folder.glob("agents/*/pipelines/**/*.jsonl")]
    return write_report(
        plan.folder,
        verdict=Conclusion(rehearsed.verdict, good=rehearsed.passed),
        traffic=[
            Traffic(jtl.name, seen, first_lost(jtl) if seen.lost else (), own_delay=bool(lateness.requests))
        ],
        rollout=read_rollout(sorted(events)),
        title=f"Rehearsal of {pipeline.name}",
        notes=[*late, *versions, f"{capacity.words.capitalize()}."],
        settings={
            "Rate": f"{plan.rate:,.15g} requests/s",
            "Speed": f"{plan.speed:g}",
            "Fault": plan.fault or "none",
        },
        repeat=f"gocd-tasks rehearse {plan.file}",
    )
