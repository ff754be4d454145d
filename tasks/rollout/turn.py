"""One batch's turn: out, drained, deployed, settled, proved, and back in."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from tasks.aws.load_balancer import LoadBalancer
from tasks.balancing.absences import Memory
from tasks.balancing.attach import join
from tasks.balancing.batch import Batch
from tasks.balancing.detach import leave
from tasks.balancing.floor import Floor
from tasks.balancing.idle_drain import DrainUntilIdle
from tasks.deployers.deployer import Deployer, DeploysAtOnce, DeploysMany, Release, ReleaseFailed
from tasks.rollout.at_once import deploy_at_once
from tasks.rollout.questions import Questions, settle, wait_for_all
from tasks.running.errors import TaskError, TimedOut
from tasks.running.log import Log
from tasks.running.waiting import Wait


class Halted(TaskError):
    """The rollout stopped, with a batch left out for a person to look at."""


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
    """

    release: Release
    deployer: Deployer
    questions: Questions
    floor: Floor
    memory: Memory
    wait: Wait
    log: Log
    settle: Settle
    status_timeout: float
    until_idle: DrainUntilIdle | None = None

    def take(self, batch: Batch, balancers: Sequence[LoadBalancer], finished: Batch) -> None:
        """Deploy to a *batch* behind *balancers*; *finished* have the release and only have to come back.

        Raises:
            Halted: A server of it is not well with the release; the batch stays out.
            FloorBroken: Too few would be left; nothing of this batch was changed.
        """
        done = {instance.id for instance in finished}
        fresh = Batch(tuple(instance for instance in batch if instance.id not in done))
        if len(fresh):
            leave(
                *(fresh, balancers, self.floor, self.memory, self.wait, self.log),
                until_idle=self.until_idle,
            )
        out = f"{batch.does('stays', 'stay')} out of {', '.join(each.name for each in balancers)}"
        self.log.stands(out)
        if len(fresh):
            self._deploy(fresh, out)
            how = self.settle
            check = self.questions.deployed
            settle(check, fresh, self.wait, self.log, seconds=how.seconds, consecutive=how.consecutive)
        missing = wait_for_all(self.questions.deployed, batch, self.wait, self.status_timeout, self.log)
        if missing:
            words = ", ".join(f"{each.name} {missing[each.id]}" for each in batch if each.id in missing)
            raise Halted(f"halted: {self.release.version} is installed but {words}")
        for instance in fresh:
            self.log.event("deployed", instance=instance.name, version=self.release.version)
        try:
            join(batch, balancers, self.memory, self.wait, self.log)
        except TimedOut as late:
            raise TimedOut(f"halted: {late.what}") from None

    def _deploy(self, batch: Batch, out: str) -> None:
        self.log.stands(f"{batch.names} may have either version, and {out}")
        failures = self._failures(batch)
        if failures:
            self.log.stands("; ".join([*self._runs(batch, failures), out]))
            raise Halted(f"halted: {'; '.join(failure.what for failure in failures.values())}")
        self.log.stands(out)
        self.log.say(f"{batch.names}: {self.release.version} installed, {self.log.calls()} AWS calls so far")

    def _failures(self, batch: Batch) -> Mapping[str, TaskError]:
        if isinstance(self.deployer, DeploysMany):
            return self.deployer.deploy_all(self.release, batch.instances, self.wait, self.log)
        if isinstance(self.deployer, DeploysAtOnce):
            most = self.deployer.at_once
            return deploy_at_once(self.deployer, most, self.release, batch.instances, self.wait, self.log)
        for number, instance in enumerate(batch):
            try:
                self.deployer.deploy(self.release, instance, self.wait, self.log)
            except TaskError as failure:
                untouched = batch.instances[number + 1 :]
                runs = "what it ran before"
                return {instance.id: failure} | {
                    each.id: ReleaseFailed(f"{each.name} was not deployed to", runs) for each in untouched
                }
        return {}

    def _runs(self, batch: Batch, failures: Mapping[str, TaskError]) -> list[str]:
        """What runs on each server of a batch that was not deployed to as a whole."""
        well = Batch(tuple(each for each in batch if each.id not in failures))
        known = {key: each.runs for key, each in failures.items() if isinstance(each, ReleaseFailed)}
        unknown = Batch(tuple(each for each in batch if each.id in failures and each.id not in known))
        return [
            *(f"{each.name}: {known[each.id]}" for each in batch if each.id in known),
            *([f"{unknown.names} may have either version"] if unknown else []),
            *([f"{well.does('has', 'have')} {self.release.version}"] if well else []),
        ]
