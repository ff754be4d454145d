"""Back into the load balancers, and not done before they call every instance healthy."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from tasks.aws.instances import Instance
from tasks.aws.load_balancer import LoadBalancer, Member, Place, Roster, State
from tasks.aws.reasons import remedy_of
from tasks.balancing.absences import Memory
from tasks.balancing.batch import Batch
from tasks.balancing.next_command import next_command
from tasks.balancing.reach import Reach
from tasks.balancing.registering import register_and_tell
from tasks.balancing.whole import is_whole, missing_ports
from tasks.running.errors import Refused, TaskError, TimedOut
from tasks.running.log import Log
from tasks.running.waiting import Missing, Wait, closely


class Stuck(TaskError):
    """An instance is registered where it can never serve as things are."""

    def __init__(self, instance: Instance, member: Member, balancer: LoadBalancer) -> None:
        again = next_command("attach-instance", Batch((instance,)), balancer)
        super().__init__(
            f"{instance.name} cannot serve in {balancer.name} as it is ({member.words})",
            f"{remedy_of(member)}, then: {again}",
        )
        self.stays = f"{instance.name} stays registered with {balancer.name}, which sends it nobody"


@dataclass(frozen=True)
class AttachPlan:
    """Who joins which load balancers.

    Args:
        seen: Each of them, and everyone in it when this was planned.
    """

    batch: Batch
    seen: Sequence[tuple[LoadBalancer, Roster]]
    memory: Memory

    @property
    def balancers(self) -> list[LoadBalancer]:
        return [balancer for balancer, _ in self.seen]

    @property
    def joining(self) -> list[LoadBalancer]:
        """Those that somebody of the batch does not serve in yet."""
        return [
            balancer
            for balancer, roster in self.seen
            if not all(self._serves(instance, balancer, roster) for instance in self.batch)
        ]

    def _serves(self, instance: Instance, balancer: LoadBalancer, roster: Roster) -> bool:
        return is_whole(roster.of(instance), self.memory.of(instance, balancer))

    @property
    def steps(self) -> Iterator[str]:
        """What carrying it out would change, a line each."""
        for balancer, roster in self.seen:
            for instance in self.batch:
                member = roster.of(instance)
                where = f"{instance.name}: {member.words} in {balancer.name}"
                away = self.memory.of(instance, balancer)
                if is_whole(member, away):
                    yield f"{instance.name}: already serving in {balancer.name}; nothing would be done"
                elif member.state in (State.OUT, State.LEAVING) or missing_ports(member, away):
                    yield f"{where}; would be registered and awaited"
                else:
                    yield f"{where}; would be awaited"


def plan_attach(batch: Batch, balancers: Sequence[LoadBalancer], memory: Memory) -> AttachPlan:
    """Look at the load balancers, and plan who joins which.

    Raises:
        Refused: An instance is not running, or a load balancer says that it can never serve.
    """
    for balancer in balancers:
        balancer.refuse_joining(batch.instances)
    for instance in batch:
        if instance.state != "running":
            raise Refused(f"{instance.name} is {instance.state}", instance.to_run)
    seen = [(balancer, balancer.roster(*batch)) for balancer in balancers]
    for balancer, roster in seen:
        for instance in batch:
            member = roster.of(instance)
            if member.state is State.STUCK:
                stuck = Stuck(instance, member, balancer)
                raise Refused(stuck.what, stuck.advice)
            if member.state is State.OUT:
                balancer.check(instance)
    return AttachPlan(batch, seen, memory)


def attach(plan: AttachPlan, wait: Wait, *, timeout: float | None = None) -> None:
    """Carry out *plan*, and return once every load balancer calls all of its batch healthy.

    An instance that is draining is registered anew; one that is registered already is waited for all
    the same. It comes back on the ports that it was taken away from, and those of them that were healthy
    are waited for. If the wait is cancelled or fails
    it stays registered: the load balancer itself sends nothing to it until it is healthy.

    Args:
        timeout: Seconds to wait until healthy; by default what the health check settings allow for.

    Raises:
        TaskError: A load balancer says that an instance can never serve, now that it is registered.
        TimedOut: It is not healthy in time.
    """
    batch, memory = plan.batch, plan.memory
    for balancer, roster in plan.seen:
        _rejoin(batch, balancer, roster, memory, wait)
    if joining := plan.joining:
        seconds = wait_until_serving(batch, joining, memory, wait, timeout)
        _say_serving(batch, joining, seconds, wait.log)
        _slow_start(batch, joining, wait)
    memory.forget(batch, plan.balancers)
    for balancer in plan.balancers:
        balancer.restore_settings()


def wait_until_serving(
    batch: Batch,
    balancers: Sequence[LoadBalancer],
    memory: Memory,
    wait: Wait,
    timeout: float | None = None,
) -> float:
    """Return, after so many seconds, once every load balancer calls all of *batch* healthy.

    Args:
        timeout: Seconds; by default what the load balancers' own health check settings allow for.

    Raises:
        TaskError: A load balancer says that one can never serve as things are; at once.
        TimedOut: They are not all healthy in time; they stay registered.
    """
    pending = list(balancers)
    within = max(balancer.settings().healthy_within for balancer in balancers) if timeout is None else timeout
    start = wait.clock.now()
    unhealthy = dict.fromkeys((instance.id for instance in batch), "")
    taken_out: set[str] = set()

    def look() -> float | Missing:
        while pending:
            balancer, roster = pending[0], pending[0].roster(*batch)
            unhealthy.clear()
            unhealthy.update(_not_serving(batch, balancer, roster, memory))
            if unhealthy:
                taken_out.clear()
                taken_out.update(
                    each.id for each in batch if roster.of(each).state in {State.OUT, State.LEAVING}
                )
                return Missing(next(iter(unhealthy.values())))
            for instance in batch:
                if (member := roster.of(instance)).shifted:
                    wait.log.say(f"{instance.name}: {member.words} in {balancer.name}")
            pending.pop(0)
        return wait.since(start)

    try:
        return wait.until_done(look, pace=closely, within=within)
    except Stuck as stuck:
        wait.log.stands(stuck.stays)
        raise
    except TimedOut as late:
        named = ", ".join(balancer.name for balancer in pending)
        missing = Batch(tuple(each for each in batch if each.id in unhealthy))
        if gone := Batch(tuple(each for each in batch if each.id in taken_out)):
            was = gone.with_verb("was", "were")
            serves = "serves" if len(gone) == 1 else "serve"
            back = f"To put it back: {next_command('attach-instance', gone, *balancers)}"
            wait.log.stands(f"{was} taken out of {named} again meanwhile and {serves} nobody", back)
        raise TimedOut(
            f"{missing.names} did not become healthy in {named} in {within:.0f} s ({late.what})",
            f"Look at it, then: {next_command('attach-instance', missing, *balancers)}",
        ) from None


def _not_serving(batch: Batch, balancer: LoadBalancer, roster: Roster, memory: Memory) -> dict[str, str]:
    """By instance id, what is still missing, in words."""
    missing: dict[str, str] = {}
    reach = Reach(balancer.settings(), roster)
    for instance in batch:
        member = roster.of(instance)
        if member.state is State.STUCK:
            raise Stuck(instance, member, balancer)
        if is_whole(member, memory.of(instance, balancer)):
            continue
        if State.UNHEALTHY in member.targets:
            words = f"{member.words} in {balancer.name} (health check {balancer.settings().health_check})"
            if (pool := reach.pool(member.zone)).opens:
                words += f"; {pool.why}, so it gets requests all the same"
            missing[instance.id] = f"{instance.name}: {words}"
        elif member.state is State.OUT:
            # AWS may take a moment to follow an order; somebody may have given the opposite one.
            missing[instance.id] = f"{instance.name}: not registered with {balancer.name}"
        elif member.state is State.LEAVING or State.UNKNOWN in member.targets:
            missing[instance.id] = f"{instance.name}: {member.words} in {balancer.name}"
        else:
            missing[instance.id] = f"{instance.name}: registered with {balancer.name}"
    return missing


def _rejoin(batch: Batch, balancer: LoadBalancer, roster: Roster, memory: Memory, wait: Wait) -> None:
    log = wait.log
    serving = Batch(tuple(each for each in batch if is_whole(roster.of(each), memory.of(each, balancer))))
    if serving:
        log.say(f"{serving.names}: already serving in {balancer.name}; nothing to do")
        for instance in serving:
            log.event("serving", instance=instance.name, load_balancer=balancer.address, already="yes")
    joining = batch.without(serving)
    if not joining:
        return
    places = []
    for instance in joining:
        member, away = roster.of(instance), memory.of(instance, balancer)
        missing = missing_ports(member, away)
        if missing or member.state in (State.OUT, State.LEAVING):
            places.append(Place(instance, missing))
    if places:
        at_once = all(roster.of(place.instance).takes_back for place in places)
        register_and_tell(places, balancer, wait, at_once=at_once)
    stays = joining.with_verb("stays registered", "stay registered")
    log.stands(
        f"{stays} with {balancer.name} and {'serves' if len(joining) == 1 else 'serve'} once healthy",
        f"To wait for it: {next_command('attach-instance', joining, balancer)}",
    )
    reach = Reach(balancer.settings(), roster)
    if open_to := [pool for each in joining if (pool := reach.pool(each.zone)).opens and pool.members]:
        log.say(f"{balancer.name}: {open_to[0].why}; it sends to {joining.names} at once, healthy or not")
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
    log.stands(f"{batch.with_verb('serves', 'serve')} in {names}")
    log.say(f"{batch.names}: healthy in {names} after {seconds:.0f} s, {log.calls()} AWS calls")
    for balancer in joining:
        for instance in batch:
            log.event("serving", instance=instance.name, load_balancer=balancer.address)
