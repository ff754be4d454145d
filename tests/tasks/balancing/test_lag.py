"""Nothing is believed that AWS may be telling of a moment ago."""

import pytest

from gocd.rehearsal.standin_aws.control.journal import Call
from gocd.rehearsal.standin_aws.machines.instances import Service
from gocd.rehearsal.standin_aws.world import World
from tasks.aws.load_balancer import State
from tasks.balancing import detach as detaching
from tasks.balancing.batch import Batch
from tasks.balancing.detach_plan import plan_detach
from tasks.balancing.floor import FloorBroken
from tasks.balancing.lag import TOLD_AFTER, planned_again
from tests.fakes import Stage, floor, instance
from tests.program import CommandLine
from tests.tasks.conftest import MakeBalancer, Pair

ONE, TWO = instance(1), instance(2)


@pytest.fixture
def stage() -> Stage:
    stage = Stage()
    stage.balancer.serve(ONE, TWO)
    return stage


def test_who_has_just_been_told_to_leave_is_not_believed_to_be_gone(stage: Stage) -> None:
    stage.balancer.drain = 0
    plan = plan_detach(Batch((ONE,)), [stage.balancer], floor(1), stage.memory, stage.wait)
    detaching.detach(plan, floor(1), stage.memory, stage.wait)

    assert stage.clock.now() >= TOLD_AFTER


def test_one_look_that_tells_of_too_few_does_not_end_a_drain(stage: Stage) -> None:
    plan = plan_detach(Batch((ONE,)), [stage.balancer], floor(1), stage.memory, stage.wait)
    looks = iter([State.JOINING])
    stage.balancer.before_look = lambda: stage.balancer.serve(TWO, state=next(looks, State.SERVING))
    detaching.detach(plan, floor(1), stage.memory, stage.wait)

    assert stage.balancer.orders == ["deregister Staging-1 (8080,)"]


def test_who_has_just_come_back_may_look_away_for_a_moment(stage: Stage) -> None:
    stage.balancer.serve(TWO, state=State.JOINING)
    stage.clock.at(TOLD_AFTER - 1, lambda: stage.balancer.serve(TWO))

    planned_again(
        lambda: plan_detach(Batch((ONE,)), [stage.balancer], floor(1), stage.memory, stage.wait), stage.wait
    )


def test_who_is_away_for_longer_is_away(stage: Stage) -> None:
    stage.balancer.serve(TWO, state=State.JOINING)
    with pytest.raises(FloorBroken):
        planned_again(
            lambda: plan_detach(Batch((ONE,)), [stage.balancer], floor(1), stage.memory, stage.wait),
            stage.wait,
        )

    assert stage.clock.now() == TOLD_AFTER


def test_an_attach_does_not_take_for_serving_who_did_before_its_detach(
    cloud: World, gocd_tasks: CommandLine, behind: MakeBalancer, pair: Pair
) -> None:
    made = behind("application")
    cloud.faults.stale(0)
    gocd_tasks("detach-instance", "Staging-1", "--load-balancer", "staging")
    cloud.faults.stale(TOLD_AFTER - 1)
    back = gocd_tasks("attach-instance", "Staging-1", "--load-balancer", "staging")

    assert back.returncode == 0
    assert "already serving" not in back.stdout
    assert cloud.serving(made) == {pair.one.id, pair.two.id}


@pytest.mark.parametrize("kind", ["application", "classic", "group"])
@pytest.mark.exhaustive
def test_a_rollout_by_hand_is_right_while_answers_go_back_and_forth(
    cloud: World, gocd_tasks: CommandLine, behind: MakeBalancer, pair: Pair, sample: Service, kind: str
) -> None:
    if kind == "group":
        made = cloud.target_group("staging", deregistration_delay=1)
        both = cloud.auto_scaling_group("fleet", size=2, min_size=2, service=sample, load_balancers=[made])
    else:
        made, both = behind(kind), [*pair]
    cloud.faults.stale(TOLD_AFTER - 1, every=2)
    for each, other in (both, reversed(both)):
        out = gocd_tasks("detach-instance", each.id, "--load-balancer", "staging")
        assert out.returncode == 0, out.stderr
        assert cloud.serving(made) == {other.id}
        back = gocd_tasks("attach-instance", each.id, "--load-balancer", "staging")
        assert back.returncode == 0, back.stderr
        assert cloud.serving(made) == {each.id, other.id}


def test_a_name_that_has_come_to_mean_another_instance_is_told(
    cloud: World, gocd_tasks: CommandLine, behind: MakeBalancer, pair: Pair
) -> None:
    behind("application")
    ec2 = cloud.client("ec2")

    def replace(call: Call) -> None:
        if call.operation == "DeregisterTargets":
            for one, name in ((pair.one, "Gone"), (pair.two, "Staging-1")):
                ec2.create_tags(Resources=[one.id], Tags=[{"Key": "Name", "Value": name}])

    cloud.faults.after_call = replace
    done = gocd_tasks("detach-instance", "Staging-1", "--load-balancer", "staging")

    assert done.returncode == 1
    assert f"error: Staging-1 is {pair.two.id} by now, and {pair.one.id} was detached" in done.stderr
