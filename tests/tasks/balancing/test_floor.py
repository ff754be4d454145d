from dataclasses import replace

import pytest

from tasks.aws.load_balancer import State, Threshold
from tasks.balancing.batch import Batch
from tasks.balancing.floor import Floor, FloorBroken, parse_floor
from tasks.running.errors import Refused
from tests.fakes import FakeClock, FakeLoadBalancer, FakeNeighbours, floor, instance

FOUR = [instance(1, "a"), instance(2, "b"), instance(3, "a"), instance(4, "b")]


@pytest.fixture
def balancer() -> FakeLoadBalancer:
    balancer = FakeLoadBalancer(FakeClock())
    balancer.serve(*FOUR)
    return balancer


def check(balancer: FakeLoadBalancer, minimum: Floor) -> str:
    return minimum.check(balancer, balancer.roster(FOUR[0]), Batch((FOUR[0],)))


@pytest.mark.parametrize("state", [State.LEAVING, State.JOINING, State.UNHEALTHY, State.STUCK])
def test_only_healthy_instances_count(balancer: FakeLoadBalancer, state: State) -> None:
    balancer.serve(*FOUR[2:], state=state)

    assert check(balancer, floor(1)).endswith("2 healthy of 4; without Staging-1: 1, floor 1")
    with pytest.raises(FloorBroken):
        check(balancer, floor(2))


@pytest.mark.parametrize(
    ("percent", "allowed"), [(0, True), (50, True), (75, True), (76, False), (100, False)]
)
def test_a_share_is_of_all_that_are_registered_and_rounds_up(
    balancer: FakeLoadBalancer, percent: int, allowed: bool
) -> None:
    if allowed:
        check(balancer, floor(percent, percent=True))
    else:
        with pytest.raises(FloorBroken):
            check(balancer, floor(percent, percent=True))


def test_each_zone_counts_alone_where_cross_zone_is_off(balancer: FakeLoadBalancer) -> None:
    balancer.zonal = True
    balancer.serve(FOUR[2], state=State.UNHEALTHY, reason="Target.Timeout")
    with pytest.raises(FloorBroken, match=r"a alone: 1 healthy of 2"):
        check(balancer, floor(1))


def test_a_floor_of_none_guards_nothing(balancer: FakeLoadBalancer) -> None:
    balancer.serve(*FOUR[1:], state=State.UNHEALTHY)

    assert check(balancer, floor(0))


def test_the_refusal_names_who_is_missing_and_what_to_run(balancer: FakeLoadBalancer) -> None:
    balancer.members = {}
    balancer.serve(FOUR[0])
    balancer.serve(FOUR[1], state=State.UNHEALTHY, reason="Target.ResponseCodeMismatch, 503")
    with pytest.raises(FloorBroken) as refusal:
        check(balancer, floor(1))

    assert "Staging-2 is unhealthy: Target.ResponseCodeMismatch, 503" in refusal.value.what
    command = "gocd-tasks attach-instance Staging-2 --load-balancer target-group:staging"
    assert refusal.value.advice == f"Bring Staging-2 back first: {command}"


def test_the_refusal_names_who_was_taken_out_and_not_put_back(balancer: FakeLoadBalancer) -> None:
    balancer.members = {}
    balancer.serve(FOUR[0])
    with pytest.raises(FloorBroken) as refusal:
        check(balancer, floor(1, away=("Staging-2",)))

    assert refusal.value.advice
    assert refusal.value.advice.startswith("Bring Staging-2 back first: gocd-tasks attach-instance Staging-2")


def test_without_anyone_to_bring_back_it_says_what_else_helps(balancer: FakeLoadBalancer) -> None:
    balancer.members = {}
    balancer.serve(FOUR[0])
    with pytest.raises(FloorBroken) as one_pool:
        check(balancer, floor(1))
    balancer.zonal = True
    with pytest.raises(FloorBroken) as zones:
        check(balancer, floor(1))

    assert one_pool.value.advice == "Add an instance first, or lower --min-healthy"
    assert "Turn cross-zone load balancing on, or add an instance in a" in str(zones.value.advice)


@pytest.mark.parametrize("text", ["", "-1", "one", "1.5", "101%", "%", "5 0"])
def test_anything_but_a_count_or_a_percentage_is_refused(text: str) -> None:
    with pytest.raises(Refused, match="--min-healthy"):
        parse_floor(text, FakeNeighbours())


def open_when_none_is_healthy(balancer: FakeLoadBalancer, count: int = 1, percent: int = 0) -> None:
    balancer.opens_below = Threshold(count, percent)


def leave_unhealthy(balancer: FakeLoadBalancer, minimum: Floor) -> str:
    one = Batch((FOUR[0],))
    return minimum.check(balancer, balancer.roster(FOUR[0]), one, unhealthy=one)


def test_where_nobody_is_healthy_and_all_get_requests_all_count(balancer: FakeLoadBalancer) -> None:
    open_when_none_is_healthy(balancer)
    balancer.members = {}
    balancer.serve(*FOUR[:2], state=State.UNHEALTHY)

    words = leave_unhealthy(balancer, floor(1))
    assert words.endswith("no target is healthy, so staging sends to all 2; without Staging-1: 1, floor 1")


def test_the_last_that_gets_requests_because_nobody_is_healthy_is_refused(balancer: FakeLoadBalancer) -> None:
    open_when_none_is_healthy(balancer)
    balancer.members = {}
    balancer.serve(FOUR[0], state=State.UNHEALTHY)
    balancer.serve(FOUR[1], state=State.JOINING)
    with pytest.raises(FloorBroken, match="Staging-1 is the last instance that gets requests in staging"):
        leave_unhealthy(balancer, floor(1))


def test_those_who_were_healthy_are_not_replaced_by_the_unhealthy(balancer: FakeLoadBalancer) -> None:
    open_when_none_is_healthy(balancer)
    balancer.serve(FOUR[0], state=State.LEAVING)
    balancer.serve(*FOUR[1:], state=State.UNHEALTHY)
    with pytest.raises(FloorBroken, match=r"0 healthy of 4 .*Staging-1 is the last healthy instance"):
        check(balancer, floor(1))

    assert leave_unhealthy(balancer, floor(1))


def test_who_gets_no_traffic_during_a_zonal_shift_does_not_count(balancer: FakeLoadBalancer) -> None:
    for each in FOUR[1:3]:
        balancer.members[each.id] = replace(balancer.members[each.id], shifted=True)

    words = "2 healthy and 2 more without traffic during a zonal shift of 4"
    assert f"{words}; without Staging-1: 1, floor 1" in check(balancer, floor(1))
    with pytest.raises(FloorBroken, match="Staging-2 is healthy, without traffic during a zonal shift"):
        check(balancer, floor(2))


@pytest.mark.parametrize(("count", "percent"), [(3, 0), (1, 75)])
def test_users_are_not_sent_to_unhealthy_ones_for_want_of_healthy_ones(
    balancer: FakeLoadBalancer, count: int, percent: int
) -> None:
    open_when_none_is_healthy(balancer, count, percent)
    assert check(balancer, floor(1))

    balancer.serve(FOUR[3], state=State.UNHEALTHY, reason="Target.Timeout")
    with pytest.raises(FloorBroken) as refusal:
        check(balancer, floor(1))
    assert "fewer than 3 targets would be healthy, and staging would send to the others" in refusal.value.what
    assert "(Staging-4 is unhealthy: Target.Timeout)" in refusal.value.what
    assert "Bring Staging-4 back first" in str(refusal.value.advice)
    assert check(balancer, floor(0))


def test_a_zone_that_dns_would_leave_out_is_said(balancer: FakeLoadBalancer) -> None:
    balancer.in_dns_from = Threshold(2)
    assert "DNS" not in check(balancer, floor(1))

    balancer.zonal = True
    assert check(balancer, floor(1)).endswith("with fewer than 2 healthy targets a is left out of DNS")


def test_a_target_that_every_zone_sends_to_counts_in_each(balancer: FakeLoadBalancer) -> None:
    balancer.zonal = True
    balancer.serve(FOUR[2], state=State.UNHEALTHY)
    balancer.members[FOUR[3].id] = replace(balancer.members[FOUR[3].id], zone="all")

    assert "a alone: 2 healthy of 3; without Staging-1: 1" in check(balancer, floor(1))
