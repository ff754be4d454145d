"""One batch's turn: out, drained, deployed, settled, proved, and back in."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from tasks.aws.instances import Instance
from tasks.aws.load_balancer import LoadBalancer
from tasks.balancing.absences import Memory
from tasks.balancing.attach import plan_attach
from tasks.balancing.batch import Batch
from tasks.balancing.detach import detach
from tasks.balancing.detach_plan import DetachPlan, plan_detach
from tasks.balancing.ending import NO_SOONER, Ending
from tasks.balancing.floor import Floor
from tasks.balancing.lag import planned_again
from tasks.deployers.answered import note_answered
from tasks.deployers.deployer import Deployer, ReleaseFailed
from tasks.deployers.noted import Note, Stage, nowhere
from tasks.deployers.release import Release
from tasks.rollout.questions import Questions
from tasks.running.errors import TaskError, TimedOut
from tasks.running.log import Log
from tasks.running.waiting import Wait
from tasks.status.settle import settle_batch, wait_for_all
from tasks.traffic.coming_back import come_back
from tasks.traffic.so_far import NOBODY, Users, UsersHurt


class Halted(TaskError):
    """The rollout stopped, with a batch left for a person to look at, mostly out."""


@dataclass(frozen=True)
class Settle:
    """How a batch comes to rest before it is asked.

    Args:
        seconds: The whole time; with *consecutive*, the longest.
        consecutive: Good answers in a row from each server that are enough; None sleeps.
    """

    seconds: float = 60
    consecutive: int | None = None


@dataclass(frozen=True)
class Turn:
    """Takes one batch after the other through the same steps.

    Args:
        status_timeout: Seconds in which a server must answer with the new release.
        note: Notes how far the release has come on servers.
        users: Who are asked how they fare once a batch is back.
    """

    release: Release
    deployer: Deployer
    questions: Questions
    floor: Floor
    memory: Memory
    wait: Wait
    settle: Settle
    status_timeout: float
    ending: Ending = NO_SOONER
    require_drain: float = 0
    note: Note = nowhere
    users: Users = NOBODY

    @property
    def log(self) -> Log:
        return self.wait.log

    def take(self, batch: Batch, balancers: Sequence[LoadBalancer], finished: Batch) -> None:
        """Deploy to a *batch* behind *balancers*; *finished* have the release and only have to come back.

        Raises:
            Halted: A server of it is not well with the release, and the batch stays out; or users are hurt
                once it is back, and it was taken out again, unless the floor forbids that.
            FloorBroken: Too few would be left; nothing of this batch was changed.
        """
        fresh = batch.without(finished)
        if fresh:
            self.deployer.prepare(self.release, fresh.instances, self.wait)
            plan = planned_again(lambda: self._planned(fresh, balancers), self.wait)
            detach(plan, self.floor, self.memory, self.wait)
        out = f"{batch.with_verb('stays', 'stay')} out of {', '.join(each.name for each in balancers)}"
        self.log.stands(out)
        if fresh:
            self._deploy(fresh, out)
            how = self.settle
            settle_batch(
                self.questions.deployed, fresh, self.wait, seconds=how.seconds, consecutive=how.consecutive
            )
        missing = wait_for_all(self.questions.deployed, batch, self.wait, self.status_timeout)
        if missing:
            words = ", ".join(f"{each.name} {missing[each.id]}" for each in batch if each.id in missing)
            raise Halted(f"halted: {self.release.version} is installed but {words}")
        note_answered(self.deployer, self.release.version, batch.instances, self.note, self.wait)
        for instance in fresh:
            self.log.event("deployed", instance=instance.name, version=self.release.version)
        try:
            back = plan_attach(batch, balancers, self.memory)
            come_back(back, self.users, self.floor, self.ending, self.wait)
        except TimedOut as late:
            raise TimedOut(f"halted: {late.what}") from None
        except UsersHurt as hurt:
            raise Halted(f"halted: {hurt.what}", hurt.advice) from None

    def _planned(self, batch: Batch, balancers: Sequence[LoadBalancer]) -> DetachPlan:
        required = self.require_drain
        return plan_detach(
            batch, balancers, self.floor, self.memory, self.wait, self.ending, require_drain=required
        )

    def _deploy(self, batch: Batch, out: str) -> None:
        self.log.stands(f"{batch.names} may have either version, and {out}")
        self.note(batch.instances, self.release.version, Stage.BEGUN)
        try:
            failures = self.deployer.deploy_all(self.release, batch.instances, self.wait)
        except TaskError as error:
            if not error.begun:
                self.log.stands(f"{batch.with_verb('runs what it', 'run what they')} ran before, and {out}")
            raise
        if failures:
            self.log.stands("; ".join([*self._runs(batch, failures), out]))
            raise Halted(f"halted: {'; '.join(failure.what for failure in failures.values())}")
        self.log.stands(out)
        self.log.say(f"{batch.names}: {self.release.version} installed, {self.log.calls()} AWS calls so far")

    def _runs(self, batch: Batch, failures: Mapping[str, TaskError]) -> list[str]:
        """What runs on each server of a batch that was not deployed to as a whole."""
        well = Batch(tuple(each for each in batch if each.id not in failures))
        known = {key: each.runs for key, each in failures.items() if isinstance(each, ReleaseFailed)}
        known |= {key: "what it ran before" for key, each in failures.items() if not each.begun}
        unknown = Batch(tuple(each for each in batch if each.id in failures and each.id not in known))
        return [
            *(_of(each, known[each.id]) for each in batch if each.id in known),
            *([f"{unknown.names} may have either version"] if unknown else []),
            *([f"{well.with_verb('has', 'have')} {self.release.version}"] if well else []),
        ]


def _of(instance: Instance, runs: str) -> str:
    """What an instance runs, which may name it already."""
    return runs if runs.startswith(instance.name) else f"{instance.name}: {runs}"
