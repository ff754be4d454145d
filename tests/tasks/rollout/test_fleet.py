"""Who is of a fleet, where its servers are behind more load balancers than one."""

from dataclasses import replace

import pytest

from tasks.balancing.absences import PREFIX
from tasks.rollout.fleet import SIGNATURE, Fleet
from tests.fakes import EPOCH, FakeLoadBalancer, FakeMemory, Stage, instance
from tests.tasks.rollout.fakes import Directory

ONE, TWO = instance(1), instance(2, state="stopped")


@pytest.fixture
def stage() -> Stage:
    return Stage()


def test_a_server_that_is_turned_off_is_one_server_however_many_load_balancers_it_is_out_of(
    stage: Stage,
) -> None:
    web, api = stage.balancer, FakeLoadBalancer(stage.clock, name="api")
    web.serve(ONE)
    api.serve(ONE)
    memory = FakeMemory(by=SIGNATURE)
    absence = memory.absence(web.members[ONE.id], EPOCH)
    tags = {f"{PREFIX}{balancer.address}": str(absence) for balancer in (web, api)}
    fleet = Fleet([web, api], Directory([ONE], outside=[replace(TWO, tags=tags)]), memory)

    servers = fleet.gather(stage.log)

    assert [each.instance for each in servers] == [ONE]
    assert [each.id for each in fleet.stopped] == [TWO.id]
