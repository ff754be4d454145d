"""When an instance is serving users, on load balancers in memory."""

import pytest

from tasks.aws.errors import Denied
from tasks.aws.load_balancer import LoadBalancer, Member, State, Threshold
from tasks.balancing.users import refuse_users
from tasks.running.errors import Refused
from tests.fakes import FakeLoadBalancer, Stage, instance

ONE, TWO = instance(1), instance(2)
OTHERWISE = "gocd-tasks deploy-artifact --while-serving Staging-1"


@pytest.fixture
def stage() -> Stage:
    """Two instances behind a load balancer that sends to all of them where none is healthy."""
    stage = Stage()
    stage.balancer.opens_below = Threshold(1)
    stage.balancer.serve(ONE, TWO)
    return stage


def look(stage: Stage, *more: LoadBalancer) -> None:
    refuse_users(ONE, lambda: [stage.balancer, *more], stage.memory, stage.log, otherwise=OTHERWISE)


@pytest.mark.parametrize(
    ("state", "words"),
    [
        (State.SERVING, "healthy"),
        (State.JOINING, "initial"),
        (State.LEAVING, "draining"),
        (State.UNKNOWN, "unavailable"),
    ],
)
def test_who_gets_requests_is_about_to_or_still_answers_some_is_refused(
    stage: Stage, state: State, words: str
) -> None:
    stage.balancer.serve(ONE, state=state)
    with pytest.raises(Refused) as refusal:
        look(stage)

    assert refusal.value.what == f"Staging-1 is serving users ({words} in staging)"
    assert refusal.value.advice == (
        "Take it out first: gocd-tasks detach-instance Staging-1 --load-balancer target-group:staging; or, "
        f"to cut off whoever is on it: {OTHERWISE}"
    )


def test_one_that_was_seen_to_be_idle_is_not_although_it_is_still_said_to_drain(stage: Stage) -> None:
    left = stage.memory.absence(stage.balancer.members[ONE.id], stage.clock.wall())
    stage.balancer.serve(ONE, state=State.LEAVING)
    stage.memory.remember({(ONE.id, stage.balancer.address): left})
    with pytest.raises(Refused):
        look(stage)
    stage.memory.settle([ONE], stage.balancer)
    look(stage)

    assert stage.lines == []


@pytest.mark.parametrize("state", [State.UNHEALTHY, State.STUCK])
def test_who_is_registered_and_gets_no_requests_is_not_and_a_line_says_so(stage: Stage, state: State) -> None:
    stage.balancer.serve(ONE, state=state)
    look(stage)

    assert stage.lines == [f"Staging-1: {state.value} in staging, which sends it nobody as it is"]


def test_an_unhealthy_one_is_where_nobody_is_healthy_and_all_get_requests(stage: Stage) -> None:
    stage.balancer.serve(ONE, TWO, state=State.UNHEALTHY)
    with pytest.raises(Refused, match="unhealthy in staging"):
        look(stage)


def test_one_of_its_ports_is_enough(stage: Stage) -> None:
    ports = (State.UNHEALTHY, State.LEAVING)
    stage.balancer.members[ONE.id] = Member(ONE.id, State.UNHEALTHY, "", (8080, 8081), states=ports)
    with pytest.raises(Refused, match="unhealthy on 8080, draining on 8081 in staging"):
        look(stage)


def test_every_load_balancer_that_has_users_on_it_is_named_and_left(stage: Stage) -> None:
    other = FakeLoadBalancer(stage.clock, name="api")
    other.serve(ONE)
    with pytest.raises(Refused) as refusal:
        look(stage, other)

    assert "(healthy in staging, healthy in api)" in refusal.value.what
    both = "--load-balancer target-group:staging --load-balancer target-group:api; or"
    assert both in (refusal.value.advice or "")


def test_what_may_not_be_seen_is_refused_with_both_ways_on(stage: Stage) -> None:
    def find() -> list[LoadBalancer]:
        raise Denied("AWS refused elasticloadbalancing:DescribeTargetGroups (AccessDenied)")

    with pytest.raises(Refused) as refusal:
        refuse_users(ONE, find, stage.memory, stage.log, otherwise=OTHERWISE)

    assert refusal.value.what == (
        "whether Staging-1 is serving users cannot be seen (AWS refused "
        "elasticloadbalancing:DescribeTargetGroups (AccessDenied))"
    )
    assert refusal.value.advice == (
        "The policy this command needs: gocd-tasks iam-policy deploy-artifact; or, if it serves nobody: "
        f"{OTHERWISE}"
    )
