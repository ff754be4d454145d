"""The third phase: every server is compared with the release, and the few that differ are stopped."""

from dataclasses import dataclass

from tasks.aws.instances import Instance
from tasks.balancing.batch import Batch
from tasks.rollout.batches import in_order
from tasks.rollout.fleet import Fleet, Server
from tasks.rollout.proof import Findings, Proof
from tasks.rollout.stopping import Machines, stop_gracefully
from tasks.rollout.turn import Turn
from tasks.running.errors import TaskError


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
        findings = self.proof.compare(everyone, deployed_now, self.turn.wait, log)
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
        touched = (self.turn.floor, self.turn.memory, self.turn.wait, self.turn.log)
        stop_gracefully(server.instance, balancers, self.machines, *touched)

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
                f"that {unproved.does('has', 'have')} {self.proof.release.version} is not proved: {why}"
            )
