"""Back into the load balancers, and not done before they call every instance healthy."""

from collections.abc import Sequence

from tasks.aws.load_balancer import LoadBalancer, Place, Roster, State
from tasks.balancing.absences import Memory
from tasks.balancing.batch import Batch
from tasks.balancing.next_command import next_command
from tasks.running.errors import Refused, TaskError, TimedOut
from tasks.running.log import Log
from tasks.running.waiting import Wait, near, soon


def join(
    batch: Batch,
    balancers: Sequence[LoadBalancer],
    memory: Memory,
    wait: Wait,
    log: Log,
    *,
    timeout: float | None = None,
    dry_run: bool = False,
) -> None:
    """Attach *batch* and return once every load balancer calls all of it healthy.

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
    for instance in batch:
        if instance.state != "running":
            raise Refused(f"{instance.name} is {instance.state}", "Start it first")
    seen = [(balancer, balancer.roster(*batch)) for balancer in balancers]
    _refuse_stuck(batch, seen)
    if dry_run:
        _say_plan(batch, seen, log)
        return
    for balancer, roster in seen:
        _rejoin(batch, balancer, roster, memory, wait, log)
    joining = [b for b, roster in seen if any(roster.of(i).state is not State.SERVING for i in batch)]
    if joining:
        seconds = wait_until_serving(batch, joining, wait, timeout)
        _say_serving(batch, joining, seconds, log)
        _slow_start(batch, joining, wait)
    memory.forget(batch, balancers)
    for balancer in balancers:
        balancer.restore_settings()


def register(places: Sequence[Place], balancer: LoadBalancer, wait: Wait, *, at_once: bool = True) -> None:
    """Register them; if not *at_once*, after the rest of a drain that the load balancer insists on."""

    def look() -> str | None:
        roster = balancer.roster(*(place.instance for place in places))
        for place in places:
            member = roster.of(place.instance)
            if member.state is State.LEAVING and not member.takes_back:
                return f"{place.instance.name}: draining from {balancer.name}, which takes it back only then"
        return None

    if not at_once:
        settings = balancer.settings()
        wait.until_done(look, pace=near(settings.drain), within=settings.drained_within)
    balancer.register(places)


def wait_until_serving(
    batch: Batch, balancers: Sequence[LoadBalancer], wait: Wait, timeout: float | None = None
) -> float:
    """Return, after so many seconds, once every load balancer calls all of *batch* healthy.

    Args:
        timeout: Seconds; by default what the load balancers' own health check settings allow for.

    Raises:
        TaskError: A load balancer says that one can never serve as things are; at once.
        TimedOut: They are not all healthy in time; they stay registered.
    """
    pending = list(balancers)
    missing = batch
    within = max(balancer.settings().healthy_within for balancer in balancers) if timeout is None else timeout

    def look() -> str | None:
        nonlocal missing
        while pending:
            words = _not_serving(batch, pending[0], pending[0].roster(*batch))
            if words:
                missing = Batch(tuple(each for each in batch if each.id in words))
                return next(iter(words.values()))
            pending.pop(0)
        return None

    try:
        return wait.until_done(look, pace=soon, within=within)
    except TimedOut as late:
        named = ", ".join(balancer.name for balancer in pending)
        raise TimedOut(
            f"{missing.names} did not become healthy in {named} in {within:.0f} s ({late.what})",
            f"Look at it, then: {next_command('attach-instance', missing, *balancers)}",
        ) from None


def _not_serving(batch: Batch, balancer: LoadBalancer, roster: Roster) -> dict[str, str]:
    """By instance id, what is still missing, in words."""
    missing: dict[str, str] = {}
    for instance in batch:
        member = roster.of(instance)
        if member.state is State.STUCK:
            raise TaskError(f"{instance.name} cannot serve in {balancer.name} as it is ({member.words})")
        if member.state is State.UNHEALTHY:
            check = f" (health check {balancer.settings().health_check})"
            missing[instance.id] = f"{instance.name}: {member.words} in {balancer.name}{check}"
        elif member.state is not State.SERVING:
            missing[instance.id] = f"{instance.name}: registered with {balancer.name}"
    return missing


def _refuse_stuck(batch: Batch, seen: Sequence[tuple[LoadBalancer, Roster]]) -> None:
    for balancer, roster in seen:
        for instance in batch:
            member = roster.of(instance)
            if member.state is State.STUCK:
                raise Refused(f"{instance.name} cannot serve in {balancer.name} as it is ({member.words})")


def _rejoin(
    batch: Batch, balancer: LoadBalancer, roster: Roster, memory: Memory, wait: Wait, log: Log
) -> None:
    serving = Batch(tuple(each for each in batch if roster.of(each).state is State.SERVING))
    if len(serving):
        log.say(f"{serving.names}: already serving in {balancer.name}; nothing to do")
        for instance in serving:
            log.event("serving", instance=instance.name, load_balancer=balancer.address, already="yes")
    joining = Batch(tuple(each for each in batch if roster.of(each).state is not State.SERVING))
    if not len(joining):
        return
    again = next_command("attach-instance", joining, balancer)
    stays = joining.does("stays registered", "stay registered")
    log.stands(
        f"{stays} with {balancer.name} and {'serves' if len(joining) == 1 else 'serve'} once healthy",
        f"To wait for it: {again}",
    )
    places = []
    for instance in joining:
        member, away = roster.of(instance), memory.of(instance, balancer)
        if member.state in (State.OUT, State.LEAVING):
            places.append(Place(instance, away.ports if away else member.ports))
    if places:
        at_once = all(roster.of(place.instance).takes_back for place in places)
        register(places, balancer, wait, at_once=at_once)
    within = balancer.settings().healthy_within
    log.say(f"{joining.names}: registered with {balancer.name}; healthy within {within:.0f} s if all is well")
    for instance in joining:
        log.event("joining", instance=instance.name, load_balancer=balancer.address)


def _slow_start(batch: Batch, joining: Sequence[LoadBalancer], wait: Wait) -> None:
    longest = max(balancer.settings().slow_start for balancer in joining)
    if longest:
        wait.rest(longest, f"{batch.names}: healthy, slow start")


def _say_serving(batch: Batch, joining: Sequence[LoadBalancer], seconds: float, log: Log) -> None:
    names = ", ".join(balancer.name for balancer in joining)
    log.stands(f"{batch.does('serves', 'serve')} in {names}")
    log.say(f"{batch.names}: healthy in {names} after {seconds:.0f} s, {log.calls()} AWS calls")
    for balancer in joining:
        for instance in batch:
            log.event("serving", instance=instance.name, load_balancer=balancer.address)


def _say_plan(batch: Batch, seen: Sequence[tuple[LoadBalancer, Roster]], log: Log) -> None:
    for balancer, roster in seen:
        for instance in batch:
            member = roster.of(instance)
            if member.state is State.SERVING:
                log.say(f"{instance.name}: already serving in {balancer.name}; nothing would be done")
            elif member.state in (State.OUT, State.LEAVING):
                log.say(
                    f"{instance.name}: {member.words} in {balancer.name}; would be registered and awaited"
                )
            else:
                log.say(f"{instance.name}: {member.words} in {balancer.name}; would be awaited")
