"""What is said of a picture, for people and for programs."""

import json
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from tasks.aws.load_balancer import Member, State
from tasks.aws.parameter import Look
from tasks.balancing.absences import UNREAD, Absence
from tasks.deployers.noted import TAG, read
from tasks.locking.deployment_lock import Holding
from tasks.locking.owner import Owner
from tasks.looking.as_json import as_json, steady
from tasks.looking.picture import Away, Led, Picture, SeenBalancer, SeenLock, SeenMachine, Unseen
from tasks.looking.words import lines
from tests.fakes import EPOCH, instance

HERE, WEB = Owner("bastion", "me"), "target-group:web"
README = (Path(__file__).parents[3] / "README.rst").read_text(encoding="utf-8")
ONE = instance(1)


def picture(*machines: SeenMachine, locks: tuple[SeenLock, ...] = ()) -> Picture:
    web = SeenBalancer(WEB, "web", "web (target group, port 80)", 0, 1, check="GET :80/")
    return Picture(EPOCH, "eu-west-1", balancers=(web,), machines=machines, locks=locks)


def out(absence: Absence, who: str = "staging/12, stage out/1") -> SeenMachine:
    return SeenMachine(ONE.id, ONE, {}, {WEB: Away(absence, who)})


def held(process: int = 7) -> SeenLock:
    look = Look(1, {}, "", EPOCH, EPOCH)
    owner = Owner("agent-3", "go", process=process)
    return SeenLock(WEB, Holding(owner, "token", "detach-instance", EPOCH, 120, look))


LEFT = Absence(served=True, ports=(80,), since=EPOCH - timedelta(minutes=23))


def test_who_is_out_is_told_by_whom_and_since_when_with_the_command_that_brings_it_back() -> None:
    seen = lines(picture(out(LEFT), locks=(SeenLock(WEB, None),)), HERE)

    assert seen == [
        "web (target group, port 80): 0 healthy of 1, and 1 out",
        "Staging-1 (i-1, 10.0.0.1, eu-west-1a): out of web, taken out by staging/12, stage out/1 "
        "(2025-12-31 23:37:00 UTC, 23 min ago)",
        f"{WEB}: free",
        f"next: gocd-tasks attach-instance Staging-1 --load-balancer {WEB} (Staging-1 is out, and nobody is "
        "at work on it)",
    ]


def test_while_somebody_is_at_work_nobody_is_told_to_put_it_back() -> None:
    steps = [each for each in lines(picture(out(LEFT), locks=(held(),)), HERE) if each.startswith("next: ")]

    assert steps == [
        "next: gocd-tasks status Staging-1 --watch (Staging-1 is away, and go@agent-3, process 7 may be at "
        f"work on it ({WEB}))"
    ]
    gone = replace(held(), over="its process 7 on this machine is gone")
    assert lines(picture(out(LEFT), locks=(gone,)), HERE)[-1].startswith("next: gocd-tasks attach-instance")


def test_a_tag_that_nobody_can_read_is_told_without_what_nobody_knows() -> None:
    [told] = [each for each in lines(picture(out(UNREAD, "")), HERE) if each.startswith("Staging-1 (")]

    assert told.endswith("out of web, taken out by somebody unknown (nobody knows when)")


def test_while_watching_nothing_is_told_that_is_another_at_each_look() -> None:
    one = picture(out(LEFT), locks=(held(),))
    later = replace(one, at=EPOCH + timedelta(seconds=40), calls=9)

    assert lines(one, HERE, ages=False) == lines(later, HERE, ages=False)
    assert lines(one, HERE) != lines(later, HERE)
    assert steady(one) == steady(later)
    assert as_json(one) != as_json(later)


@pytest.mark.parametrize(
    ("tag", "told"),
    [
        (
            "begun={} before=1.0 by=app/3",
            "may have 2.0: its deployment by app/3 began at {}, and it was not seen to",
        ),
        ("installed={} by=me", "has 2.0, installed at {} by me, and nobody asked whether it answers"),
        ("answered={} before=1.0 by=app/3", "has 2.0, which answered at {} (deployed by app/3)"),
        ("back={} by=me", "went back to 2.0 at {} (by me), and nobody asked whether it answers"),
    ],
)
def test_how_far_a_release_has_come_is_told(tag: str, told: str) -> None:
    release = read({TAG: f"version=2.0 {tag.format('2026-01-01T00:00:00+00:00')}"})
    seen = lines(picture(replace(out(LEFT), release=release)), HERE)

    assert told.format("2026-01-01 00:00:00 UTC") in seen[1]


@pytest.mark.parametrize("value", ["", "2.0", "version=2.0 begun=yesterday by=me", "version= begun=x by="])
def test_what_somebody_else_has_written_in_place_of_a_release_is_none(value: str) -> None:
    assert read({TAG: value}) is None


def test_every_name_in_the_json_is_told_in_readme() -> None:
    member = Member(ONE.id, State.UNHEALTHY, "Target.Timeout", (80,))
    release = read({TAG: "version=2.0 answered=2026-01-01T00:00:00+00:00 by=me"})
    whole = replace(
        picture(replace(out(LEFT), members={WEB: member}, release=release), locks=(held(),)),
        led=(Led("web-lb", "HTTP:80 of web-lb", {"web": 1, "green": 2}),),
        unseen=(Unseen("this", "that"),),
    )
    section = README[README.index("\nstatus\n~~~~~~\n") :]
    section = section[: section.index("\nlock\n~~~~\n")]
    told = json.loads(as_json(whole))
    names = {
        *told,
        *(name for key in told if isinstance(told[key], list) for each in told[key] for name in each),
    }
    [machine] = told["instances"]
    names |= {*machine["in"][0], *machine["out_of"][0], *machine["release"]}

    assert [name for name in sorted(names) if f"``{name}``" not in section] == []
    assert machine["in"][0]["why"] == "it does not answer its health check in time (Target.Timeout)"
