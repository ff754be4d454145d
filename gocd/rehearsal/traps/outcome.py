"""How a pipeline got through a trap."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from gocd.rehearsal.standin_aws.machines.instances import Instance
from gocd.rehearsal.standin_aws.world import World
from gocd.rehearsal.standin_gocd.runs import PipelineRun, Status
from gocd.rehearsal.traps.trap import Place
from gocd.rehearsal.traps.ways import INSTALL_TO
from gocd.samples.measurement import Measurement


@dataclass(frozen=True)
class Outcome:
    """How one pipeline ended.

    Args:
        passed: GoCD calls it passed.
        lost: Requests that its users lost.
        wrong: What is not as a rollout must leave it, in words; asked only of one that passed.
        said: The last line of what failed first, empty if nothing did.
    """

    passed: bool
    lost: int
    sent: int
    wrong: Sequence[str]
    said: str = ""

    @property
    def red(self) -> bool:
        """Whether somebody was harmed: a user, by a lost request, or whoever believes a green pipeline."""
        return self.lost > 0 or bool(self.wrong)

    @property
    def safe(self) -> bool:
        """Whether nobody was: all is as it must be, or it ended in words that say why it is not."""
        return not self.red and (self.passed or self.said.startswith("error: "))

    @property
    def words(self) -> str:
        """For a table."""
        found = [f"{self.lost:,} of {self.sent:,} requests lost" if self.lost else "none lost"]
        if not self.passed:
            found.append("failed")
        elif self.wrong:
            found.append("wrong green")
        elif not self.lost:
            return "none lost, rolled out"
        return ", ".join(found)


def outcome(aws: World, place: Place, run: PipelineRun, traffic: Measurement, version: str) -> Outcome:
    """Judge what *run* did to *place* and to its users."""
    passed = run.status is Status.PASSED
    failed = [task.last_line for task in run.tasks() if task.status is Status.FAILED]
    return Outcome(
        passed,
        traffic.lost,
        traffic.sent,
        tuple(_wrong(aws, place, version)) if passed else (),
        failed[0] if failed else "",
    )


def _wrong(aws: World, place: Place, version: str) -> Iterator[str]:
    serving = aws.serving(place.front)
    versions = {each.id: _version(each) for each in aws.parts.instances}
    if len(serving) < len(place.servers):
        yield f"{len(serving)} of {len(place.servers)} servers serve"
    if old := sorted({versions[each] for each in serving} - {version}):
        yield f"users still get {', '.join(old)}"
    for each in place.bystanders:
        if versions[each.id] == version:
            yield f"{each.name}, of another system, got {version}"


def _version(instance: Instance) -> str:
    file = instance.root / INSTALL_TO.lstrip("/") / "current/VERSION"
    return file.read_text(encoding="utf-8").strip() if file.exists() else "none"
