"""What every kind of load balancer promises the tasks, proved on the stand-in AWS, and on the fake alike."""

import time
import urllib.request
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import pytest

from gocd.rehearsal.standin_aws.address_targets import address_group
from gocd.rehearsal.standin_aws.world import World
from tasks.aws.api import Aws
from tasks.aws.balancer_lookup import CALLED, GROUP
from tasks.aws.instances import find_instance
from tasks.aws.load_balancer import LoadBalancerKind
from tasks.running.plugins import find_all
from tasks.testing import LoadBalancerCase, LoadBalancerContract
from tests.fakes import FakeClock, FakeLoadBalancer, FakeLoadBalancers, instance
from tests.tasks.conftest import MakeBalancer, Pair

# Seconds; long enough to look at a drain while it lasts.
DRAIN = 2


class Ours(LoadBalancerContract):
    """The contract, and what is so where the drain is known and the zones serve each other."""

    def test_members_are_known_by_their_ids_and_settings_are_those_it_was_made_with(
        self, case: LoadBalancerCase
    ) -> None:
        roster = case.balancer.roster(case.serving[0])
        settings = case.balancer.settings()

        assert {member.key for member in roster.members} == {each.id for each in case.serving}
        assert settings.drain == DRAIN
        assert settings.drained_within > DRAIN
        assert not settings.zonal


class OnTheStandIn(Ours):
    """The kind as it is registered, and a load balancer of it that is called staging."""

    registered: str
    generation: str

    @pytest.fixture
    def case(self, cloud: World, aws: Aws, behind: MakeBalancer) -> Iterator[LoadBalancerCase]:
        made = behind(self.generation, drain=DRAIN)
        cloud.launch("stranger")
        one, two, stranger = (find_instance(aws, name) for name in ("Staging-1", "Staging-2", "stranger"))
        kind: LoadBalancerKind = find_all(GROUP, CALLED)[self.registered](aws)
        with ThreadPoolExecutor() as users:

            def in_flight() -> None:
                """One slow request for each: a classic drain is over as soon as nothing is in flight."""
                slow = f"{made.url}slow?seconds={DRAIN - 0.5}"
                for _ in range(2):
                    users.submit(lambda: urllib.request.urlopen(slow).read())
                time.sleep(0.3)

            yield LoadBalancerCase(kind, "staging", (one, two), stranger, in_flight)


class TestApplication(OnTheStandIn):
    registered, generation = "target-group", "application"


class TestNetwork(OnTheStandIn):
    registered, generation = "target-group", "network"


class TestClassic(OnTheStandIn):
    registered, generation = "classic", "classic"


class TestByAddress(LoadBalancerContract):
    @pytest.fixture
    def case(self, cloud: World, aws: Aws, pair: Pair) -> LoadBalancerCase:
        address_group(cloud, "staging", list(pair), deregistration_delay=1)
        cloud.launch("stranger")
        one, two, stranger = (find_instance(aws, name) for name in ("Staging-1", "Staging-2", "stranger"))
        kind: LoadBalancerKind = find_all(GROUP, CALLED)["target-group"](aws)
        return LoadBalancerCase(kind, "staging", (one, two), stranger)


class TestFake(Ours):
    @pytest.fixture
    def case(self) -> LoadBalancerCase:
        clock = FakeClock()
        fake = FakeLoadBalancer(clock, drain=DRAIN, warm_up=0.5)
        fake.serve(instance(1), instance(2))
        serving = (instance(1), instance(2))
        return LoadBalancerCase(FakeLoadBalancers([fake]), "staging", serving, instance(3), clock=clock)
