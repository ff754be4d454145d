"""What a group has still to put into service is left to it, and its hooks delay nobody who comes back."""

import pytest

from gocd.rehearsal.standin_aws.group_events import GroupEvents
from gocd.rehearsal.standin_aws.world import World
from tests.gocd.rehearsal.standin_aws.conftest import in_time
from tests.program import CommandLine
from tests.tasks.balancing.standby.conftest import Group

pytestmark = pytest.mark.end_to_end

BEHIND = ("--load-balancer", "web")


@pytest.fixture
def events(cloud: World, group: Group) -> GroupEvents:
    """The group may grow by one."""
    cloud.client("autoscaling").update_auto_scaling_group(AutoScalingGroupName="fleet", MaxSize=4)
    return GroupEvents(cloud, "fleet")


@pytest.mark.parametrize("task", ["detach-instance", "attach-instance"])
@pytest.mark.parametrize("state", ["Stopped", "Running"])
def test_an_instance_of_a_warm_pool_is_told_as_such(
    cloud: World, gocd_tasks: CommandLine, events: GroupEvents, state: str, task: str
) -> None:
    events.warm_pool(state)
    in_time(cloud, lambda: len(warm(cloud)), 1)
    [one] = warm(cloud)
    refused = gocd_tasks(task, one, *BEHIND)

    assert refused.returncode == 2, refused.stdout
    assert f"{one} is Warmed:{state} in Auto Scaling group fleet" in refused.stderr
    assert "nothing was changed" in refused.stderr


def test_an_instance_that_a_hook_holds_is_not_registered_behind_its_back(
    cloud: World, group: Group, gocd_tasks: CommandLine, events: GroupEvents
) -> None:
    events.hook("install", timeout=300)
    cloud.client("autoscaling").set_desired_capacity(AutoScalingGroupName="fleet", DesiredCapacity=4)
    in_time(cloud, lambda: "Pending:Wait" in group.look()["states"].values(), True)
    [held] = [each for each, state in group.look()["states"].items() if state == "Pending:Wait"]
    refused = gocd_tasks("attach-instance", held, *BEHIND)

    assert refused.returncode == 2, refused.stdout
    assert f"{held} is Pending:Wait in Auto Scaling group fleet" in refused.stderr
    assert cloud.journal.of("RegisterTargets") == []
    events.let_go("install", held)
    in_time(cloud, lambda: group.look()["states"][held], "InService")
    assert gocd_tasks("attach-instance", held, *BEHIND).returncode == 0


def test_a_hook_for_launches_does_not_delay_a_member_that_comes_back(
    group: Group, gocd_tasks: CommandLine, events: GroupEvents
) -> None:
    events.hook("install", timeout=3600)
    member = group.members[0].id
    for task in ("detach-instance", "attach-instance"):
        done = gocd_tasks(task, member, *BEHIND)
        assert done.returncode == 0, done.stderr
    assert group.look()["states"][member] == "InService"


def warm(cloud: World) -> list[str]:
    told = cloud.client("autoscaling").describe_warm_pool(AutoScalingGroupName="fleet")["Instances"]
    return [each["InstanceId"] for each in told]


@pytest.mark.parametrize("task", ["detach-instance", "attach-instance"])
def test_a_member_in_a_state_that_nobody_knows_is_left_to_its_group(
    cloud: World, group: Group, gocd_tasks: CommandLine, task: str
) -> None:
    cloud.faults.spoil("DescribeAutoScalingGroups", lambda body: body.replace(b">InService<", b">Parked<"))
    member = group.members[0].id
    refused = gocd_tasks(task, member, *BEHIND)

    assert refused.returncode == 2, refused.stdout
    assert f"{member} is 'Parked' in Auto Scaling group fleet, which is not known here" in refused.stderr
    assert "nothing was changed" in refused.stderr
