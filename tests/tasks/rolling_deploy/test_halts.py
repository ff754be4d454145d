"""Each rule by which a rollout skips a server, halts, or stops what does not have the release."""

import pytest

from tests.gocd.rehearsal.standin_aws.conftest import eventually
from tests.tasks.rolling_deploy.conftest import MakeFleet

pytestmark = pytest.mark.end_to_end


def test_who_is_not_well_before_is_skipped_and_left_as_it_is(fleet: MakeFleet) -> None:
    three = fleet(3)
    one, two, third = three.servers
    three.break_(two)

    ran = three.roll("--batch", "2")

    assert ran.returncode == 1
    assert "Fleet-2: skipped, its status call answers 500, not 200" in ran.stdout
    assert "2.0 is on 2 servers, 2 of them deployed to now; " in ran.stdout.splitlines()[-1]
    assert "error: Fleet-2 does not have 2.0 and was left as it is" in ran.stderr
    assert "2.0 is on 2 servers, 2 of them deployed to now. Look at what it names" in ran.stderr
    assert three.power(two) == "running"
    assert three.installs(two) == 0
    assert three.health() == {one.id: "healthy", two.id: "unhealthy", third.id: "healthy"}
    assert three.versions() == {one.id: "2.0", two.id: "500", third.id: "2.0"}


@pytest.mark.exhaustive
def test_a_member_that_lost_the_release_again_is_stopped_from_standby_and_not_replaced(
    fleet: MakeFleet,
) -> None:
    grouped = fleet(1, members=2, min_size=2)
    bad, good = grouped.members
    grouped.lose_again(bad)

    ran = grouped.roll("--min-healthy", "1")

    assert ran.returncode == 0, ran.stderr
    assert "does not have 2.0: answers version 1.0, not 2.0" in ran.stdout
    assert grouped.power(bad) == "stopped"
    [group] = grouped.standing()["groups"]
    assert group["members"] == {bad.id: "Standby", good.id: "InService"}
    assert grouped.health() == {grouped.servers[0].id: "healthy", good.id: "healthy"}

    again = grouped.roll()
    assert again.returncode == 0, again.stderr
    assert ": stopped; start it, and run this again for it" in again.stdout


def test_not_well_after_halts_with_the_batch_left_out(fleet: MakeFleet) -> None:
    four = fleet(4)

    ran = four.roll("--batch", "2", "--status-timeout", "1", broken="answers-500")

    assert ran.returncode == 1
    assert "halted: 2.0 is installed but Fleet-1 answers 500, not 200" in ran.stderr
    assert "Fleet-1, Fleet-2 stay out of fleet" in ran.stderr
    assert "run again: gocd-tasks rolling-deploy" in ran.stderr
    one, two, three, other = four.servers
    assert four.health() == {three.id: "healthy", other.id: "healthy"}
    assert four.versions() == {one.id: "500", two.id: "500", three.id: "1.0", other.id: "1.0"}

    healed = four.roll("--batch", "2", version="2.1")

    assert healed.returncode == 0, healed.stderr
    assert "Fleet-1: left outside of fleet by an earlier run" in healed.stdout
    assert set(four.versions().values()) == {"2.1"}
    assert set(four.health().values()) == {"healthy"}
    assert four.standing()["tags"] == []


def test_a_deployment_that_fails_halts(fleet: MakeFleet) -> None:
    three = fleet(3)
    one, two, third = three.servers
    one.fail_next_start()

    ran = three.roll()

    assert ran.returncode == 1
    assert "halted: installing 2.0 on Fleet-1 failed" in ran.stderr
    assert three.health() == {two.id: "healthy", third.id: "healthy"}
    assert (three.installs(two), three.installs(third)) == (0, 0)

    assert three.roll().returncode == 0
    assert set(three.versions().values()) == {"2.0"}
    assert set(three.health().values()) == {"healthy"}


@pytest.mark.exhaustive
def test_more_that_lost_it_than_may_be_stopped_fail_it_and_none_is_stopped(fleet: MakeFleet) -> None:
    two = fleet(2)
    one, other = two.servers
    two.lose_again(one)

    ran = two.roll("--max-stopped", "0")

    assert ran.returncode == 1
    assert "FAILED: 1 servers were deployed to and do not have 2.0 (Fleet-1)" in ran.stderr
    assert "no more than 0 may be stopped, so none was stopped" in ran.stderr
    assert {two.power(each) for each in two.servers} == {"running"}
    assert two.versions() == {one.id: "1.0", other.id: "2.0"}


def test_who_never_gets_healthy_halts_it_with_status_3(fleet: MakeFleet) -> None:
    two = fleet(2)
    one, other = two.servers
    two.cloud.faults.unreachable(one.id)
    eventually(lambda: two.health()[one.id], "unhealthy")

    ran = two.roll()

    assert ran.returncode == 3
    assert "halted: Fleet-1 did not become healthy in fleet" in ran.stderr
    assert two.versions() == {one.id: "2.0", other.id: "1.0"}
    assert two.health()[other.id] == "healthy"
