"""Put an instance back into its load balancers and wait until it serves."""

from collections.abc import Sequence

from tasks import options
from tasks.aws.instances import Instance
from tasks.aws.load_balancer import LoadBalancer, Member, State
from tasks.clock import SystemClock
from tasks.console import Color
from tasks.deployment_lock import locked
from tasks.errors import Refused
from tasks.joining import register, wait_until_serving
from tasks.log import Log
from tasks.lookup import connect, look_up
from tasks.memory import Memory
from tasks.next_command import next_command
from tasks.running import running
from tasks.waiting import Wait


def attach_instance(
    instance: Instance,
    balancers: Sequence[LoadBalancer],
    memory: Memory,
    wait: Wait,
    log: Log,
    *,
    timeout: float | None = None,
    dry_run: bool = False,
) -> None:
    """Attach *instance* and return once every load balancer calls it healthy.

    An instance that is draining is registered anew; one that is registered already is waited for all
    the same. It comes back on the ports that it was taken away from. If the wait is cancelled or fails
    it stays registered: the load balancer itself sends nothing to it until it is healthy.

    Args:
        timeout: Seconds to wait until healthy; by default what the health check settings allow for.

    Raises:
        Refused: It is not running, or a load balancer says that it can never serve; nothing was changed.
        TaskError: The same, said only after it was registered.
        TimedOut: It is not healthy in time.
    """
    if instance.state != "running":
        raise Refused(f"{instance.name} is {instance.state}", "Start it first")
    seen = [(balancer, balancer.roster(instance).of(instance)) for balancer in balancers]
    for balancer, member in seen:
        if member.state is State.STUCK:
            raise Refused(f"{instance.name} cannot serve in {balancer.name} as it is ({member.words})")
    joining = [balancer for balancer, member in seen if member.state is not State.SERVING]
    if dry_run:
        _say_plan(instance, seen, log)
        return
    for balancer, member in seen:
        _rejoin(instance, balancer, member, memory, wait, log)
    if joining:
        seconds = wait_until_serving(instance, joining, wait, timeout)
        _say_serving(instance, joining, seconds, log)
        _slow_start(instance, joining, wait)
    for balancer in balancers:
        memory.forget(balancer)


def _rejoin(
    instance: Instance, balancer: LoadBalancer, member: Member, memory: Memory, wait: Wait, log: Log
) -> None:
    if member.state is State.SERVING:
        log.say(f"{instance.name}: already serving in {balancer.name}; nothing to do")
        log.event("serving", instance=instance.name, load_balancer=balancer.address, already="yes")
        return
    again = next_command("attach-instance", instance.name, balancer)
    log.stands(
        f"{instance.name} stays registered with {balancer.name} and serves as soon as it is healthy",
        f"To wait for it: {again}",
    )
    if member.state in (State.OUT, State.LEAVING):
        absence = memory.of(balancer)
        register(instance, balancer, absence.ports if absence else member.ports, wait)
    within = balancer.settings().healthy_within
    log.say(f"{instance.name}: registered with {balancer.name}; healthy within {within:.0f} s if all is well")
    log.event("joining", instance=instance.name, load_balancer=balancer.address)


def _slow_start(instance: Instance, joining: Sequence[LoadBalancer], wait: Wait) -> None:
    longest = max(balancer.settings().slow_start for balancer in joining)
    if longest:
        wait.rest(longest, f"{instance.name}: healthy, slow start")


def _say_serving(instance: Instance, joining: Sequence[LoadBalancer], seconds: float, log: Log) -> None:
    names = ", ".join(balancer.name for balancer in joining)
    log.stands(f"{instance.name} serves in {names}")
    log.say(f"{instance.name}: healthy in {names} after {seconds:.0f} s, {log.calls()} AWS calls")
    for balancer in joining:
        log.event("serving", instance=instance.name, load_balancer=balancer.address)


def _say_plan(instance: Instance, seen: Sequence[tuple[LoadBalancer, Member]], log: Log) -> None:
    for balancer, member in seen:
        if member.state is State.SERVING:
            log.say(f"{instance.name}: already serving in {balancer.name}; nothing would be done")
        elif member.state in (State.OUT, State.LEAVING):
            log.say(f"{instance.name}: {member.words} in {balancer.name}; would be registered and awaited")
        else:
            log.say(f"{instance.name}: {member.words} in {balancer.name}; would be awaited")


def command(
    instance: options.Instance,
    load_balancer: options.LoadBalancers,
    timeout: options.Timeout = None,
    lock: options.LockChoice = "auto",
    lock_wait: options.LockWait = 0,
    dry_run: options.DryRun = False,
    events: options.Events = None,
    color: options.ColorChoice = Color.AUTO,
) -> None:
    """Put an instance back into its load balancers and wait until it serves.

    Example: gocd-tasks attach-instance Staging-1 --load-balancer staging
    """
    with running("attach-instance", events, color) as log:
        aws = connect(log)
        found, balancers, memory = look_up(aws, instance, load_balancer, log)
        wait = Wait(SystemClock(), log)
        names = [balancer.address for balancer in balancers]
        with locked(names, lock, lock_wait, "attach-instance", aws, wait, log, dry_run=dry_run) as locks:
            if locks.contended:
                found, balancers, memory = look_up(aws, instance, names, log)
            locks.check()
            attach_instance(found, balancers, memory, wait, log, timeout=timeout, dry_run=dry_run)
