"""The rolling recipe in its three phases: gather the servers, deploy batch by batch, prove them all.

Source: the recipe "Concepts for Rolling Deployment strategy for applications in production environment".
"""

from collections.abc import Sequence
from dataclasses import dataclass

from tasks.balancing.no_drain import refuse_short_drain
from tasks.balancing.share import Share
from tasks.rollout.batches import batch_size, check_fits, in_order
from tasks.rollout.beforehand import ask_everyone
from tasks.rollout.deploying import Deploying
from tasks.rollout.fleet import Fleet, Server
from tasks.rollout.proving import Proving
from tasks.rollout.turn import Turn
from tasks.running.errors import TaskError


@dataclass(frozen=True)
class RolloutPlan:
    """A release goes onto a fleet.

    Args:
        servers: In the order in which they get it.
        size: How many at a time.
    """

    version: str
    servers: Sequence[Server]
    size: int


def plan_rollout(fleet: Fleet, batch: Share, turn: Turn) -> RolloutPlan:
    """Gather the servers behind the load balancers of *fleet*, say who they are, and plan their order.

    Raises:
        Refused: There is no server, a batch is too large, requests would be cut off although that is
            forbidden, the release cannot be deployed, too few answer what they are asked, or users are
            hurt already.
    """
    log = turn.log
    log.say(f"Phase 1 of 3, gather: the servers behind {', '.join(each.title for each in fleet.balancers)}")
    servers = in_order(fleet.gather(log))
    for server in servers:
        log.say(f"{server.instance.name}: {server.words}, {server.instance.zone}")
    if turn.release.artifact:
        turn.deployer.check_all(turn.release, [server.instance for server in servers])
        log.steps(turn.deployer.doubts(turn.release))
    size = batch_size(batch, len(servers))
    check_fits(servers, size, fleet.balancers, turn.floor)
    refuse_short_drain(fleet.balancers, turn.require_drain)
    ask_everyone(servers, size, fleet.balancers, turn.questions, turn.floor, log)
    turn.users.refuse_if_hurt()
    return RolloutPlan(turn.release.version, servers, size)


def roll_out(plan: RolloutPlan, fleet: Fleet, deploying: Deploying, proving: Proving) -> None:
    """Carry out *plan* on the *fleet* it was made for; safe to repeat.

    Raises:
        TaskError: The rollout halted, or servers without the release were left, or none at all.
    """
    wait, log, version = deploying.turn.wait, deploying.turn.log, plan.version
    start = wait.clock.now()
    log.say(f"Phase 2 of 3, deploy: {version} to {len(plan.servers)} servers, {plan.size} at a time")
    progress = deploying.run(fleet, plan.size)
    log.say(f"Phase 3 of 3, prove: version and deployed time of {len(fleet)} servers")
    proved = proving.run(fleet, progress.deployed)
    there = fleet.ids - {instance.id for instance in proved.stopped} - proved.without
    deployed = progress.deployed & there
    off = f", {proved.stopped.with_verb('is', 'are')} stopped" if proved.stopped else ""
    outcome = f"{version} is on {len(there)} servers, {len(deployed)} of them deployed to now{off}"
    left = f"left out: {', '.join(fleet.left_out.values())}; " if fleet.left_out else ""
    log.say(f"{outcome}; {left}{wait.since(start):.0f} s, {log.calls()} AWS calls")
    if log.standing.changed:
        log.stands(outcome)
    if not fleet.ids:
        raise TaskError(f"nobody is behind {', '.join(each.name for each in fleet.balancers)} any more")
    if proved.words:
        raise TaskError(proved.words)
    # One may have joined since it began.
    fleet.refuse_unknown()
