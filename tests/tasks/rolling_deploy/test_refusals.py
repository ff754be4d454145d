"""What rolling-deploy does not even begin."""

import pytest

from tasks.balancing.absences import PREFIX
from tasks.rollout.fleet import SIGNATURE
from tests.fakes import EPOCH
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
    every = refused(four, "--load-balancer", "all")
    assert "all means every load balancer that one instance is in, and no instance is named here" in every
    assert "Name those that are meant. There are: fleet" in every


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
    assert "2.0 would go to 4 of 4 servers, 2 at a time" in ran.stdout
    assert mixed.changes() == []
    assert not {call.operation for call in mixed.cloud.journal.calls} & {"PutParameter", "PutObject"}
    assert mixed.standing() == before


def test_a_dry_run_tells_what_the_run_then_does_and_needs_no_artifact(fleet: MakeFleet) -> None:
    """Of four, one has the release, one is not well, and one was left outside by an earlier run."""
    four = fleet(4)
    _, unwell, outside, _ = four.servers
    words = four.words("--batch", "2")
    deploy = ("deploy-artifact", "Fleet-1", "--while-serving", words[1], *words[4:12])
    deployed = four.gocd_tasks(*deploy)
    assert deployed.returncode == 0, deployed.stderr
    left = {
        "Key": f"{PREFIX}target-group:fleet",
        "Value": f"served=yes ports=8080 since={EPOCH:%Y-%m-%d} by={SIGNATURE}",
    }
    four.cloud.client("ec2").create_tags(Resources=[outside.id], Tags=[left])
    target = {"TargetGroupArn": four.balancer.arn, "Targets": [{"Id": outside.id}]}
    four.cloud.client("elbv2").deregister_targets(**target)
    four.break_(unwell)
    words = four.words("--batch", "2")

    told = four.gocd_tasks(words[0], *words[2:], "--dry-run")
    assert told.returncode == 0, told.stderr
    ran = four.gocd_tasks(*words)

    foreseen = told.stdout.splitlines()
    assert "no ARTIFACT is given, so whether it can be deployed is not looked at" in foreseen
    assert "Fleet-1: answers 2.0 already; nothing would be done, if its record says so too" in foreseen
    assert "Fleet-2: would be skipped, its status call answers 500, not 200" in foreseen
    assert [line for line in foreseen if line.startswith("batch ")] == [
        "batch 1 would be: Fleet-3",
        "batch 2 would be: Fleet-4",
    ]
    assert foreseen[-1] == "2.0 would go to 2 of 4 servers, 2 at a time"
    assert [line for line in ran.stdout.splitlines() if line.startswith("Batch: ")] == [
        "Batch: Fleet-3",
        "Batch: Fleet-4",
    ]


def test_a_batch_is_of_servers_behind_the_same_load_balancers(fleet: MakeFleet) -> None:
    three = fleet(3)
    three.cloud.classic("old", instances=[three.servers[0], three.servers[2]], draining=1, cross_zone=True)

    ran = three.roll("--load-balancer", "classic:old", "--batch", "2", "--min-healthy", "0", "--dry-run")

    assert ran.returncode == 0, ran.stderr
    assert "batch 1 would be: Fleet-1, Fleet-3" in ran.stdout
    assert "batch 2 would be: Fleet-2" in ran.stdout
