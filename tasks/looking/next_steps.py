"""What to type next, for each thing that is not as it should be."""

import re
from collections.abc import Iterator
from dataclasses import dataclass

from tasks.aws.auto_scaling_group import ENTERING, STANDBY
from tasks.aws.load_balancer import State
from tasks.looking.picture import Picture, SeenLock, SeenMachine, SeenSwitch
from tasks.running.next_command import gocd_tasks
from tasks.switching.record import State as SwitchState


@dataclass(frozen=True)
class Step:
    """A command, ready to paste, and what it is for."""

    command: str
    why: str


def next_steps(picture: Picture) -> list[Step]:
    """Return them, the same one once."""
    locks = {each.name: each for each in picture.locks if each.held}
    steps = [
        *(step for each in picture.machines for step in _of_machine(each, locks, picture)),
        *(step for each in picture.locks for step in _of_lock(each)),
        *(step for each in picture.switches for step in _of_switch(each, locks)),
    ]
    return list(dict.fromkeys(steps))


def _of_machine(machine: SeenMachine, locks: dict[str, SeenLock], picture: Picture) -> Iterator[Step]:
    instance, name = machine.instance, machine.name
    if instance is None:
        return
    out = [address for address in machine.away if address not in machine.members]
    leaving = [
        address
        for address, member in machine.members.items()
        if member.state is State.LEAVING and address in machine.away
    ]
    at_work = next(
        (locks[each] for each in [*machine.away, f"instance:{instance.id}"] if each in locks), None
    )
    if (out or leaving) and at_work and at_work.holding:
        yield Step(
            gocd_tasks("status", name, "--watch"),
            f"{name} is away, and {at_work.holding.holder} may be at work on it ({at_work.name})",
        )
    elif out and instance.state != "running":
        yield Step(f"aws ec2 start-instances --instance-ids {instance.id}", f"{name} is {instance.state}")
        yield Step(_attach(name, out), f"once {name} runs and answers, as it is out")
    elif out:
        nobody = picture.all_locks or set(out) <= {each.name for each in picture.locks}
        at_it = (
            "and nobody is at work on it"
            if nobody
            else "and nobody can see whether somebody is at work on it"
        )
        yield Step(_attach(name, out), f"{name} is out, {at_it}")
    elif leaving:
        yield Step(_detach(name, leaving), f"{name} was told to leave, and nobody waits for it; to go on")
        yield Step(_attach(name, leaving), f"or to have {name} back")
    elif theirs := [each for each, member in machine.members.items() if member.state is State.LEAVING]:
        yield Step(_attach(name, theirs), f"{name} leaves by no command of ours; to have it back")
    elif machine.lifecycle in (STANDBY, ENTERING) and machine.attached:
        yield Step(
            _attach(name, [*machine.attached]), f"{name} is in Standby, and no command of ours did that"
        )
    elif left := [address for address in machine.away if address in machine.members]:
        yield Step(_attach(name, left), f"to have it forgotten that {name} was out")
    yield from _unwell(machine, picture)


def _unwell(machine: SeenMachine, picture: Picture) -> Iterator[Step]:
    for seen in picture.balancers:
        member = machine.members.get(seen.address)
        # Of a target group "GET :8080/path", of a classic load balancer "HTTP:8080/path"; others ask no URL.
        asked = re.fullmatch(r"(?:GET |HTTP)(:\d+/.*)", seen.check)
        if member and State.UNHEALTHY in member.targets and asked:
            url = f"http://{{private_ip}}{asked[1]}"
            ask = gocd_tasks("check-status", "--instance", machine.name, "--url", url)
            yield Step(ask, f"to see what {machine.name} answers to the health check of {seen.name}")


def _of_lock(lock: SeenLock) -> Iterator[Step]:
    there = lock.holding
    if there and lock.held and (there.unread or there.owner.is_whole_run):
        release = gocd_tasks("lock", "release", lock.name, "--force")
        yield Step(release, f"if {there.holder} is not at work any more")


def _of_switch(seen: SeenSwitch, locks: dict[str, SeenLock]) -> Iterator[Step]:
    switch = seen.switch
    if switch is None or switch.state is not SwitchState.UNDER_WAY or _locked(seen.place, locks):
        return
    zone, slash, record = seen.place.rpartition("/")
    at = ("--record", record, "--zone", zone) if slash else ("--load-balancer", seen.place)
    yield Step(gocd_tasks("switch-traffic", switch.green, *at), "to go on with the switch")
    yield Step(gocd_tasks("switch-traffic", "--back", *at), f"or to have {switch.blue} serve all users again")


def _locked(place: str, locks: dict[str, SeenLock]) -> bool:
    return any(name.split(":")[1:2] == [place] for name in locks)


def _attach(name: str, addresses: list[str]) -> str:
    return gocd_tasks("attach-instance", name, *_options(addresses))


def _detach(name: str, addresses: list[str]) -> str:
    return gocd_tasks("detach-instance", name, *_options(addresses))


def _options(addresses: list[str]) -> list[str]:
    return [word for address in addresses for word in ("--load-balancer", address)]
