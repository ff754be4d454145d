"""What every kind of load balancer promises the tasks, proved on the stand-in AWS, and on the fake alike."""

import time
import urllib.request
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

import pytest

from gocd.rehearsal.standin_aws.world import World
from tasks.aws.api import Aws
from tasks.aws.balancer_lookup import find_load_balancers
from tasks.aws.instances import Instance, find_instance
from tasks.aws.load_balancer import LoadBalancer, Place, State
from tests.fakes import FakeClock, FakeLoadBalancer, instance
from tests.tasks.conftest import KINDS, MakeBalancer

# Seconds; long enough to look at a drain while it lasts.
DRAIN = 2


@dataclass
class Setting:
    """A load balancer with two instances serving in it, and a third that is a stranger."""

    balancer: LoadBalancer
    one: Instance
    two: Instance
    stranger: Instance
    sleep: Callable[[float], None]
    request_in_flight: Callable[[], object]

    def state(self, of: Instance) -> State:
        return self.balancer.roster(of).of(of).state

    def becomes(self, of: Instance, wanted: State, within: float = 15) -> list[State]:
        """Look until *of* is as *wanted*; return the different states seen on the way."""
        seen: list[State] = []
        for _ in range(int(within / 0.05)):
            state = self.state(of)
            if not seen or seen[-1] is not state:
                seen.append(state)
            if state is wanted:
                return seen
            self.sleep(0.05)
        raise AssertionError(f"never {wanted}, only {seen}")


@pytest.fixture(params=[*KINDS, "fake"])
def setting(request: pytest.FixtureRequest) -> Iterator[Setting]:
    if request.param == "fake":
        clock = FakeClock()
        fake = FakeLoadBalancer(clock, drain=DRAIN, warm_up=0.5)
        fake.serve(instance(1), instance(2))
        yield Setting(fake, instance(1), instance(2), instance(3), clock.sleep, lambda: None)
        return
    cloud: World = request.getfixturevalue("cloud")
    aws: Aws = request.getfixturevalue("aws")
    make: MakeBalancer = request.getfixturevalue("behind")
    made = make(request.param, drain=DRAIN)
    cloud.launch("stranger")
    one, two, stranger = (find_instance(aws, name) for name in ("Staging-1", "Staging-2", "stranger"))
    [balancer] = find_load_balancers(aws, ["staging"], one)
    with ThreadPoolExecutor() as users:

        def request_in_flight() -> None:
            """One slow request for each instance: a classic drain is over as soon as nothing is in flight."""
            for _ in range(2):
                users.submit(lambda: urllib.request.urlopen(f"{made.url}slow?seconds={DRAIN - 0.5}").read())
            time.sleep(0.3)

        yield Setting(balancer, one, two, stranger, time.sleep, request_in_flight)


def test_who_is_healthy_serves(setting: Setting) -> None:
    assert setting.state(setting.one) is State.SERVING
    assert setting.state(setting.two) is State.SERVING


def test_one_look_shows_everyone(setting: Setting) -> None:
    roster = setting.balancer.roster(setting.one)

    assert {member.key for member in roster.members} == {setting.one.id, setting.two.id}


def test_who_was_never_registered_is_out(setting: Setting) -> None:
    assert setting.state(setting.stranger) is State.OUT


def test_who_is_deregistered_leaves_and_is_then_out(setting: Setting) -> None:
    setting.request_in_flight()
    setting.balancer.deregister(
        [Place(setting.one, setting.balancer.roster(setting.one).of(setting.one).ports)]
    )

    assert setting.becomes(setting.one, State.OUT) == [State.LEAVING, State.OUT]
    assert setting.state(setting.two) is State.SERVING


def test_to_deregister_twice_is_no_error(setting: Setting) -> None:
    setting.balancer.deregister([Place(setting.one, ())])
    setting.becomes(setting.one, State.OUT)
    if not isinstance(setting.balancer, FakeLoadBalancer):
        setting.balancer.deregister([Place(setting.one, ())])

    assert setting.state(setting.one) is State.OUT


def test_who_is_registered_joins_and_then_serves(setting: Setting) -> None:
    setting.balancer.deregister([Place(setting.one, ())])
    setting.becomes(setting.one, State.OUT)
    setting.balancer.register([Place(setting.one, ())])

    seen = setting.becomes(setting.one, State.SERVING)
    assert set(seen) <= {State.OUT, State.JOINING, State.SERVING}


def test_who_is_leaving_can_be_registered_again(setting: Setting) -> None:
    setting.request_in_flight()
    setting.balancer.deregister([Place(setting.one, ())])
    assert setting.state(setting.one) is State.LEAVING
    setting.balancer.register([Place(setting.one, ())])

    assert State.OUT not in setting.becomes(setting.one, State.SERVING)


def test_to_register_twice_is_no_error_and_nobody_is_there_twice(setting: Setting) -> None:
    setting.balancer.register([Place(setting.one, ())])
    setting.becomes(setting.one, State.SERVING)

    keys = [member.key for member in setting.balancer.roster(setting.one).members]
    assert sorted(keys) == sorted([setting.one.id, setting.two.id])


def test_settings_tell_how_long_to_wait(setting: Setting) -> None:
    settings = setting.balancer.settings()

    assert settings.drain == DRAIN
    assert settings.drained_within > DRAIN
    assert settings.healthy_within > 0
    assert not settings.zonal
