"""Runs of a pipeline whose environments take turns, one after the other, each with a release of its own."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from gocd.errors import GoCDError
from gocd.pipeline import Pipeline
from gocd.rehearsal.built_site import upstream_runs
from gocd.rehearsal.plan import Plan
from gocd.rehearsal.sample.release import build_release
from gocd.rehearsal.site import Site
from gocd.rehearsal.standin_gocd.materials import Upstream
from gocd.rehearsal.standin_gocd.runs import PipelineRun, Status


@dataclass
class Turns:
    """The turns that are left after the first.

    Args:
        version: The release of the turn that runs.
        upstream: What the server knows of other pipelines' runs.
    """

    plan: Plan
    pipeline: Pipeline
    version: str
    upstream: dict[str, Upstream]

    def run(self, once: Callable[[], PipelineRun], say: Callable[[str], None]) -> PipelineRun:
        """Run the pipeline for each turn, as long as it passes, and return the last run.

        Args:
            once: Runs it once, with what was published last.
        """
        run = once()
        for turn in range(2, self.plan.turns + 1):
            if run.status is not Status.PASSED:
                break
            self._publish(turn)
            say("")
            say(f"Turn {turn}, with {self.version}: blue is whoever has the users")
            run = once()
        return run

    def _publish(self, turn: int) -> None:
        self.version = f"{turn + 1}.0"
        release = build_release(self.version, self.plan.folder / "built")
        folder = self.plan.folder / "upstream" / f"turn-{turn}"
        self.upstream.update(upstream_runs(self.pipeline, self.version, release, folder))


def check_turns(plan: Plan, site: Site) -> None:
    """Raise GoCDError if *plan* asks for turns that cannot be taken."""
    if plan.turns == 1:
        return
    if not site.pair:
        raise GoCDError("no environments take turns in this pipeline; leave out --turns")
    if plan.artifact or plan.version:
        raise GoCDError("each turn has a release of its own; leave out --artifact and --version, or --turns")
