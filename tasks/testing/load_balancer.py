"""What every kind of load balancer promises the tasks."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from functools import cached_property

from tasks.aws.instances import Instance
from tasks.aws.load_balancer import LoadBalancer, LoadBalancerKind, Place, State
from tasks.running.clock import Clock, SystemClock
from tasks.running.errors import Refused

# Seconds between two looks.
OFTEN = 0.05


@dataclass
class LoadBalancerCase:
    """A load balancer as each test of the contract finds it.

    Args:
        kind: What is registered, made.
        name: The load balancer's.
        serving: The two instances that are in it, both healthy.
        stranger: An instance that is not.
        in_flight: Has each of the two work on a request, where a drain ends with the last one.
        clock: What its time goes by.
    """

    kind: LoadBalancerKind
    name: str
    serving: Sequence[Instance]
    stranger: Instance
    in_flight: Callable[[], object] = lambda: None
    clock: Clock = field(default_factory=SystemClock)

    @cached_property
    def balancer(self) -> LoadBalancer:
        [found] = self.kind.named(self.name)
        return found

    def state(self, of: Instance) -> State:
        return self.balancer.roster(of).of(of).state

    def register(self, *instances: Instance) -> None:
        self.balancer.register([Place(each) for each in instances])

    def deregister(self, *instances: Instance) -> None:
        self.balancer.deregister([Place(each) for each in instances])

    def leaves(self, instance: Instance) -> list[State]:
        """Look until it is out, as soon as the settings say; return the different states on the way."""
        return self._becomes(instance, State.OUT, self.balancer.settings().drained_within)

    def serves(self, instance: Instance) -> list[State]:
        """Look until it serves, as soon as the settings say; return the different states on the way."""
        return self._becomes(instance, State.SERVING, self.balancer.settings().healthy_within)

    def _becomes(self, of: Instance, wanted: State, within: float) -> list[State]:
        seen: list[State] = []
        end = self.clock.now() + within
        while self.clock.now() < end:
            state = self.state(of)
            if not seen or seen[-1] is not state:
                seen.append(state)
            if state is wanted:
                return seen
            self.clock.sleep(OFTEN)
        raise AssertionError(f"not {wanted} within {within:.0f} s, only {seen}")


class LoadBalancerContract:
    """The tests of a kind; whoever inherits from it gives the fixture ``case``, a LoadBalancerCase."""

    def test_its_address_and_its_name_find_it_and_another_finds_nothing(self, case: LoadBalancerCase) -> None:
        balancer, kind = case.balancer, case.kind

        assert balancer.address == f"{balancer.kind}:{balancer.name}"
        assert [each.address for each in kind.named(case.name)] == [balancer.address]
        assert [each.address for each in kind.meant_by(case.name)] == [balancer.address]
        assert [each.address for each in kind.all()].count(balancer.address) == 1
        assert [*kind.named("no-such-one"), *kind.meant_by("no-such-one")] == []

    def test_one_look_shows_who_serves_each_once_and_no_stranger(self, case: LoadBalancerCase) -> None:
        roster = case.balancer.roster(*case.serving, case.stranger)

        keys = sorted(member.key for member in roster.members)
        assert keys in (
            sorted(each.id for each in case.serving),
            sorted(each.private_ip for each in case.serving),
        )
        assert [roster.of(each).state for each in case.serving] == [State.SERVING, State.SERVING]
        assert roster.of(case.stranger).state is State.OUT

    def test_who_is_deregistered_leaves_and_is_then_out(self, case: LoadBalancerCase) -> None:
        one, two = case.serving
        case.in_flight()
        case.balancer.deregister([Place(one, case.balancer.roster(one).of(one).ports)])

        drains = [State.LEAVING] if case.balancer.settings().drain else []
        assert case.leaves(one) == [*drains, State.OUT]
        assert case.state(two) is State.SERVING

    def test_to_deregister_twice_is_no_error_nor_is_a_stranger(self, case: LoadBalancerCase) -> None:
        one, two = case.serving
        case.deregister(case.stranger, one)
        case.deregister(one)
        case.leaves(one)
        case.deregister(one)
        case.balancer.restore_settings()

        assert case.state(one) is State.OUT
        assert case.state(two) is State.SERVING
        assert case.state(case.stranger) is State.OUT

    def test_who_is_registered_joins_and_then_serves(self, case: LoadBalancerCase) -> None:
        one, _ = case.serving
        case.deregister(one)
        case.leaves(one)
        case.register(one)

        assert set(case.serves(one)) <= {State.OUT, State.JOINING, State.SERVING}

    def test_who_is_leaving_can_be_registered_again_if_it_is_said_so(self, case: LoadBalancerCase) -> None:
        one, _ = case.serving
        case.in_flight()
        case.deregister(one)
        leaving = case.balancer.roster(one).of(one)
        assert leaving.state is (State.LEAVING if case.balancer.settings().drain else State.OUT)
        back_at_once = leaving.state is State.LEAVING and leaving.takes_back
        if not back_at_once:
            case.leaves(one)
        case.register(one)

        assert State.OUT not in case.serves(one) or not back_at_once

    def test_to_register_twice_is_no_error_and_nobody_is_there_twice(self, case: LoadBalancerCase) -> None:
        one, _ = case.serving
        case.register(*case.serving)
        case.serves(one)

        assert len(case.balancer.roster(one).members) == 2

    def test_settings_tell_how_long_to_wait(self, case: LoadBalancerCase) -> None:
        settings = case.balancer.settings()

        assert 0 <= settings.drain <= settings.drained_within
        assert settings.healthy_within > 0

    def test_its_counts_are_found_or_it_is_said_that_there_are_none(self, case: LoadBalancerCase) -> None:
        figures, said = 0, ""
        try:
            figures = len(case.balancer.metrics().failures)
        except Refused as refusal:
            said = refusal.what

        assert figures or case.name in said
