"""The order of a detach, on a load balancer that drains by a fake clock."""

from collections.abc import Sequence

import pytest

from tasks.aws.errors import AwsError, Denied
from tasks.aws.load_balancer import Place, State, Threshold
from tasks.balancing.batch import Batch
from tasks.balancing.detach import detach as carry_out
from tasks.balancing.detach_plan import DetachPlan, plan_detach
from tasks.balancing.floor import FloorBroken
from tasks.running.errors import Cancelled, Refused, TimedOut
from tests.fakes import FakeLoadBalancer, Stage, floor, instance

ONE, TWO = instance(1), instance(2)


@pytest.fixture
def stage() -> Stage:
    stage = Stage()
    stage.balancer.serve(ONE, TWO)
    return stage


def planned(stage: Stage, *balancers: FakeLoadBalancer, minimum: int = 1) -> DetachPlan:
    targets = balancers or (stage.balancer,)
    return plan_detach(Batch((ONE,)), targets, floor(minimum), stage.memory, stage.wait)


def detach(stage: Stage, *balancers: FakeLoadBalancer, minimum: int = 1) -> None:
    plan = planned(stage, *balancers, minimum=minimum)
    carry_out(plan, floor(minimum), stage.memory, stage.wait)


def test_it_returns_when_the_drain_is_over(stage: Stage) -> None:
    detach(stage)

    assert ONE.id not in stage.balancer.members
    assert 30 <= stage.clock.now() <= 32


def test_a_drain_of_known_length_is_looked_at_seldom(stage: Stage) -> None:
    detach(stage)

    # The count, the second look, and one when it must be over.
    assert len(stage.balancer.looks) == 3


def test_a_long_drain_is_looked_at_once_a_minute_for_the_floor(stage: Stage) -> None:
    stage.balancer.drain = 300
    detach(stage)

    assert len(stage.balancer.looks) <= 8
    assert stage.clock.now() <= 302


def test_it_is_never_silent_for_longer_than_thirty_seconds(stage: Stage) -> None:
    stage.balancer.drain = 300
    detach(stage)

    assert len([line for line in stage.lines if "draining" in line]) >= 10


def test_what_it_took_away_is_remembered_before_the_order(stage: Stage) -> None:
    def fail() -> None:
        stage.balancer.before_look = fail
        raise AwsError("no network", passing=True)

    stage.balancer.before_deregister = fail
    with pytest.raises(AwsError):
        detach(stage)

    away = stage.memory.of(ONE, stage.balancer)
    assert away
    assert away.ports == (8080,)
    assert "may be leaving" in stage.log.standing.state


def test_the_last_healthy_instance_is_refused_and_nothing_is_changed(stage: Stage) -> None:
    stage.balancer.serve(TWO, state=State.UNHEALTHY, reason="Target.Timeout")
    with pytest.raises(FloorBroken) as refusal:
        detach(stage)

    assert "1 healthy of 2 (Staging-2 is unhealthy: Target.Timeout)" in refusal.value.what
    assert "Staging-1 is the last healthy instance in staging" in refusal.value.what
    assert stage.balancer.orders == []
    assert not stage.log.standing.changed


def test_an_unhealthy_instance_may_always_be_taken_out(stage: Stage) -> None:
    stage.balancer.serve(ONE, state=State.UNHEALTHY, reason="Target.Timeout")
    stage.balancer.serve(TWO, state=State.UNHEALTHY, reason="Target.Timeout")
    detach(stage)

    assert ONE.id not in stage.balancer.members


def fail_open(stage: Stage) -> None:
    stage.balancer.opens_below = Threshold(1)
    stage.balancer.serve(ONE, TWO, state=State.UNHEALTHY, reason="Target.ResponseCodeMismatch")


def test_where_nobody_is_healthy_the_last_of_those_who_get_requests_all_the_same_stays(stage: Stage) -> None:
    fail_open(stage)
    detach(stage)

    assert any("no target is healthy, so staging sends to all 2; without" in line for line in stage.lines)
    plan_of_the_other = Batch((TWO,)), (stage.balancer,), floor(1), stage.memory, stage.wait
    with pytest.raises(FloorBroken, match="Staging-2 is the last instance that gets requests in staging"):
        plan_detach(*plan_of_the_other)


def test_an_unhealthy_one_that_is_put_back_is_not_waited_for(stage: Stage) -> None:
    fail_open(stage)
    stage.balancer.drain = 300
    stage.balancer.never_healthy = True
    stage.clock.at(100, lambda: stage.balancer.serve(TWO, state=State.STUCK, reason="Target.InvalidState"))
    with pytest.raises(FloorBroken):
        detach(stage)

    assert stage.clock.now() < 170
    assert stage.balancer.orders[-1] == "register Staging-1 (8080,)"
    assert stage.memory.addresses == []


CUT = "staging: has no drain; requests in flight on Staging-1 will be cut off"


def test_that_requests_will_be_cut_off_is_said_before_the_order(stage: Stage) -> None:
    stage.balancer.drain = 0
    stage.balancer.before_deregister = lambda: stage.log.say("the order")
    detach(stage)

    assert stage.lines.index(CUT) < stage.lines.index("the order")


def test_nothing_is_cut_off_of_one_that_gets_no_requests_or_drains(stage: Stage) -> None:
    detach(stage)
    stage.balancer.drain = 0
    stage.balancer.serve(ONE, state=State.UNHEALTHY)
    detach(stage)

    assert CUT not in stage.lines


def test_a_drain_that_is_shorter_than_required_is_refused(stage: Stage) -> None:
    def plan(required: float) -> None:
        plan_detach(
            Batch((ONE,)), (stage.balancer,), floor(1), stage.memory, stage.wait, require_drain=required
        )

    stage.balancer.drain = 60
    plan(60)
    with pytest.raises(Refused, match="cuts off requests in flight after 60 s, and --require-drain is 90"):
        plan(90)

    # Nothing is in flight to one that gets no requests.
    stage.balancer.serve(ONE, state=State.UNHEALTHY)
    plan(90)


def test_already_detached_is_said_and_done(stage: Stage) -> None:
    del stage.balancer.members[ONE.id]
    detach(stage)

    assert stage.lines == ["Staging-1: already detached from staging; nothing to do"]
    assert stage.balancer.orders == []


def test_someone_who_goes_first_is_seen_by_the_second_look_and_it_is_put_back(stage: Stage) -> None:
    stage.balancer.before_deregister = lambda: stage.balancer.serve(TWO, state=State.LEAVING)
    with pytest.raises(FloorBroken):
        detach(stage)

    assert stage.balancer.members[ONE.id].state is State.SERVING
    assert stage.memory.of(ONE, stage.balancer) is None
    assert stage.log.standing.state == "Staging-1 was put back and serves as before"
    assert not stage.log.standing.changed


def test_another_that_fails_during_the_drain_has_it_put_back(stage: Stage) -> None:
    stage.balancer.drain = 300
    stage.clock.at(100, lambda: stage.balancer.serve(TWO, state=State.UNHEALTHY, reason="Target.Timeout"))
    with pytest.raises(FloorBroken):
        detach(stage)

    assert stage.balancer.members[ONE.id].state is State.SERVING


def test_a_cancel_during_the_drain_puts_it_back(stage: Stage) -> None:
    def cancel() -> None:
        raise Cancelled(15)

    stage.clock.at(12, cancel)
    with pytest.raises(Cancelled):
        detach(stage)

    assert stage.balancer.members[ONE.id].state is State.SERVING
    assert stage.memory.of(ONE, stage.balancer) is None
    assert "Staging-1: cancelled; nothing was deployed yet, putting it back" in stage.lines


def test_a_cancelled_drain_of_an_unhealthy_instance_does_not_wait_for_its_health(stage: Stage) -> None:
    stage.balancer.serve(ONE, state=State.UNHEALTHY)
    stage.balancer.never_healthy = True

    def cancel() -> None:
        raise Cancelled(15)

    stage.clock.at(12, cancel)
    with pytest.raises(Cancelled):
        detach(stage)

    assert stage.clock.now() == 12
    assert stage.balancer.orders[-1] == "register Staging-1 (8080,)"


@pytest.mark.parametrize(
    ("states", "told"),
    [
        ((State.SERVING,), "Staging-1 was put back and serves as before"),
        (
            (State.UNHEALTHY,),
            "Staging-1 was put back; not healthy before either: Staging-1 in one (unhealthy: Target.Timeout)",
        ),
        (
            (State.SERVING, State.UNHEALTHY),
            "Staging-1 was put back and serves as before; not healthy before either: Staging-1 in two "
            "(unhealthy: Target.Timeout)",
        ),
    ],
)
def test_who_was_put_back_is_said_to_serve_only_where_it_did(
    stage: Stage, states: Sequence[State], told: str
) -> None:
    behind = [FakeLoadBalancer(stage.clock, name) for name in ("one", "two")[: len(states)]]
    for balancer, state in zip(behind, states, strict=True):
        balancer.serve(TWO)
        balancer.serve(ONE, state=state, reason="" if state is State.SERVING else "Target.Timeout")
        balancer.never_healthy = state is not State.SERVING

    def cancel() -> None:
        raise Cancelled(15)

    stage.clock.at(12, cancel)
    with pytest.raises(Cancelled):
        detach(stage, *behind)

    assert (stage.log.standing.state, stage.log.standing.changed) == (told, False)


def test_a_drain_that_an_earlier_run_began_is_only_waited_for(stage: Stage) -> None:
    here = stage.balancer.members[ONE.id]
    stage.memory.remember({(ONE.id, stage.balancer.address): stage.memory.absence(here, stage.clock.wall())})
    stage.balancer.deregister([Place(ONE, (8080,))])
    stage.clock.sleep(20)
    detach(stage)

    assert stage.balancer.orders == ["deregister Staging-1 (8080,)"]
    assert 30 <= stage.clock.now() <= 32
    away = stage.memory.of(ONE, stage.balancer)
    assert away
    assert away.served


def test_a_drain_that_never_ends_times_out(stage: Stage) -> None:
    stage.balancer.never_drained = True
    with pytest.raises(TimedOut, match="still drains from staging after 60 s"):
        detach(stage)

    assert "gocd-tasks detach-instance Staging-1" in stage.log.standing.advice


def test_several_load_balancers_drain_at_the_same_time(stage: Stage) -> None:
    other = FakeLoadBalancer(stage.clock, name="internal", drain=40)
    other.serve(ONE, TWO)
    detach(stage, stage.balancer, other)

    assert ONE.id not in stage.balancer.members
    assert ONE.id not in other.members
    assert stage.clock.now() <= 42


def test_a_floor_broken_in_one_of_several_takes_it_out_of_none(stage: Stage) -> None:
    other = FakeLoadBalancer(stage.clock, name="internal")
    other.serve(ONE)
    with pytest.raises(FloorBroken):
        detach(stage, stage.balancer, other)

    assert stage.balancer.orders == other.orders == []


def test_a_second_load_balancer_that_is_forbidden_has_it_put_back_into_the_first(stage: Stage) -> None:
    other = FakeLoadBalancer(stage.clock, name="internal")
    other.serve(ONE, TWO)

    def forbid() -> None:
        raise Denied(
            "AWS refused elasticloadbalancing:DeregisterTargets on internal (AccessDenied)",
            code="AccessDenied",
        )

    other.before_deregister = forbid
    with pytest.raises(Denied):
        detach(stage, stage.balancer, other)

    assert stage.balancer.members[ONE.id].state is State.SERVING
    assert other.members[ONE.id].state is State.SERVING


def test_a_plan_tells_its_steps_and_changes_nothing(stage: Stage) -> None:
    plan = planned(stage)

    assert stage.balancer.orders == []
    assert stage.memory.addresses == []
    assert list(plan.steps) == ["Staging-1: would leave staging and be given up to 30 s to drain"]


def test_a_plan_of_one_who_has_left_has_no_step(stage: Stage) -> None:
    del stage.balancer.members[ONE.id]

    assert list(planned(stage).steps) == []


def test_throttled_looks_during_the_drain_are_waited_out(stage: Stage) -> None:
    def throttle() -> None:
        if 0 < stage.clock.now() < 40:
            raise AwsError("throttled", code="Throttling", passing=True)

    stage.balancer.before_look = throttle
    detach(stage)

    assert stage.clock.now() < 50


def test_whose_health_aws_cannot_tell_may_be_serving_and_is_guarded(stage: Stage) -> None:
    stage.balancer.serve(ONE, state=State.UNKNOWN)
    stage.balancer.members.pop(TWO.id)
    with pytest.raises(FloorBroken):
        detach(stage)

    stage.balancer.serve(TWO)
    detach(stage)
    away = stage.memory.of(ONE, stage.balancer)
    assert away
    assert away.served
    assert not away.unwell
