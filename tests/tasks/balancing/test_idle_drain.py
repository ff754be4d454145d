"""A drain that ends on evidence from the hosts: never without it, and never before it proves anything."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

import pytest

from tasks.aws.load_balancer import Place, State
from tasks.aws.target import Target
from tasks.balancing.batch import Batch
from tasks.balancing.detach import detach as carry_out
from tasks.balancing.detach_plan import plan_detach
from tasks.balancing.floor import FloorBroken
from tasks.balancing.idle_drain import DrainUntilIdle
from tasks.hosts.idleness import Idleness, Ports
from tasks.running.errors import Cancelled
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
    plan = plan_detach(batch, [stage.balancer], floor(minimum), stage.memory, stage.log)
    until_idle = DrainUntilIdle(hosts, stage.log)
    carry_out(plan, floor(minimum), stage.memory, stage.wait, until_idle=until_idle)


def test_an_idle_instance_is_out_twenty_seconds_after_the_order(stage: Stage) -> None:
    hosts = FakeHosts()
    detach(stage, hosts)

    assert hosts.asked == [20]
    assert hosts.ports == [{ONE.id: (8080,)}]
    assert 20 <= stage.clock.now() < 30
    assert "Staging-1: no connection open, seen twice; the drain ends here" in stage.lines


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
    why = "Staging-1: no evidence that it is idle (its SSM agent is offline); it gets the whole drain"
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
    idle = DrainUntilIdle(hosts, stage.log)
    idle.starts(0, ordered=-60)
    by_another_address = Place(ONE, (Target(8080, "10.0.0.200"),))

    assert not idle.ended([by_another_address], stage.wait)
    assert "Staging-1: connections to 10.0.0.200 are not counted; it gets the whole drain" in stage.lines
    assert hosts.ports == []
