"""The third phase: every server is compared with the release, and the few that differ are stopped."""

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
from tasks.rollout.batches import in_order
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
class Proving:
    """Proves a fleet.

    Args:
        max_stopped: Servers without the release that may be stopped; more of them fail the run.
    """

    turn: Turn
    proof: Proof
    machines: Machines
    max_stopped: int = 3

    def run(self, fleet: Fleet, deployed_now: set[str]) -> list[Instance]:
        """Compare every server with the release, stop those that do not have it, and return all stopped ones.

        Args:
            deployed_now: Ids of those that this run deployed to.

        Raises:
            TaskError: More do not have it than may be stopped, and none was; or it cannot be told.
        """
        log, version = self.turn.log, self.proof.release.version
        servers = in_order(fleet.look_again(log))
        everyone = Batch(tuple(server.instance for server in servers))
        findings = self.proof.compare(everyone, deployed_now, self.turn.wait)
        wrong = [server for server in servers if server.instance.id in findings.wrong]
        for server in wrong:
            words = findings.wrong[server.instance.id]
            log.say(f"{server.instance.name}: does not have {version}: {words}")
        stopped = [*fleet.stopped, *(server.instance for server in wrong)]
        self._refuse_too_many(Batch(tuple(stopped)))
        for server in wrong:
            self._stop(server, fleet)
        for balancer in fleet.balancers:
            balancer.restore_settings()
        self._refuse_unproved(everyone, findings)
        return stopped

    def _stop(self, server: Server, fleet: Fleet) -> None:
        balancers = [each for each in fleet.balancers if each.address in server.places]
        turn = self.turn
        stop_gracefully(
            server.instance, balancers, self.machines, turn.floor, turn.memory, turn.wait, turn.ending
        )

    def _refuse_too_many(self, without: Batch) -> None:
        if len(without) > self.max_stopped:
            raise TaskError(
                f"FAILED: {len(without)} servers do not have {self.proof.release.version} ({without.names}), "
                f"and no more than {self.max_stopped} may be stopped, so none was stopped now"
            )

    def _refuse_unproved(self, everyone: Batch, findings: Findings) -> None:
        unproved = Batch(tuple(each for each in everyone if each.id in findings.unproved))
        if len(unproved):
            why = findings.unproved[unproved.instances[0].id]
            raise TaskError(
                f"that {unproved.with_verb('has', 'have')} {self.proof.release.version} is not proved: {why}"
            )


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
