"""Waiting for Route 53, by a clock that only waiting moves."""

from itertools import pairwise

import pytest

from gocd.rehearsal.standin_aws.world import World
from tasks.aws.api import Aws
from tasks.aws.errors import AwsError
from tasks.aws.record_sets import find_records
from tasks.switching.by_name.end import End
from tasks.switching.by_name.exchange import Exchanged
from tasks.switching.by_name.replaced import replaced
from tasks.switching.by_name.replacement import Replacement
from tasks.switching.moving import Unseen
from tests.fakes import FakeClock, Stage
from tests.gocd.rehearsal.standin_aws.services.route53.zones import NAME, ONE, OTHER, make_zone, record


@pytest.fixture
def stage() -> Stage:
    return Stage()


@pytest.fixture
def clock(stage: Stage) -> FakeClock:
    return stage.clock


@pytest.fixture
def way(cloud: World, aws: Aws, stage: Stage) -> Exchanged:
    make_zone(cloud).create(record(ONE))
    slow = Aws(stage.clock, lambda _: None)
    records, _ = find_records(slow, NAME, None)
    former = records.read()
    led = [End(OTHER, (OTHER,)).in_place_of(each) for each in former]
    return replaced(records, ONE, OTHER, Replacement(former, led), stage.wait)


def test_what_never_gets_known_to_all_name_servers_is_not_waited_for_without_end(
    cloud: World, way: Exchanged, clock: FakeClock
) -> None:
    cloud.parts.route53.stuck = True

    with pytest.raises(Unseen, match="not all name servers know of it yet after 600 s"):
        way.write({ONE: 0, OTHER: 1})
    assert clock.now() == pytest.approx(600, abs=1)
    assert way.stands() == {ONE: 0, OTHER: 1}


@pytest.mark.exhaustive
def test_a_zone_that_stays_busy_is_waited_for_each_time_longer_and_then_told(
    cloud: World, way: Exchanged, clock: FakeClock
) -> None:
    asked: list[float] = []
    cloud.faults.before_call = lambda call: asked.append(clock.now())
    cloud.faults.fail("ChangeResourceRecordSets", 400, "PriorRequestNotComplete", times=1000)

    with pytest.raises(AwsError, match="PriorRequestNotComplete"):
        way.write({ONE: 0, OTHER: 1})
    rounds = sorted({*asked})
    assert rounds[-1] >= 300
    pauses = [later - one for one, later in pairwise(rounds)]
    assert max(pauses) > 60
