"""The rolling recipe in its three phases: gather the servers, deploy batch by batch, prove them all.

Source: the recipe "Concepts for Rolling Deployment strategy for applications in production environment".
"""

from collections.abc import Sequence

from tasks.balancing.batch import Batch
from tasks.deployers.deployer import DeploysMany
from tasks.rollout.batches import BatchSize, batches, check_fits, in_order
from tasks.rollout.deploying import Deploying
from tasks.rollout.fleet import Fleet, Server
from tasks.rollout.proving import Proving
from tasks.running.log import Log


def rolling_deploy(
    fleet: Fleet, size: BatchSize, deploying: Deploying, proving: Proving, log: Log, *, dry_run: bool = False
) -> None:
    """Deploy one release to everyone behind the load balancers of *fleet*; safe to repeat.

    Raises:
        Refused: There is no server, a batch is too large, or the release cannot be deployed; nothing was
            changed.
        TaskError: The rollout halted, or servers without the release were left.
    """
    clock = deploying.turn.wait.clock
    version = deploying.turn.release.version
    start = clock.now()
    log.say(f"Phase 1 of 3, gather: the servers behind {', '.join(each.title for each in fleet.balancers)}")
    servers = in_order(fleet.gather(log))
    for server in servers:
        log.say(f"{server.instance.name}: {server.words}, {server.instance.zone}")
    _check_deployable(servers, deploying)
    number = size.of(len(servers))
    check_fits(servers, number, fleet.balancers, deploying.turn.floor)
    if dry_run:
        _say_plan(servers, number, version, log)
        return
    log.say(f"Phase 2 of 3, deploy: {version} to {len(servers)} servers, {number} at a time")
    progress = deploying.run(fleet, number)
    log.say(f"Phase 3 of 3, prove: version and deployed time of {len(fleet)} servers")
    stopped = proving.run(fleet, progress.deployed)
    off = {instance.id for instance in stopped}
    have = len((progress.deployed | progress.had_it) - off)
    without = f", {Batch(tuple(stopped)).does('is', 'are')} stopped" if stopped else ""
    log.say(
        f"{version} is on {have} servers, {len(progress.deployed - off)} of them deployed to now{without}; "
        f"{clock.now() - start:.0f} s, {log.calls()} AWS calls"
    )


def _check_deployable(servers: Sequence[Server], deploying: Deploying) -> None:
    deployer, release = deploying.turn.deployer, deploying.turn.release
    instances = [server.instance for server in servers]
    if isinstance(deployer, DeploysMany):
        deployer.check_all(release, instances)
        return
    for instance in instances:
        deployer.check(release, instance)


def _say_plan(servers: Sequence[Server], size: int, version: str, log: Log) -> None:
    for number, batch in enumerate(batches(servers, size), 1):
        names = Batch(tuple(each.instance for each in batch)).names
        log.say(f"batch {number} would be: {names}")
    log.say(f"{version} would go to {len(servers)} servers, {size} at a time")
