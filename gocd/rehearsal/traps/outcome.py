"""How a pipeline got through a trap."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from gocd.rehearsal.standin_aws.machines.instances import Instance
from gocd.rehearsal.standin_aws.world import World
from gocd.rehearsal.standin_gocd.runs import PipelineRun, Status
from gocd.rehearsal.traps.trap import Place
from gocd.rehearsal.traps.ways import INSTALL_TO
from gocd.samples.measurement import Measurement

# What a task's exit code says.
ENDS: dict[int | None, str] = {2: "refused", 3: "not done in time"}


@dataclass(frozen=True)
class Outcome:
    """How one pipeline ended.

    Args:
        status: GoCD's word for it.
        lost: Requests that its users lost, of so many *sent*.
        wrong: What is not as a rollout must leave it, in words; asked only of one that passed.
        said: The last line of what failed first, empty if nothing did.
        exit_code: That of what failed first.
    """

    status: Status
    lost: int
    sent: int
    wrong: Sequence[str] = ()
    said: str = ""
    exit_code: int | None = None

    @property
    def red(self) -> bool:
        """Whether somebody was harmed: a user, by a lost request, or whoever believes a green pipeline."""
        return self.lost > 0 or bool(self.wrong)

    @property
    def safe(self) -> bool:
        """Whether nobody was: all is as it must be, or it ended in words that say why it is not."""
        return not self.red and (self.status is Status.PASSED or self.said.startswith("error: "))

    @property
    def words(self) -> str:
        """For a table: what was lost, and how else it ended."""
        lost = f"{self.lost:,} of {self.sent:,} lost" if self.lost else "0 lost"
        if self.wrong:
            return f"{lost}, wrong green: {', '.join(self.wrong)}"
        return (
            f"{lost}, {'rolled out' if self.status is Status.PASSED else ENDS.get(self.exit_code, 'failed')}"
        )


def outcome(aws: World, place: Place, run: PipelineRun, traffic: Measurement, version: str) -> Outcome:
    """Judge what *run* did to *place* and to its users."""
    wrong = tuple(_wrong(aws, place, version)) if run.status is Status.PASSED else ()
    counted = Outcome(run.status, traffic.lost, traffic.sent, wrong)
    failed = next((task for task in run.tasks() if task.status is Status.FAILED), None)
    return replace(counted, said=failed.last_line, exit_code=failed.exit_code) if failed else counted


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
