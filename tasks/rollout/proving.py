"""The third phase: every server is compared with the release, and the few that lost it again are stopped."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from tasks.aws.instances import Instance
from tasks.aws.load_balancer import LoadBalancer
from tasks.balancing.absences import Memory
from tasks.balancing.batch import Batch
from tasks.balancing.detach import detach
from tasks.balancing.detach_plan import plan_detach
from tasks.balancing.ending import NO_SOONER, Ending
from tasks.balancing.floor import Floor
from tasks.rollout.batches import batch_of, in_order
from tasks.rollout.beforehand import grouped
from tasks.rollout.fleet import Fleet, Server
from tasks.rollout.proof import Findings, Proof
from tasks.rollout.turn import Turn
from tasks.running.errors import TaskError, TimedOut
from tasks.running.waiting import Missing, Wait, closely

# Seconds that an operating system may take to shut down.
SHUTDOWN = 600.0


class Machines(Protocol):
    """Who turns instances off."""

    def stop(self, instance: Instance) -> None:
        """Order the shutdown; safe to repeat."""

    def stopped(self, instance: Instance) -> bool: ...


@dataclass(frozen=True)
class Proved:
    """How a fleet is once it was compared with the release.

    Args:
        stopped: Who is turned off and out.
        without: Ids of those that do not have the release, or cannot be seen to have it, and were left.
        words: Who those are, and why; empty if there are none.
    """

    stopped: Batch
    without: frozenset[str]
    words: str


@dataclass(frozen=True)
class Proving:
    """Proves a fleet.

    Args:
        max_stopped: Servers that lost the release again and may be stopped; more of them fail the run.
    """

    turn: Turn
    proof: Proof
    machines: Machines
    max_stopped: int = 3

    def run(self, fleet: Fleet, deployed_now: set[str]) -> Proved:
        """Compare every server with the release, and stop those that were given it and do not have it.

        One that nothing was deployed to is left as it is: it may serve, and whatever is wrong with it was so
        before.

        Args:
            deployed_now: Ids of those that this run deployed to.

        Raises:
            TaskError: More were given it in vain than may be stopped, and none was.
        """
        log, version = self.turn.log, self.proof.release.version
        servers = in_order(fleet.look_again(log))
        everyone = batch_of(servers)
        findings = self.proof.compare(everyone, deployed_now, self.turn.wait)
        for server in servers:
            if words := findings.wrong.get(server.instance.id):
                log.say(f"{server.instance.name}: does not have {version}: {words}")
        in_vain = [each for each in servers if each.instance.id in findings.wrong.keys() & deployed_now]
        self._refuse_too_many(batch_of(in_vain))
        for server in in_vain:
            self._stop(server, fleet)
        for balancer in fleet.balancers:
            balancer.restore_settings()
        return Proved(
            stopped=Batch((*fleet.stopped, *batch_of(in_vain))),
            without=frozenset((findings.wrong.keys() - deployed_now) | findings.unproved.keys()),
            words=self._left(everyone, deployed_now, findings),
        )

    def _stop(self, server: Server, fleet: Fleet) -> None:
        balancers = [each for each in fleet.balancers if each.address in server.places]
        turn = self.turn
        stop_gracefully(
            server.instance, balancers, self.machines, turn.floor, turn.memory, turn.wait, turn.ending
        )

    def _refuse_too_many(self, in_vain: Batch) -> None:
        if len(in_vain) > self.max_stopped:
            raise TaskError(
                f"FAILED: {len(in_vain)} servers were deployed to and do not have "
                f"{self.proof.release.version} ({in_vain.names}), and no more than {self.max_stopped} may be "
                "stopped, so none was stopped"
            )

    def _left(self, everyone: Batch, deployed_now: set[str], findings: Findings) -> str:
        version = self.proof.release.version
        left = Batch(tuple(each for each in everyone if each.id in findings.wrong.keys() - deployed_now))
        unproved = Batch(tuple(each for each in everyone if each.id in findings.unproved))
        sentences = []
        if left:
            have = left.with_verb(f"does not have {version}", f"do not have {version}")
            as_it_is = "was left as it is" if len(left) == 1 else "were left as they are"
            sentences.append(f"{have} and {as_it_is} ({grouped(left, findings.wrong)})")
        if unproved:
            has = unproved.with_verb("has", "have")
            sentences.append(f"that {has} {version} is not proved ({grouped(unproved, findings.unproved)})")
        return "; ".join(sentences)


def stop_gracefully(
    instance: Instance,
    balancers: Sequence[LoadBalancer],
    machines: Machines,
    floor: Floor,
    memory: Memory,
    wait: Wait,
    ending: Ending = NO_SOONER,
) -> None:
    """Stop *instance* once no request can reach it; a member of an Auto Scaling group from Standby.

    What it was taken out of stays remembered, so that it can be started and attached again.

    Raises:
        FloorBroken: The load balancers cannot spare it; it goes on serving.
        TimedOut: It does not stop.
    """
    log = wait.log
    detach(plan_detach(Batch((instance,)), balancers, floor, memory, wait, ending), floor, memory, wait)
    machines.stop(instance)
    log.stands(f"{instance.name} is being stopped")

    def look() -> Missing | None:
        return None if machines.stopped(instance) else Missing(f"{instance.name}: stopping")

    try:
        wait.until_done(look, pace=closely, within=SHUTDOWN)
    except TimedOut:
        raise TimedOut(f"{instance.name} has not stopped after {SHUTDOWN:.0f} s") from None
    log.say(f"{instance.name}: stopped")
    log.event("stopped", instance=instance.name)
