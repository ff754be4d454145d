"""What rolling-deploy does not even begin."""

import pytest

from tests.tasks.rolling_deploy.conftest import GROUP, Fleet, MakeFleet

pytestmark = pytest.mark.end_to_end


def refused(fleet: Fleet, *words: str, status: bool = True) -> str:
    """Have it refused with nothing changed, and return the line that says why."""
    before = fleet.standing()
    fleet.cloud.journal.clear()
    ran = fleet.roll(*words, status=status)
    assert ran.returncode == 2, ran.stdout + ran.stderr
    assert fleet.changes() == []
    assert fleet.standing() == before
    assert set(fleet.versions().values()) <= {"1.0"}
    return ran.stderr


def test_a_batch_that_nobody_could_spare(fleet: MakeFleet) -> None:
    four = fleet(4, cross_zone=None)

    assert "The largest that fits: --batch 3" in refused(four, "--batch", "4")
    assert "The largest that fits: --batch 1" in refused(four, "--batch", "2", "--min-healthy", "75%")
    assert "not even one server can be spared" in refused(four, "--min-healthy", "100%")
    assert "give --status-url" in refused(four, status=False)
    assert "name the load balancers of the fleet" in refused(four, "--load-balancer", "all")


def test_a_zone_that_serves_from_its_own_servers_has_a_floor_of_its_own(fleet: MakeFleet) -> None:
    zones = ("eu-west-1a", "eu-west-1b", "eu-west-1b", "eu-west-1b")
    lopsided = fleet(4, zones=zones, cross_zone=False, kind="network")

    assert "eu-west-1a alone: 1 healthy of 1" in refused(lopsided)

    lopsided.cloud.client("elbv2").modify_target_group_attributes(
        TargetGroupArn=lopsided.balancer.arn,
        Attributes=[{"Key": "load_balancing.cross_zone.enabled", "Value": "true"}],
    )
    assert lopsided.roll("--dry-run").returncode == 0


def test_no_server(fleet: MakeFleet) -> None:
    assert "no active server behind fleet" in refused(fleet(0))


def test_a_group_that_could_not_take_its_members_back(fleet: MakeFleet) -> None:
    grouped = fleet(1, members=2)
    grouped.cloud.client("autoscaling").suspend_processes(
        AutoScalingGroupName=GROUP, ScalingProcesses=["Launch"]
    )

    assert "Launch" in refused(grouped)


def test_a_dry_run_says_the_batches_and_changes_nothing(fleet: MakeFleet) -> None:
    mixed = fleet(2, members=2, min_size=2)
    before = mixed.standing()
    mixed.cloud.journal.clear()

    ran = mixed.roll("--dry-run", "--batch", "50%")

    assert ran.returncode == 0, ran.stderr
    assert "batch 2 would be:" in ran.stdout
    assert "2.0 would go to 4 servers, 2 at a time" in ran.stdout
    assert mixed.changes() == []
    assert not {call.operation for call in mixed.cloud.journal.calls} & {"PutParameter", "PutObject"}
    assert mixed.standing() == before


def test_a_batch_is_of_servers_behind_the_same_load_balancers(fleet: MakeFleet) -> None:
    three = fleet(3)
    three.cloud.classic("old", instances=[three.servers[0], three.servers[2]], draining=1, cross_zone=True)

    ran = three.roll("--load-balancer", "classic:old", "--batch", "2", "--min-healthy", "0", "--dry-run")

    assert ran.returncode == 0, ran.stderr
    assert "batch 1 would be: Fleet-1, Fleet-3" in ran.stdout
    assert "batch 2 would be: Fleet-2" in ran.stdout
