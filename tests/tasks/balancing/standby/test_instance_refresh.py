"""Nobody goes to Standby in the middle of an instance refresh, and a refresh waits for whoever is there."""

import pytest

from gocd.rehearsal.standin_aws.group_events import GroupEvents
from gocd.rehearsal.standin_aws.world import World
from tests.gocd.rehearsal.standin_aws.conftest import in_time
from tests.program import CommandLine
from tests.tasks.balancing.standby.conftest import Group

pytestmark = pytest.mark.end_to_end

BEHIND = ("--load-balancer", "web")


@pytest.mark.parametrize("how", [(), ("--dry-run",)], ids=["for good", "dry run"])
def test_a_running_refresh_is_told_before_anything_changes(
    cloud: World, group: Group, gocd_tasks: CommandLine, how: tuple[str, ...]
) -> None:
    # Held still, so that this is about the refresh and not about what it replaces.
    held = {"AutoScalingGroupName": "fleet", "ScalingProcesses": ["InstanceRefresh"]}
    cloud.client("autoscaling").suspend_processes(**held)
    events = GroupEvents(cloud, "fleet")
    events.refresh(StandbyInstances="Terminate")
    before = group.look()
    refused = gocd_tasks("detach-instance", group.members[0].id, *BEHIND, *how)

    assert refused.returncode == 2
    assert "an instance refresh of Auto Scaling group fleet is Pending" in refused.stderr
    assert "nothing was changed" in refused.stderr
    assert "aws autoscaling cancel-instance-refresh --auto-scaling-group-name fleet" in refused.stderr
    assert group.look() == before
    assert group.remembered() == set()

    events.cancel_refresh()
    cloud.client("autoscaling").resume_processes(**held)
    in_time(cloud, lambda: events.refresh_status, "Cancelled")
    assert gocd_tasks("detach-instance", group.members[0].id, *BEHIND, *how).returncode == 0


def test_a_refresh_that_is_started_meanwhile_waits_until_the_member_is_back(
    cloud: World, group: Group, gocd_tasks: CommandLine
) -> None:
    member = group.members[0].id
    assert gocd_tasks("detach-instance", member, *BEHIND).returncode == 0
    events = GroupEvents(cloud, "fleet")
    events.refresh(StandbyInstances="Terminate")
    cloud.let_pass(120)
    assert group.look()["states"][member] == "Standby"
    back = gocd_tasks("attach-instance", member, *BEHIND)

    assert back.returncode == 0, back.stderr
    in_time(cloud, lambda: events.refresh_status, "Successful")
    assert {each.id for each in group.members}.isdisjoint(group.look()["states"])
