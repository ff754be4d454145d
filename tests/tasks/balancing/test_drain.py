"""When a drain is over: on evidence from the hosts, and never before new requests can come no more."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

import pytest

from tasks.aws.load_balancer import Place, State
from tasks.aws.target import Target
from tasks.balancing.batch import Batch
from tasks.balancing.detach import detach as carry_out
from tasks.balancing.detach_plan import plan_detach
from tasks.balancing.ending import Ending
from tasks.balancing.evidence import Evidence
from tasks.balancing.floor import FloorBroken
from tasks.hosts.idleness import Idleness, Ports
from tasks.running.errors import Cancelled, TimedOut
from tasks.running.waiting import Wait
from tests.fakes import Stage, floor, instance

ONE, TWO, THREE = instance(1), instance(2), instance(3)
BUSY, IDLE = Idleness(3), Idleness(0)
NO_EVIDENCE = Idleness(None, "its SSM agent is offline")
DELAY = 300


@dataclass
class FakeHosts:
    """Takes two seconds to count connections, and says of *busy* instances what comes next in their lists."""

    busy: dict[str, list[Idleness]] = field(default_factory=dict)
    asked: list[float] = field(default_factory=list)
    ports: list[dict[str, tuple[int, ...]]] = field(default_factory=list)
    meanwhile: Callable[[], None] = lambda: None

    def look(self, ports: Ports, wait: Wait) -> Mapping[str, Idleness]:
        self.asked.append(wait.clock.now())
        self.ports.append({key: numbers for key, (_, numbers) in ports.items()})
        wait.clock.sleep(2)
        self.meanwhile()
        return {key: self.busy[key].pop(0) if self.busy.get(key) else IDLE for key in ports}


@pytest.fixture
def stage() -> Stage:
    """Three instances behind a load balancer that says "draining" for five minutes."""
    stage = Stage()
    stage.balancer.drain = DELAY
    stage.balancer.serve(ONE, TWO, THREE)
    return stage


def detach(stage: Stage, hosts: FakeHosts, *instances: object, minimum: int = 1) -> None:
    batch = Batch(tuple(each for each in (ONE, TWO, THREE) if each in (instances or (ONE,))))
    ending = Ending(hosts, until_idle=True)
    plan = plan_detach(batch, [stage.balancer], floor(minimum), stage.memory, stage.wait, ending)
    carry_out(plan, floor(minimum), stage.memory, stage.wait)


def test_an_idle_instance_is_out_twenty_seconds_after_the_order(stage: Stage) -> None:
    hosts = FakeHosts()
    detach(stage, hosts)

    assert hosts.asked == [20]
    assert hosts.ports == [{ONE.id: (8080,)}]
    assert 20 <= stage.clock.now() < 30
    assert "Staging-1: no connection open, seen twice; the drain ends here" in stage.lines
    left = stage.memory.of(ONE, stage.balancer)
    assert left
    assert left.settled
    assert stage.balancer.members[ONE.id].state is State.LEAVING


def test_a_busy_one_is_asked_again_until_its_last_request_has_ended(stage: Stage) -> None:
    hosts = FakeHosts({ONE.id: [BUSY] * 4})
    detach(stage, hosts)

    assert len(hosts.asked) == 5
    assert 40 <= stage.clock.now() < 60
    assert "connections still open: Staging-1 3" in stage.lines


def test_a_batch_waits_for_all_of_its_instances(stage: Stage) -> None:
    hosts = FakeHosts({TWO.id: [BUSY, BUSY]})
    detach(stage, hosts, ONE, TWO)

    assert len(hosts.asked) == 3
    assert all(set(ports) == {ONE.id, TWO.id} for ports in hosts.ports)


def test_one_that_is_never_idle_gets_the_whole_drain_and_no_more(stage: Stage) -> None:
    detach(stage, FakeHosts({ONE.id: [BUSY] * 1000}))

    assert DELAY <= stage.clock.now() < DELAY + 10
    assert ONE.id not in stage.balancer.members


def test_without_evidence_it_is_the_whole_drain_in_words_and_nobody_is_asked_again(stage: Stage) -> None:
    hosts = FakeHosts({ONE.id: [NO_EVIDENCE]})
    detach(stage, hosts)

    assert hosts.asked == [20]
    assert DELAY <= stage.clock.now() < DELAY + 3
    why = "Staging-1: no evidence that it is idle (its SSM agent is offline); it gets the whole time"
    assert why in stage.lines


def test_no_evidence_from_one_of_a_batch_is_none_for_the_batch(stage: Stage) -> None:
    detach(stage, FakeHosts({TWO.id: [NO_EVIDENCE]}), ONE, TWO)

    assert stage.clock.now() >= DELAY


def test_the_twenty_seconds_begin_with_the_order_of_an_earlier_run(stage: Stage) -> None:
    here = stage.balancer.members[ONE.id]
    stage.memory.remember({(ONE.id, stage.balancer.address): stage.memory.absence(here, stage.clock.wall())})
    stage.balancer.deregister([Place(ONE, (8080,))])
    stage.clock.sleep(15)
    hosts = FakeHosts()
    detach(stage, hosts)

    assert hosts.asked == [20]


def test_the_floor_is_watched_all_the_same(stage: Stage) -> None:
    hosts = FakeHosts({ONE.id: [BUSY] * 1000})
    hosts.meanwhile = lambda: stage.balancer.serve(TWO, THREE, state=State.UNHEALTHY)
    with pytest.raises(FloorBroken):
        detach(stage, hosts)

    assert stage.balancer.orders[-1] == "register Staging-1 (8080,)"


def test_a_cancel_while_connections_are_counted_puts_it_back(stage: Stage) -> None:
    def cancel() -> None:
        raise Cancelled(15)

    hosts = FakeHosts(meanwhile=cancel)
    with pytest.raises(Cancelled):
        detach(stage, hosts)

    assert stage.balancer.members[ONE.id].state is State.SERVING


def test_a_host_is_not_asked_about_connections_to_an_address_that_it_does_not_count(stage: Stage) -> None:
    hosts = FakeHosts()
    evidence = Evidence(hosts, stage.wait)

    assert not evidence.nothing_open([Place(ONE, (Target(8080, "10.0.0.200"),))])
    assert evidence.lacking == "connections to 10.0.0.200 are not counted"
    assert hosts.ports == []


# What a Network Load Balancer does unless told otherwise, and how soon its nodes follow an order.
STAYS, LAG = "connection_termination.enabled is false", 120


@pytest.fixture
def network(stage: Stage) -> Stage:
    """The same behind a Network Load Balancer."""
    stage.balancer.lag, stage.balancer.stays = LAG, STAYS
    return stage


def leave(
    stage: Stage,
    hosts: FakeHosts,
    *,
    within: float | None = None,
    until_idle: bool = False,
    lag: float | None = None,
) -> None:
    ending = Ending(hosts, until_idle, lag, within)
    plan = plan_detach(Batch((ONE,)), [stage.balancer], floor(1), stage.memory, stage.wait, ending)
    carry_out(plan, floor(1), stage.memory, stage.wait)


def kill_at(stage: Stage, seconds: float, hosts: FakeHosts) -> None:
    """Have a first run end without a word at that moment, however far it has come."""

    class Killed(BaseException):
        pass

    def kill() -> None:
        raise Killed

    stage.clock.at(seconds, kill)
    with pytest.raises(Killed):
        leave(stage, hosts)


def test_a_delay_that_is_shorter_than_the_lag_is_not_the_end(network: Stage) -> None:
    network.balancer.drain = 10
    leave(network, FakeHosts())

    assert LAG <= network.clock.now() < LAG + 5
    assert any(
        "in-flight requests have up to 10 s, and new ones may come for 120 s" in line
        for line in network.lines
    )


def test_the_lag_is_what_the_user_says_if_he_does(network: Stage) -> None:
    network.balancer.drain = 10
    leave(network, FakeHosts(), lag=60)

    assert 60 <= network.clock.now() < 65


def test_no_idle_instance_proves_anything_before_the_lag_is_over(network: Stage) -> None:
    hosts = FakeHosts()
    leave(network, hosts, until_idle=True)

    assert hosts.asked == [LAG]
    assert network.clock.now() < LAG + 5


def test_connections_that_stay_are_waited_for_after_the_delay(network: Stage) -> None:
    hosts = FakeHosts({ONE.id: [BUSY] * 4})
    leave(network, hosts)

    assert DELAY <= hosts.asked[0] < DELAY + 3
    assert len(hosts.asked) == 5
    assert network.clock.now() < DELAY + 45
    assert f"staging: connections that are open stay, as {STAYS}" in network.lines
    assert network.log.standing.state == "Staging-1 is out of staging"


def test_where_the_delay_closes_them_nobody_is_asked(network: Stage) -> None:
    network.balancer.stays = ""
    hosts = FakeHosts({ONE.id: [BUSY] * 1000})
    leave(network, hosts)

    assert hosts.asked == []
    assert network.clock.now() < DELAY + 3


@pytest.mark.parametrize(
    ("said", "known"),
    [([BUSY] * 1000, "Staging-1 3"), ([NO_EVIDENCE], "no evidence: its SSM agent is offline")],
    ids=["open connections", "no evidence"],
)
def test_without_an_end_and_without_a_bound_it_times_out_and_names_both(
    network: Stage, said: list[Idleness], known: str
) -> None:
    with pytest.raises(TimedOut) as late:
        leave(network, FakeHosts({ONE.id: said}))

    assert late.value.what == (
        f"connections through staging may still lead to Staging-1 ({known}), as {STAYS}"
    )
    assert late.value.advice
    assert late.value.advice.startswith("Set it to true, or give --connections-within SECONDS")
    assert "gocd-tasks detach-instance Staging-1" in late.value.advice
    assert network.log.standing.state == "Staging-1 is out of staging"
    assert network.balancer.orders == ["deregister Staging-1 (8080,)"]


@pytest.mark.parametrize("said", [[BUSY] * 1000, [NO_EVIDENCE]], ids=["open connections", "no evidence"])
def test_a_bound_ends_the_wait_and_says_what_may_be_cut(network: Stage, said: list[Idleness]) -> None:
    leave(network, FakeHosts({ONE.id: said}), within=400)

    assert 400 <= network.clock.now() < 410
    [line] = [line for line in network.lines if "are cut when the service stops" in line]
    assert "had 400 s for connections that stay" in line


def test_connections_that_stay_are_not_cut_off_by_a_delay_of_nothing(network: Stage) -> None:
    network.balancer.drain = 0
    leave(network, FakeHosts())

    assert not any("cut off" in line for line in network.lines)


def test_a_bound_that_is_over_with_the_delay_asks_nobody(network: Stage) -> None:
    hosts = FakeHosts()
    leave(network, hosts, within=0)

    assert hosts.asked == []
    assert DELAY <= network.clock.now() < DELAY + 3


def test_what_cannot_be_counted_gets_the_whole_drain_in_words(network: Stage) -> None:
    network.balancer.stays, network.balancer.uncounted = "", "UDP has no connections to count"
    hosts = FakeHosts()
    leave(network, hosts, until_idle=True)

    assert hosts.asked == []
    assert network.clock.now() >= DELAY
    assert "Staging-1: the whole drain, as UDP has no connections to count" in network.lines


def test_what_cannot_be_counted_and_stays_needs_a_bound(network: Stage) -> None:
    network.balancer.uncounted = "UDP has no connections to count"
    with pytest.raises(TimedOut, match="no evidence: UDP has no connections to count"):
        leave(network, FakeHosts())


def test_one_that_is_out_since_just_now_is_waited_for_by_the_next_run(network: Stage) -> None:
    network.balancer.drain = 10
    kill_at(network, 50, FakeHosts())
    hosts = FakeHosts()
    leave(network, hosts)

    assert network.balancer.orders == ["deregister Staging-1 (8080,)"]
    assert "Staging-1: already out of staging; waiting for what may still lead there" in network.lines
    assert hosts.asked == [LAG]
    assert hosts.ports == [{ONE.id: (8080,)}]


def test_what_was_waited_for_once_is_not_waited_for_again(network: Stage) -> None:
    leave(network, FakeHosts())
    hosts = FakeHosts({ONE.id: [BUSY] * 1000})
    leave(network, hosts)

    assert hosts.asked == []
    assert network.lines[-1] == "Staging-1: already detached from staging; nothing to do"


def test_a_cancel_of_a_run_that_found_it_out_leaves_it_out(network: Stage) -> None:
    network.balancer.drain = 10
    kill_at(network, 50, FakeHosts())

    def cancel() -> None:
        raise Cancelled(15)

    network.clock.at(60, cancel)
    with pytest.raises(Cancelled):
        leave(network, FakeHosts())

    assert network.balancer.orders == ["deregister Staging-1 (8080,)"]
    assert network.memory.of(ONE, network.balancer)
    assert network.log.standing.state == "Staging-1 is out of staging"


def test_a_plan_says_what_stays_and_for_how_long(network: Stage) -> None:
    network.balancer.drain = 10
    ending = Ending(connections_within=400)
    plan = plan_detach(Batch((ONE,)), [network.balancer], floor(1), network.memory, network.wait, ending)

    assert list(plan.steps) == [
        "Staging-1: would leave staging and be given up to 120 s to drain",
        f"connections through staging would stay, as {STAYS}, and be waited for, for 400 s at most",
    ]
