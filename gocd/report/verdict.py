"""The verdict in one sentence, from what is known."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from gocd.report.intervals import length, shared, union
from gocd.report.rollout import Rollout
from gocd.report.task_runs import Ending, TaskRun
from gocd.report.traffic import Traffic, measured
from gocd.report.wording import duration

# Seconds without a success that a user notices.
NOTICED = 1.0
# Seconds by which the clocks of two agents may differ.
APART = 2.0


@dataclass(frozen=True)
class Conclusion:
    """One sentence or two; *good* is None where nothing is proven."""

    sentence: str
    good: bool | None


def judge(traffic: Sequence[Traffic], rollout: Rollout, *, complete: bool = True) -> Conclusion:
    """Say first what failed, then what the users saw; what was not measured is never called good.

    Args:
        complete: Whether all the traffic that was measured could be read.
    """
    seen = _seen(traffic, rollout, complete)
    unwell = _unwell(rollout.runs)
    if unwell and seen.good is False:
        return Conclusion(f"{seen.sentence.removesuffix('.')}, and {unwell}.", good=False)
    return Conclusion(f"{unwell}. {seen.sentence}", good=False) if unwell else seen


def _seen(traffic: Sequence[Traffic], rollout: Rollout, complete: bool) -> Conclusion:
    sent = sum(each.measurement.sent for each in traffic)
    if not sent:
        happened = "No request was sent" if traffic else "No traffic was measured"
        return Conclusion(f"{happened}, so nothing is proven.", good=None)
    if lost := sum(each.measurement.lost for each in traffic):
        return Conclusion(f"{lost:,} of {sent:,} requests {'was' if lost == 1 else 'were'} lost.", good=False)
    if doubt := _doubt(traffic, rollout, complete):
        return Conclusion(f"No request was lost, but {doubt}.", good=None)
    total = length(union(rollout.changing))
    watched = f", and traffic was measured for all of the rollout's {duration(total)}" if total else ""
    return Conclusion(f"No request was lost{watched}.", good=True)


def _doubt(traffic: Sequence[Traffic], rollout: Rollout, complete: bool) -> str:
    """Say why a loss may have gone unseen; empty if none can have."""
    if not complete or any(each.measurement.truncated for each in traffic):
        return "not all that was measured could be read"
    gap = max(each.measurement.longest_gap_s for each in traffic)
    return _unwatched(traffic, rollout) or (f"none succeeded for {duration(gap)}" if gap > NOTICED else "")


def _unwatched(traffic: Sequence[Traffic], rollout: Rollout) -> str:
    working = union(rollout.changing)
    total = length(working)
    watched = sum(shared(measured(traffic), start, end) for start, end in working)
    if total - watched <= APART:
        return ""
    if not watched:
        return "traffic was not measured while the rollout ran"
    return f"traffic was measured for only {duration(watched)} of the rollout's {duration(total)}"


def _unwell(runs: Sequence[TaskRun]) -> str:
    """Name what did not end well, and was not done again since with success."""
    latest: dict[tuple[str, ...], TaskRun] = {}
    for run in runs:
        # A stage that is run again has a counter one higher.
        stage = run.stage.rpartition("/")[0]
        latest[run.pipeline, stage, run.job, run.name] = run
    unwell = [run for run in latest.values() if run.outcome is not Ending.DONE]
    if not unwell:
        return ""
    first = unwell[0]
    if len(unwell) > 1:
        return f"{len(unwell):,} tasks did not end well, {first.name} first"
    how = {Ending.FAILED: "failed", Ending.NOT_SEEN: "did not end", Ending.TIMED_OUT: "timed out"}
    return f"{first.name} {how.get(first.outcome, f'was {first.outcome.value}')}"
