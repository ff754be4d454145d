"""How far a run has come, from what the server tells of its stages."""

import pytest

from gocd.client.runs import JobRun, PipelineRun, StageRun
from tasks.runs.progress import Awaits, Passed, Runs, Stopped, progress


def stage(name: str, result: str = "", at: float = 1, approval: str = "success") -> StageRun:
    """One that has not begun, runs (``...``), or ended with a result."""
    if not result:
        return StageRun(name, 1, begun=False)
    over = result != "..."
    job = JobRun("j", "Completed" if over else "Building", result if over else "Unknown", at)
    return StageRun(name, 1, True, result if over else "Unknown", approval, jobs=(job,))


def run(*stages: StageRun) -> PipelineRun:
    return PipelineRun("app", 1, "1", 0, "", False, "", stages)


A, B = stage("a", "Passed", 1), stage("b", "Passed", 2)


@pytest.mark.parametrize(
    ("stages", "so_far"),
    [
        ((A, B), Passed()),
        ((A, stage("b")), Awaits(stage("b"))),
        ((A, stage("b", "...", 2)), Runs(stage("b", "...", 2))),
        ((A, stage("b", "Failed", 2), stage("c")), Stopped(stage("b", "Failed", 2))),
        ((A, stage("b", "Cancelled", 2), stage("c")), Stopped(stage("b", "Cancelled", 2))),
        # Begun by hand after what failed: all of it has not passed.
        ((stage("a", "Failed", 1), B), Stopped(stage("a", "Failed", 1))),
        # Run again, it has those after it follow, whatever they did before.
        ((stage("a", "Passed", 5), B), Awaits(B, again=True)),
        ((stage("a", "Passed", 5), stage("b", "Failed", 2)), Awaits(stage("b", "Failed", 2), again=True)),
        ((stage("a", "Failed", 5), B), Stopped(stage("a", "Failed", 5))),
    ],
)
def test_how_far_it_has_come(stages: tuple[StageRun, ...], so_far: object) -> None:
    assert progress(run(*stages)) == so_far
