"""Which switch is taken back: the last one, if what stands there is what it has left."""

from collections.abc import Callable

import pytest

from gocd.rehearsal.standin_aws.world import World
from tasks.aws.api import Aws
from tasks.aws.forward import id_of
from tasks.environments.left import last_left
from tasks.running.clock import SystemClock
from tasks.running.errors import Refused
from tasks.switching.record import Record, State, Switch
from tests.gocd.rehearsal.standin_aws.services.elb.routing import Site, make_group
from tests.program import CommandLine, Done
from tests.tasks.switch_traffic.conftest import standing

Back = Callable[..., Done]


@pytest.fixture
def site(cloud: World) -> Site:
    """Nobody is behind it: what is refused, or is over, asks nobody how they are."""
    blue = cloud.target_group("blue", wait=False)
    [listener] = cloud.client("elbv2").describe_listeners(LoadBalancerArn=blue.load_balancer_arn)["Listeners"]
    return Site(cloud, blue, make_group(cloud, "green"), listener["ListenerArn"])


@pytest.fixture
def back(gocd_tasks: CommandLine) -> Back:
    return lambda *words: gocd_tasks("switch-traffic", *words, "--back", "--load-balancer", "blue-lb")


def remember(
    site: Site,
    aws: Aws,
    blue: str,
    green: str,
    state: State,
    at: int,
    turn: int = 0,
    ids: tuple[str, ...] = (),
) -> Record:
    record = Record(aws, SystemClock(), "blue-lb", green)
    record.read()
    ways = {id_of(site.listener): {blue: 1}}
    since = "2026-01-01T00:00:00+00:00"
    record.write(Switch(blue, green, ways, "go of agent-1", since, at, state=state, turn=turn, ids=ids))
    return record


def state(record: Record) -> State:
    switch = record.read()
    assert switch
    return switch.state


def test_a_way_back_that_was_made_and_not_written_down_is_over(site: Site, aws: Aws, back: Back) -> None:
    record = remember(site, aws, "blue", "green", State.UNDER_WAY, 0)
    site.listen(site.forward(100, 0))
    with pytest.raises(Refused) as under_way:
        last_left(aws, SystemClock(), {"green": ""})
    assert "gocd-tasks switch-traffic green --back --load-balancer blue-lb" in str(under_way.value.advice)
    shown = back("--dry-run")
    assert (shown.returncode, state(record)) == (0, State.UNDER_WAY)
    done = back()

    assert done.returncode == 0, done.stderr
    assert "HTTP:80 of blue-lb has blue 100, green 0" in done.stdout
    assert "green: nobody is led to it, so the switch from blue is over" in done.stdout
    assert state(record) is State.BACK
    assert standing(site) == [{"blue": 1}]
    assert last_left(aws, SystemClock(), {"green": ""})


def test_a_switch_whose_green_somebody_else_took_out_is_over(site: Site, aws: Aws, back: Back) -> None:
    record = remember(site, aws, "blue", "green", State.UNDER_WAY, 50)
    done = back()

    assert done.returncode == 0, done.stderr
    assert (
        "HTTP:80 of blue-lb has blue alone, where the switch from blue to green by go of agent-1"
        in done.stdout
    )
    assert state(record) is State.BACK


def test_a_switch_that_another_has_come_after_is_nobodys_way_back(site: Site, aws: Aws, back: Back) -> None:
    remember(site, aws, "green", "blue", State.DONE, 100, turn=1)
    remember(site, aws, "blue", "green", State.BACK, 0, turn=2)
    site.listen(site.forward(100, 0))
    done = back()

    assert done.returncode == 0, done.stderr
    assert "nothing to do: users are there already" in done.stdout
    assert standing(site) == [{"blue": 100, "green": 0}]


def test_what_stands_there_is_told_beside_what_the_last_switch_has_left(
    site: Site, aws: Aws, back: Back
) -> None:
    remember(site, aws, "blue", "green", State.BACK, 0, turn=1)
    site.listen(site.forward(30, 70))
    moved = back()
    remember(
        site, aws, "blue", "green", State.DONE, 100, turn=2, ids=(id_of(site.blue.arn), "0123456789abcdef")
    )
    site.listen(site.forward(0, 100))
    other = back("green")

    assert moved.returncode == other.returncode == 2
    assert (
        "HTTP:80 of blue-lb has blue 30, green 70, where the switch from blue to green by go of agent-1, "
        "begun 2026-01-01T00:00:00+00:00, has left blue 100, green 0: nothing is taken "
        "back; nothing was changed"
    ) in moved.stderr
    assert "gocd-tasks switch-traffic GREEN --load-balancer blue-lb --from BLUE" in moved.stderr
    assert "begun 2026-01-01T00:00:00+00:00, was about another green" in other.stderr
    assert standing(site) == [{"blue": 0, "green": 100}]
