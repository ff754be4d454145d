"""The contract of load balancers finds each fault that a kind may have."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

import pytest

from tasks.aws.instances import Instance
from tasks.aws.load_balancer import LoadBalancer, Member, Place, Roster, Settings, State
from tasks.testing import LoadBalancerCase, LoadBalancerContract
from tests.fakes import FakeClock, FakeLoadBalancer, FakeLoadBalancers, instance

CONTRACT = LoadBalancerContract


class CannotBeFoundAgain(FakeLoadBalancer):
    @property
    def address(self) -> str:
        return f"elsewhere:{self.name}"


class ShowsStrangers(FakeLoadBalancer):
    def roster(self, *instances: Instance) -> Roster:
        return Roster((*super().roster().members, Member("i-3", State.UNHEALTHY)))


class DropsRequests(FakeLoadBalancer):
    def deregister(self, places: Sequence[Place]) -> None:
        for place in places:
            self.members.pop(place.instance.id, None)


class EmptiesItself(FakeLoadBalancer):
    def deregister(self, places: Sequence[Place]) -> None:
        super().deregister([Place(instance(1)), Place(instance(2))])


class MindsStrangers(FakeLoadBalancer):
    def deregister(self, places: Sequence[Place]) -> None:
        assert all(place.instance.id in self.members for place in places)
        super().deregister(places)


class LetsNobodyIn(FakeLoadBalancer):
    def register(self, places: Sequence[Place]) -> None:
        pass


class CallsNewcomersIll(FakeLoadBalancer):
    def roster(self, *instances: Instance) -> Roster:
        ill = {State.JOINING: State.UNHEALTHY}
        seen = super().roster().members
        return Roster(tuple(replace(each, state=ill.get(each.state, each.state)) for each in seen))


class RegistersAgain(FakeLoadBalancer):
    def register(self, places: Sequence[Place]) -> None:
        super().register(places)
        self.members["again"] = Member(places[0].instance.id, State.SERVING)


class PromisesTooMuch(FakeLoadBalancer):
    def settings(self) -> Settings:
        return replace(super().settings(), drained_within=1)


class SaysNothingOfItsCounts(FakeLoadBalancer):
    title = property(lambda self: "")


@dataclass(frozen=True)
class FindsAnything(FakeLoadBalancers):
    def named(self, name: str) -> Sequence[LoadBalancer]:
        return self.balancers


def case_of(fault: type[FakeLoadBalancer] = FakeLoadBalancer) -> LoadBalancerCase:
    clock = FakeClock()
    fake = fault(clock, drain=2, warm_up=0.5)
    fake.serve(instance(1), instance(2))
    serving = (instance(1), instance(2))
    return LoadBalancerCase(FakeLoadBalancers([fake]), "staging", serving, instance(3), clock=clock)


@pytest.mark.parametrize(
    ("fault", "finds"),
    [
        (CannotBeFoundAgain, CONTRACT.test_its_address_and_its_name_find_it_and_another_finds_nothing),
        (ShowsStrangers, CONTRACT.test_one_look_shows_who_serves_each_once_and_no_stranger),
        (DropsRequests, CONTRACT.test_who_is_deregistered_leaves_and_is_then_out),
        (EmptiesItself, CONTRACT.test_who_is_deregistered_leaves_and_is_then_out),
        (MindsStrangers, CONTRACT.test_to_deregister_twice_is_no_error_nor_is_a_stranger),
        (LetsNobodyIn, CONTRACT.test_who_is_registered_joins_and_then_serves),
        (CallsNewcomersIll, CONTRACT.test_who_is_registered_joins_and_then_serves),
        (LetsNobodyIn, CONTRACT.test_who_is_leaving_can_be_registered_again_if_it_is_said_so),
        (DropsRequests, CONTRACT.test_who_is_leaving_can_be_registered_again_if_it_is_said_so),
        (RegistersAgain, CONTRACT.test_to_register_twice_is_no_error_and_nobody_is_there_twice),
        (PromisesTooMuch, CONTRACT.test_settings_tell_how_long_to_wait),
        (PromisesTooMuch, CONTRACT.test_who_is_deregistered_leaves_and_is_then_out),
        (SaysNothingOfItsCounts, CONTRACT.test_its_counts_are_found_or_it_is_said_that_there_are_none),
    ],
)
def test_a_fault_is_found(
    fault: type[FakeLoadBalancer], finds: Callable[[LoadBalancerContract, LoadBalancerCase], None]
) -> None:
    finds(CONTRACT(), case_of())
    with pytest.raises(AssertionError):
        finds(CONTRACT(), case_of(fault))


def test_a_kind_that_finds_one_by_any_name_is_found_out() -> None:
    case = case_of()
    case.kind = FindsAnything([case.balancer])
    with pytest.raises(AssertionError):
        CONTRACT().test_its_address_and_its_name_find_it_and_another_finds_nothing(case)
