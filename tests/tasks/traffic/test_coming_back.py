"""What comes back and hurts users leaves again."""

import re
from collections.abc import Callable
from pathlib import Path

import pytest

from gocd.rehearsal.standin_aws.world import World
from tasks.aws.errors import Denied
from tasks.aws.load_balancer import State
from tasks.balancing.attach import plan_attach
from tasks.balancing.batch import Batch
from tasks.balancing.ending import NO_SOONER
from tasks.running.errors import Cancelled
from tasks.traffic.coming_back import come_back
from tasks.traffic.so_far import Fare, Users, UsersHurt
from tests.fakes import Stage, floor, instance
from tests.program import CommandLine
from tests.tasks.conftest import MakeBalancer, Pair
from tests.tasks.traffic.beside import finish, traffic_beside

ONE, TWO, THREE = instance(1), instance(2), instance(3)
ATTACH = ("attach-instance", "Staging-1", "--load-balancer", "staging")
BAD = "1 failed (1 HTTP 500); at most 0 allowed"


@pytest.fixture
def stage() -> Stage:
    stage = Stage()
    stage.balancer.serve(TWO, THREE)
    return stage


def bad_once(served: Callable[[], bool], stage: Stage) -> Users:
    """Ten requests a second, every tenth of them lost from the moment on that it *served*."""
    since: list[float] = []

    def ask() -> Fare:
        now = stage.clock.now()
        if served():
            since.append(now)
        lost = int(now - since[0]) + 1 if since else 0
        return Fare(int(10 * now), lost, BAD if lost else "")

    return Users(ask, 5)


def serves(stage: Stage) -> bool:
    return ONE.id in stage.balancer.members and stage.balancer.members[ONE.id].state is State.SERVING


def back(stage: Stage, users: Users, minimum: int = 1) -> None:
    plan = plan_attach(Batch((ONE,)), [stage.balancer], stage.memory)
    come_back(plan, users, floor(minimum), NO_SOONER, stage.wait)


def test_one_that_hurts_users_leaves_again_and_what_they_lost_until_then_is_told(stage: Stage) -> None:
    with pytest.raises(UsersHurt) as hurt:
        back(stage, bad_once(lambda: serves(stage), stage))

    assert ONE.id not in stage.balancer.members
    assert stage.memory.addresses == [stage.balancer.address]
    lost = int(stage.clock.now()) - 4 + 1
    assert lost >= 30
    assert hurt.value.what.startswith(
        f"the traffic failed after Staging-1 came back ({BAD}): users lost {lost} of "
    )
    assert stage.log.standing.state == "Staging-1 was taken out of staging again"
    assert stage.log.standing.advice == (
        "Find out why, then: gocd-tasks attach-instance Staging-1 --load-balancer target-group:staging"
    )


def test_one_that_the_floor_does_not_spare_goes_on_serving_and_it_is_said_why(stage: Stage) -> None:
    with pytest.raises(UsersHurt):
        back(stage, bad_once(lambda: serves(stage), stage), minimum=3)

    assert serves(stage)
    assert stage.log.standing.state.startswith("Staging-1 serves in staging all the same, as ")
    assert "without Staging-1 2 would be left, and the floor is 3" in stage.log.standing.state


def test_one_that_is_not_why_users_are_hurt_goes_on_serving(stage: Stage) -> None:
    with pytest.raises(UsersHurt, match=r"failed before Staging-1 came back .*: users lost 0 of "):
        back(stage, Users(lambda: Fare(int(10 * stage.clock.now()), 3, BAD), 0))

    assert serves(stage)
    assert stage.log.standing.state == "Staging-1 serves in staging"


def test_one_that_may_not_be_taken_out_is_told_to_serve(stage: Stage) -> None:
    def deny() -> None:
        raise Denied("AWS refused elasticloadbalancing:DeregisterTargets on staging", code="AccessDenied")

    stage.balancer.before_deregister = deny
    with pytest.raises(
        UsersHurt, match="in all; AWS refused elasticloadbalancing:DeregisterTargets on staging"
    ):
        back(stage, bad_once(lambda: serves(stage), stage))

    assert serves(stage)


def test_a_cancel_while_it_leaves_does_not_put_it_back(stage: Stage) -> None:
    def cancel() -> None:
        raise Cancelled(15)

    stage.balancer.before_deregister = lambda: stage.clock.at(stage.clock.now() + 2, cancel)
    with pytest.raises(Cancelled):
        back(stage, bad_once(lambda: serves(stage), stage))

    assert not serves(stage)
    assert stage.log.standing.state == "Staging-1 is leaving staging"


def test_without_traffic_it_comes_back_as_ever(stage: Stage) -> None:
    back(stage, Users(lambda: None, 5))

    assert serves(stage)
    assert stage.clock.now() < 7


@pytest.mark.end_to_end
def test_a_machine_that_hurts_its_users_is_out_again_unless_the_floor_needs_it(
    cloud: World, gocd_tasks: CommandLine, behind: MakeBalancer, pair: Pair, tmp_path: Path
) -> None:
    made = behind("application")
    assert gocd_tasks("detach-instance", *ATTACH[1:]).returncode == 0
    (pair.one.root / "srv/app/current/BROKEN").write_text("users-get-500\n")
    assert not cloud.restart(pair.one)
    with traffic_beside(gocd_tasks, made.url, tmp_path) as beside:
        attached = beside(*ATTACH)
        finished = finish(beside)

    assert attached.returncode == 1
    assert re.match(
        r"error: the traffic failed after Staging-1 came back \(.*\): users lost [1-9][0-9]* of [0-9]+ "
        r"requests since then, [1-9][0-9]* of [0-9]+ in all; Staging-1 was taken out of staging again\. "
        r"Find out why, then: gocd-tasks attach-instance Staging-1 --load-balancer target-group:staging\n$",
        attached.stderr,
    )
    assert cloud.serving(made) == {pair.two.id}
    assert finished.returncode == 1
    with traffic_beside(gocd_tasks, made.url, tmp_path) as beside:
        needed = beside(*ATTACH, "--min-healthy", "2")

    assert needed.returncode == 1
    assert "Staging-1 serves in staging all the same, as " in needed.stderr
    assert "and the floor is 2" in needed.stderr
    assert cloud.serving(made) == {pair.one.id, pair.two.id}
