"""A detach or an attach of a group's member that lacks a permission, found out at each of its changes."""

import pytest

from gocd.rehearsal.standin_aws.world import World
from tests.program import CommandLine
from tests.tasks.balancing.standby.conftest import Group
from tests.tasks.test_cli import one_error
from tests.tasks.test_frame_denied import denied

# By the action that is denied to a detach of a member of a group whose sizes have to change for it.
LEAVING = (
    *("autoscaling:EnterStandby", "autoscaling:CreateOrUpdateTags", "autoscaling:UpdateAutoScalingGroup"),
    *("autoscaling:SuspendProcesses", "ec2:CreateTags"),
)


@pytest.mark.exhaustive
def test_a_member_that_may_not_leave_stays_as_its_group_does(
    cloud: World, gocd_tasks: CommandLine, group: Group
) -> None:
    before = group.look()
    member = group.members[0].id
    for action in LEAVING:
        done = denied(cloud, gocd_tasks, action, "detach-instance", member, "--load-balancer", "web")
        assert done.returncode == 2, action
        assert "; nothing was changed. " in one_error(done), action
        assert (group.look(), group.remembered()) == (before, set()), action
    assert gocd_tasks("detach-instance", member, "--load-balancer", "web").returncode == 0
    done = denied(
        cloud, gocd_tasks, "autoscaling:ExitStandby", "attach-instance", member, "--load-balancer", "web"
    )

    assert f"; {member} is still out of web and serves nobody. " in one_error(done)
    assert group.look()["states"][member] == "Standby"
