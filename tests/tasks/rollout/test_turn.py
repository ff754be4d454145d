"""A rollout asks after each batch how users fare, on servers in memory."""

import pytest

from tasks.balancing.share import Share
from tasks.rollout.turn import Halted
from tasks.running.errors import Refused
from tasks.traffic.so_far import Fare, Users
from tests.fakes import instance
from tests.tasks.rollout.fakes import Rollout

FOUR = [instance(number, "eu-west-1a" if number % 2 else "eu-west-1b") for number in range(1, 5)]
ONE, TWO, THREE, FOURTH = FOUR
BY_TWO = Share(2, percent=False)
BAD = "5 failed (5 HTTP 500); at most 0 allowed"


@pytest.fixture
def rollout() -> Rollout:
    return Rollout(FOUR)


def bad_from(rollout: Rollout, deployed: int) -> Users:
    """Twenty requests a second, of which five are lost once so many servers have the release and serve."""

    lost: list[int] = []

    def ask() -> Fare:
        serving = [key for key in rollout.hosts.versions if key in rollout.stage.balancer.members]
        if len(serving) >= deployed and not lost:
            lost.append(5)
        return Fare(int(20 * rollout.stage.clock.now()), sum(lost), BAD if lost else "")

    return Users(ask, 5)


def test_the_batch_that_users_are_hurt_by_is_out_again_and_no_other_is_begun(rollout: Rollout) -> None:
    rollout.users = bad_from(rollout, deployed=4)
    with pytest.raises(Halted) as halt:
        rollout.run(BY_TWO)

    assert rollout.batches == ["Staging-1, Staging-2", "Staging-3, Staging-4"]
    assert rollout.says("Staging-1, Staging-2: the traffic passes so far, 0 of ")
    assert halt.value.what.startswith(
        f"halted: the traffic failed after Staging-3, Staging-4 came back ({BAD}): users lost 5 of "
    )
    assert set(rollout.stage.balancer.members) == {ONE.id, TWO.id}
    assert rollout.stage.log.standing.state == (
        "Staging-3, Staging-4 were taken out of staging again; 2 of 2 other servers have 2.0"
    )


def test_the_same_again_brings_back_what_was_left_out_and_asks_again(rollout: Rollout) -> None:
    for _ in range(2):
        rollout.users = bad_from(rollout, deployed=1)
        with pytest.raises(Halted):
            rollout.run()
        assert set(rollout.stage.balancer.members) == {TWO.id, THREE.id, FOURTH.id}
        rollout.directory.outside = [ONE]
    rollout.users = bad_from(rollout, deployed=9)
    rollout.run()

    assert rollout.hosts.installed == ["Staging-1", "Staging-2", "Staging-3", "Staging-4"]
    assert set(rollout.stage.balancer.members) == {each.id for each in FOUR}


def test_users_who_are_hurt_before_it_begins_have_it_refused(rollout: Rollout) -> None:
    rollout.users = bad_from(rollout, deployed=0)
    with pytest.raises(Refused, match="the traffic under way has failed already"):
        rollout.run()

    assert rollout.stage.balancer.orders == []
    assert rollout.hosts.installed == []
