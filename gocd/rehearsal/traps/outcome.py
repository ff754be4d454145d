"""How a pipeline got through a trap."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from gocd.rehearsal.standin_aws.machines.instances import Instance
from gocd.rehearsal.standin_aws.world import World
from gocd.rehearsal.standin_gocd.runs import PipelineRun, Status
from gocd.rehearsal.traps.trap import NEW, Place
from gocd.rehearsal.traps.ways import INSTALL_TO
from gocd.samples.measurement import Measurement

# What a task's exit code says.
ENDS: dict[int | None, str] = {3: "not done in time"}


@dataclass(frozen=True)
class Outcome:
    """How one pipeline ended.

    Args:
        status: GoCD's word for it.
        lost: Requests that its users lost, of so many *sent*.
        wrong: What is not as a rollout must leave it, in words.
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
    def through(self) -> bool:
        """Whether it rolled out, and nobody lost anything."""
        return self.status is Status.PASSED and not self.wrong and not self.lost

    @property
    def red(self) -> bool:
        """Whether somebody was harmed: a user, whoever believes a green pipeline, or who is woken by this."""
        return not self.safe

    @property
    def safe(self) -> bool:
        """Whether nobody was: all is as it must be, or it ended in words that say why it is not.

        What is lost on a site that was not touched is lost by that site.
        """
        as_it_must = self.status is Status.PASSED and not self.wrong
        return self._untouched or (not self.lost and (as_it_must or self._in_words))

    @property
    def words(self) -> str:
        """For a table: what was lost, and how else it ended."""
        lost = f"{self.lost:,} of {self.sent:,} lost" if self.lost else "0 lost"
        if self._untouched:
            return f"refused, {lost} as before" if self.lost else f"{lost}, refused"
        if self.status is not Status.PASSED and self._in_words:
            return f"{lost}, {ENDS.get(self.exit_code, 'halted')}"
        if self.status is Status.PASSED and not self.wrong:
            return f"{lost}, rolled out"
        end = "wrong green" if self.status is Status.PASSED else "failed half-way"
        ended = f"{end}: {', '.join(self.wrong)}" if self.wrong else end
        return f"{lost}, {ended}" if self.lost else ended

    @property
    def _in_words(self) -> bool:
        return self.said.startswith("error: ")

    @property
    def _untouched(self) -> bool:
        return self._in_words and "; nothing was changed" in self.said


def outcome(aws: World, place: Place, run: PipelineRun, traffic: Measurement) -> Outcome:
    """Judge what *run* did to *place* and to its users."""
    counted = Outcome(run.status, traffic.lost, traffic.sent, tuple(_wrong(aws, place)))
    failed = next((task for task in run.tasks() if task.status is Status.FAILED), None)
    return replace(counted, said=failed.last_line, exit_code=failed.exit_code) if failed else counted


def _wrong(aws: World, place: Place) -> Iterator[str]:
    serving = aws.serving(place.front)
    versions = {each.id: _version(each) for each in aws.parts.instances}
    if len(serving) < len(place.servers):
        yield f"{len(serving)} of {len(place.servers)} servers serve"
    if old := sorted({versions[each] for each in serving} - {NEW}):
        yield f"users get {', '.join(old)}"
    if any(versions[each.id] == NEW for each in place.bystanders):
        yield f"others get {NEW}"


def _version(instance: Instance) -> str:
    file = instance.root / INSTALL_TO.lstrip("/") / "current/VERSION"
    return file.read_text(encoding="utf-8").strip() if file.exists() else "none"
