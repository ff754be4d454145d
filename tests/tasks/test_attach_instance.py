"""The order of an attach, on a load balancer that warms up by a fake clock."""

from dataclasses import replace

import pytest

from tasks.aws.load_balancer import Member, Place, State, Threshold
from tasks.balancing.attach import attach as carry_out
from tasks.balancing.attach import plan_attach
from tasks.balancing.batch import Batch
from tasks.running.errors import Cancelled, Refused, TaskError, TimedOut
from tests.fakes import Stage, instance

ONE, TWO = instance(1), instance(2)


@pytest.fixture
def stage() -> Stage:
    stage = Stage()
    stage.balancer.serve(TWO)
    return stage


def attach(stage: Stage) -> None:
    carry_out(plan_attach(Batch((ONE,)), [stage.balancer], stage.memory), stage.wait)


def test_it_returns_when_the_load_balancer_calls_it_healthy(stage: Stage) -> None:
    attach(stage)

    assert stage.balancer.members[ONE.id].state is State.SERVING
    assert 4 <= stage.clock.now() <= 6


def test_it_comes_back_on_the_ports_it_was_taken_from_and_the_memory_is_dropped(stage: Stage) -> None:
    taken = Member(ONE.id, State.SERVING, ports=(8080, 8081))
    stage.memory.remember({(ONE.id, stage.balancer.address): stage.memory.absence(taken, stage.clock.wall())})
    attach(stage)

    assert stage.balancer.orders == ["register Staging-1 (8080, 8081)"]
    assert stage.memory.addresses == []


def remember(stage: Stage, taken: Member) -> None:
    stage.memory.remember({(ONE.id, stage.balancer.address): stage.memory.absence(taken, stage.clock.wall())})


def test_it_is_waited_for_on_every_port_that_was_healthy(stage: Stage) -> None:
    remember(stage, Member(ONE.id, State.SERVING, ports=(8080, 8081)))
    half = (State.SERVING, State.UNHEALTHY)
    stage.balancer.members[ONE.id] = Member(
        ONE.id, State.SERVING, "Target.Timeout", (8080, 8081), states=half
    )
    with pytest.raises(TimedOut, match=r"healthy on 8080, unhealthy on 8081: Target\.Timeout"):
        attach(stage)


def test_a_port_that_was_not_healthy_before_comes_back_and_is_not_waited_for(stage: Stage) -> None:
    half = (State.SERVING, State.UNHEALTHY)
    remember(stage, Member(ONE.id, State.SERVING, "", (8080, 8081), states=half))

    def only_one_port() -> None:
        joined = stage.balancer.members.get(ONE.id)
        if joined and joined.state is State.SERVING:
            stage.balancer.members[ONE.id] = Member(ONE.id, State.SERVING, "", (8080, 8081), states=half)

    stage.balancer.before_look = only_one_port
    attach(stage)

    assert stage.balancer.orders == ["register Staging-1 (8080, 8081)"]
    assert stage.memory.addresses == []


def test_a_port_that_it_lost_meanwhile_is_registered_again(stage: Stage) -> None:
    remember(stage, Member(ONE.id, State.SERVING, ports=(8080, 8081)))
    stage.balancer.serve(ONE)
    attach(stage)

    assert stage.balancer.orders == ["register Staging-1 (8081,)"]


def test_who_gets_requests_before_it_is_healthy_is_said(stage: Stage) -> None:
    stage.balancer.opens_below = Threshold(1)
    stage.balancer.serve(TWO, state=State.UNHEALTHY)
    attach(stage)

    assert "staging: no target is healthy; it sends to Staging-1 at once, healthy or not" in stage.lines


def test_one_that_gets_requests_without_being_healthy_is_said_when_time_is_up(stage: Stage) -> None:
    stage.balancer.opens_below = Threshold(1)
    stage.balancer.serve(ONE, TWO, state=State.UNHEALTHY)
    with pytest.raises(TimedOut, match="no target is healthy, so it gets requests all the same"):
        attach(stage)


def test_healthy_without_traffic_during_a_zonal_shift_is_back_and_said(stage: Stage) -> None:
    def shift() -> None:
        if (joined := stage.balancer.members.get(ONE.id)) and joined.state is State.SERVING:
            stage.balancer.members[ONE.id] = replace(joined, shifted=True)

    stage.balancer.before_look = shift
    attach(stage)

    assert "Staging-1: healthy, without traffic during a zonal shift in staging" in stage.lines


def test_already_serving_is_said_and_done(stage: Stage) -> None:
    stage.balancer.serve(ONE)
    attach(stage)

    assert stage.balancer.orders == []
    assert stage.lines == ["Staging-1: already serving in staging; nothing to do"]


def test_a_draining_instance_is_registered_anew(stage: Stage) -> None:
    stage.balancer.serve(ONE)
    stage.balancer.deregister([Place(ONE, (8080,))])
    attach(stage)

    assert stage.balancer.orders[-1] == "register Staging-1 (8080,)"
    assert stage.balancer.members[ONE.id].state is State.SERVING


def test_an_address_is_taken_back_only_after_its_drain(stage: Stage) -> None:
    stage.balancer.takes_back = False
    stage.balancer.serve(ONE)
    stage.balancer.deregister([Place(ONE, (8080,))])
    stage.balancer.before_register = lambda: orders.append(ONE.id in stage.balancer.members)
    orders: list[bool] = []
    attach(stage)

    assert orders == [False]
    assert stage.balancer.members[ONE.id].state is State.SERVING


def test_one_that_is_registered_but_not_healthy_yet_is_waited_for(stage: Stage) -> None:
    stage.balancer.serve(ONE, state=State.JOINING)
    stage.clock.at(7, lambda: stage.balancer.serve(ONE))
    attach(stage)

    assert stage.balancer.orders == []
    assert stage.clock.now() >= 7


def test_one_that_never_gets_healthy_times_out_and_stays_registered(stage: Stage) -> None:
    stage.balancer.never_healthy = True
    with pytest.raises(TimedOut, match="did not become healthy in staging in 60 s"):
        attach(stage)

    assert stage.balancer.members[ONE.id].state is State.JOINING
    assert "stays registered" in stage.log.standing.state


def test_one_that_somebody_takes_out_again_is_not_said_to_be_in(stage: Stage) -> None:
    stage.clock.at(1, stage.balancer.members.clear)
    with pytest.raises(TimedOut, match="Staging-1: not registered with staging"):
        attach(stage)

    assert stage.log.standing.state == "Staging-1 was taken out of staging again meanwhile and serves nobody"


@pytest.mark.parametrize("reason", ["Target.NotInUse", "Target.InvalidState", "Target.IpUnusable"])
def test_a_state_that_cannot_become_healthy_is_refused_at_once(stage: Stage, reason: str) -> None:
    stage.balancer.serve(ONE, state=State.STUCK, reason=reason)
    with pytest.raises(Refused, match=reason):
        attach(stage)

    assert stage.clock.now() == 0


def test_one_that_gets_stuck_after_it_was_registered_fails_at_once(stage: Stage) -> None:
    stage.clock.at(2, lambda: stage.balancer.serve(ONE, state=State.STUCK, reason="Target.NotInUse"))
    with pytest.raises(TaskError, match=r"Target\.NotInUse") as stuck:
        attach(stage)

    assert stage.clock.now() < 5
    # It is not said to serve once healthy, and not to be waited for: something has to be mended first.
    assert stage.log.standing.state == "Staging-1 stays registered with staging, which sends it nobody"
    assert str(stuck.value.advice).startswith("Have a rule of a load balancer lead to the target group, and ")
    assert str(stuck.value.advice).endswith(
        ", then: gocd-tasks attach-instance Staging-1 --load-balancer target-group:staging"
    )


def test_a_stopped_instance_is_refused(stage: Stage) -> None:
    stopped = instance(1, state="stopped")
    with pytest.raises(Refused, match="Staging-1 is stopped") as refused:
        plan_attach(Batch((stopped,)), [stage.balancer], stage.memory)

    assert refused.value.advice == "Start it first: aws ec2 start-instances --instance-ids i-1"

    assert stage.balancer.orders == []


def test_slow_start_is_waited_for(stage: Stage) -> None:
    stage.balancer.slow_start = 90
    attach(stage)

    assert stage.clock.now() >= 94


def test_a_cancel_leaves_it_registered(stage: Stage) -> None:
    def cancel() -> None:
        raise Cancelled(15)

    stage.clock.at(2, cancel)
    with pytest.raises(Cancelled):
        attach(stage)

    assert ONE.id in stage.balancer.members
    assert "stays registered with staging" in stage.log.standing.state


def test_a_plan_tells_its_steps_and_changes_nothing(stage: Stage) -> None:
    plan = plan_attach(Batch((ONE,)), [stage.balancer], stage.memory)

    assert stage.balancer.orders == []
    assert list(plan.steps) == ["Staging-1: not registered in staging; would be registered and awaited"]


def test_health_that_aws_cannot_tell_for_a_while_is_waited_for(stage: Stage) -> None:
    why = "Elb.InternalError"
    stage.balancer.serve(ONE, state=State.UNKNOWN, reason=why)
    stage.clock.at(10, lambda: stage.balancer.serve(ONE))
    attach(stage)

    assert any(f"Staging-1: unavailable: {why} in staging" in line for line in stage.lines)
    assert stage.lines[-1].startswith("Staging-1: healthy in staging after")
