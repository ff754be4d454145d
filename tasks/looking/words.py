"""A picture in lines, one fact each; the last ones say what to type next."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime

from tasks.aws.load_balancer import Member, State
from tasks.aws.reasons import reason_of
from tasks.balancing.absences import UNREAD
from tasks.deployers.noted import Noted, Stage
from tasks.locking.deployment_lock import span
from tasks.locking.owner import Owner
from tasks.locking.told import told_of
from tasks.looking.next_steps import next_steps
from tasks.looking.picture import Away, Picture, SeenBalancer, SeenLock, SeenMachine, SeenSwitch
from tasks.running.quoting import listed
from tasks.status.check import Told
from tasks.switching.record import State as SwitchState
from tasks.switching.shares import words_of

# With more machines than this, those of which the same is to be told are told together.
MANY = 12

# Names in one line, and steps, before it says how many more there are.
NAMED, STEPS = 8, 12


def lines(picture: Picture, here: Owner, *, ages: bool = True) -> list[str]:
    """Return all of it for people.

    Args:
        here: Who looks.
        ages: Whether to say for how long something has been so, which is another number each time.
    """
    now = picture.at if ages else None
    names = {each.address: each.name for each in picture.balancers}
    steps = next_steps(picture)
    return [
        *(_balancer(each, picture) for each in picture.balancers),
        *_machines(picture, names, now),
        *(f"{each.name}: {_lock(each, here, ages=ages)}" for each in picture.locks if _matters(each)),
        *(f"{each.title}: leads to {words_of(each.weights)}" for each in picture.led),
        *(_switch(each) for each in picture.switches),
        *picture.absent,
        *(f"not to be seen: {each.what} ({each.why})" for each in picture.unseen),
        *(f"next: {step.command} ({step.why})" for step in steps[:STEPS]),
        *([f"next: {len(steps) - STEPS} more of these, in --output json"] if len(steps) > STEPS else []),
        *([] if steps else [_nothing(picture)]),
    ]


def _balancer(seen: SeenBalancer, picture: Picture) -> str:
    if seen.healthy is None:
        return f"{seen.title}: who is in it may not be seen"
    opens = f"; {seen.opens}, so it sends to the others as well" if seen.opens else ""
    out = sum(seen.address in each.away and seen.address not in each.members for each in picture.machines)
    beside = f", and {out} out" if out else ""
    return f"{seen.title}: {seen.healthy} healthy of {seen.total}{beside}{opens}"


def _machines(picture: Picture, names: dict[str, str], now: datetime | None) -> Iterator[str]:
    together: dict[str, list[SeenMachine]] = {}
    for each in picture.machines:
        told = "; ".join(_parts(each, names, now))
        alone = len(picture.machines) <= MANY or each.away
        together.setdefault(f"{each.key if alone else ''} {told}", []).append(each)
    # What is wrong is read first, and is not lost among the many with which all is well.
    for key, some in sorted(together.items(), key=lambda each: each[1][0].serves):
        told = key.partition(" ")[2]
        if len(some) > 1:
            yield f"{len(some)} instances: {told}: {listed((each.name for each in some), NAMED)}"
        else:
            yield f"{_who(some[0])}: {told}"


def _who(machine: SeenMachine) -> str:
    if machine.instance is None:
        return f"{machine.key} (no instance here)"
    told = [machine.key if machine.name != machine.key else "", machine.instance.private_ip]
    return f"{machine.name} ({', '.join(each for each in [*told, machine.instance.zone] if each)})"


def _parts(machine: SeenMachine, names: dict[str, str], now: datetime | None) -> Iterator[str]:
    if machine.instance and machine.instance.state != "running":
        yield machine.instance.state
    for address, member in machine.members.items():
        yield _member(member, names.get(address, address))
    yield from _all_away(machine, names, now)
    if machine.lifecycle not in ("", "InService") and machine.instance:
        yield f"{machine.lifecycle} in Auto Scaling group {machine.instance.group}"
    if not machine.members and not machine.away:
        yield "registered with none of these load balancers" if names else "registered with no load balancer"
    if machine.release:
        yield _release(machine.release)
    if machine.answer is not None:
        yield _answer(machine.answer)


def _member(member: Member, name: str) -> str:
    regarded = replace(member, reason="").words
    where = "draining from" if member.state is State.LEAVING else f"{regarded} in"
    reason = reason_of(member)
    return f"{where} {name}" + (f", as {reason}" if reason else "")


def _all_away(machine: SeenMachine, names: dict[str, str], now: datetime | None) -> Iterator[str]:
    """What it is remembered as out of; several that it was taken out of at once are told as one."""
    told: dict[str, list[str]] = {}
    for address, away in machine.away.items():
        words = _away(away, machine.members.get(address), now)
        told.setdefault(words, []).append(names.get(address, address))
    for words, some in told.items():
        yield words.replace("{}", " and ".join(some))


def _away(away: Away, member: Member | None, now: datetime | None) -> str:
    """What is remembered, with braces for the load balancer."""
    since = "nobody knows when"
    if away.absence.since != UNREAD.since:
        age = f", {span((now - away.absence.since).total_seconds())} ago" if now else ""
        since = f"{_time(away.absence.since)}{age}"
    by = (away.who or away.absence.by or "somebody unknown").replace("{}", "")
    if member is None:
        return f"out of {{}}, taken out by {by} ({since})"
    if member.state is State.LEAVING:
        return f"told to leave {{}} by {by} ({since})"
    return f"remembered as out of {{}}, by {by} ({since}), though it is there"


def _release(release: Noted) -> str:
    when = _time(release.since)
    if release.stage is Stage.ANSWERED:
        return f"has {release.version}, which answered at {when} (deployed by {release.by})"
    if release.stage is Stage.INSTALLED:
        return (
            f"has {release.version}, installed at {when} by {release.by}, and nobody asked whether it answers"
        )
    if release.stage is Stage.BACK:
        return (
            f"went back to {release.version} at {when} (by {release.by}), and nobody asked whether it answers"
        )
    before = f"; {release.before} had answered before" if release.before else ""
    return (
        f"may have {release.version}: its deployment by {release.by} began at {when}, and it was not seen "
        f"to answer{before}"
    )


def _answer(answer: Told | str) -> str:
    if not isinstance(answer, Told):
        return str(answer)
    return ", ".join(
        [f"answers {answer.status}", *(f"{name} {each}" for name, each in answer.fields.items())]
    )


def _matters(lock: SeenLock) -> bool:
    """Whether it is worth a line: the lock of one instance is taken only where it is out of nothing."""
    return lock.holding is not None or not lock.name.startswith("instance:")


def _lock(lock: SeenLock, here: Owner, *, ages: bool) -> str:
    if lock.holding is None:
        return "free"
    if lock.over and not lock.holding.expired:
        return f"free, as {lock.over} ({lock.holding.who})"
    if lock.held and not ages:
        return f"locked by {lock.holding.who}, since {_time(lock.holding.since)}"
    return told_of(lock.name, lock.holding, here)


def _switch(seen: SeenSwitch) -> str:
    if seen.switch is None:
        return f"switch at {seen.place}: {seen.unread}"
    switch = seen.switch
    began = f"begun by {switch.who} at {_time(datetime.fromisoformat(switch.since))}"
    users = f"{switch.green} has {switch.at} % of the users of {seen.place}"
    if switch.state is SwitchState.BACK:
        return f"switch to {switch.green} at {seen.place}: taken back, {switch.blue} has all users ({began})"
    if switch.state is SwitchState.DONE:
        return f"switch to {switch.green} at {seen.place}: done, {users} ({began})"
    heading = f", on its way to {switch.to} %" if switch.heads else ""
    return f"switch to {switch.green} at {seen.place}: under way, {users}{heading} ({began})"


def _nothing(picture: Picture) -> str:
    if stuck := [each.name for each in picture.machines if State.STUCK in each.states]:
        return f"next: mend first why these cannot serve as they are: {listed(stuck, NAMED)}"
    if waiting := [each.name for each in picture.machines if not each.serves]:
        named = listed(waiting, NAMED)
        return f"next: nothing of ours is out, but not all serve ({named}); to see it change, add --watch"
    seen = "nothing that may be seen is" if picture.unseen else "nothing is"
    return f"next: {seen} out or unwell, so there is nothing to do"


def _time(moment: datetime) -> str:
    return f"{moment:%Y-%m-%d %H:%M:%S} UTC"
