"""Members of an Auto Scaling group leave through Standby, and the group is as it was when they are back."""

import signal

import pytest

from gocd.rehearsal.standin_aws.world import World
from tests.program import CommandLine
from tests.tasks.balancing.standby.conftest import Group
from tests.tasks.killing import Moment, killed_at

pytestmark = pytest.mark.end_to_end


def test_a_member_goes_to_standby_and_back_and_the_group_is_as_it_was(
    group: Group, gocd_tasks: CommandLine
) -> None:
    before, member = group.look(), group.members[0].id
    out = gocd_tasks("detach-instance", member, "--load-balancer", "web")
    while_out = group.look()
    back = gocd_tasks("attach-instance", member, "--load-balancer", "web")

    assert out.returncode == 0, out.stderr
    assert "fleet: minimum size 3 is lowered to 2 meanwhile" in out.stdout
    assert while_out["states"][member] == "Standby"
    assert while_out["sizes"] == (2, 2, 3)
    assert while_out["suspended"] == {"AZRebalance", "AlarmNotification", "InstanceRefresh"}
    assert back.returncode == 0, back.stderr
    assert group.look() == before
    assert group.remembered() == set()


def test_the_minimum_comes_back_with_the_members_and_not_before(
    group: Group, gocd_tasks: CommandLine
) -> None:
    one, two = group.members[0].id, group.members[1].id
    for member in (one, two):
        assert gocd_tasks("detach-instance", member, "--load-balancer", "web").returncode == 0
    assert group.look()["sizes"][:2] == (1, 1)

    assert gocd_tasks("attach-instance", one, "--load-balancer", "web").returncode == 0
    assert group.look()["sizes"][:2] == (2, 2)
    assert group.look()["suspended"] == {"AZRebalance", "AlarmNotification", "InstanceRefresh"}

    assert gocd_tasks("attach-instance", two, "--load-balancer", "web").returncode == 0
    assert group.look()["sizes"][:2] == (3, 3)
    assert group.look()["suspended"] == set()


def test_a_minimum_that_allows_it_is_left_alone(cloud: World, group: Group, gocd_tasks: CommandLine) -> None:
    cloud.client("autoscaling").update_auto_scaling_group(AutoScalingGroupName="fleet", MinSize=1)
    out = gocd_tasks("detach-instance", group.members[0].id, "--load-balancer", "web")

    assert out.returncode == 0, out.stderr
    assert group.look()["sizes"][:2] == (1, 2)
    assert "gocd-tasks:min-size" not in group.look()["tags"]


def test_a_process_that_somebody_suspended_stays_suspended(
    cloud: World, group: Group, gocd_tasks: CommandLine
) -> None:
    processes = {"AutoScalingGroupName": "fleet", "ScalingProcesses": ["AZRebalance", "AlarmNotification"]}
    cloud.client("autoscaling").suspend_processes(**processes)
    for task, more in (("detach-instance", {"InstanceRefresh"}), ("attach-instance", set())):
        done = gocd_tasks(task, group.members[0].id, "--load-balancer", "web")
        assert done.returncode == 0, done.stderr
        assert group.look()["suspended"] == {"AZRebalance", "AlarmNotification"} | more


def test_a_group_that_could_not_take_its_member_back_is_refused(
    cloud: World, group: Group, gocd_tasks: CommandLine
) -> None:
    launch = {"AutoScalingGroupName": "fleet", "ScalingProcesses": ["Launch"]}
    cloud.client("autoscaling").suspend_processes(**launch)
    refused = gocd_tasks("detach-instance", group.members[0].id, "--load-balancer", "web")

    assert refused.returncode == 2
    assert "process Launch is suspended in Auto Scaling group fleet" in refused.stderr
    assert "nothing was changed" in refused.stderr
    assert "aws autoscaling resume-processes" in refused.stderr


def test_a_load_balancer_that_the_group_does_not_know_is_left_beside_it(
    cloud: World, group: Group, gocd_tasks: CommandLine
) -> None:
    member = group.members[0]
    internal = cloud.target_group("internal", instances=group.members, deregistration_delay=1)
    out = gocd_tasks("detach-instance", member.id, "--load-balancer", "all")
    assert out.returncode == 0, out.stderr
    assert member.id not in cloud.serving(internal) | cloud.serving(group.balancer)

    back = gocd_tasks("attach-instance", member.id, "--load-balancer", "all")
    assert back.returncode == 0, back.stderr
    assert member.id in cloud.serving(internal) & cloud.serving(group.balancer)


def test_what_is_attached_to_the_group_is_guarded_although_it_was_not_named(
    cloud: World, group: Group, gocd_tasks: CommandLine
) -> None:
    other = cloud.target_group("other", deregistration_delay=1)
    attached = {"AutoScalingGroupName": "fleet", "TargetGroupARNs": [other.arn]}
    cloud.client("autoscaling").attach_load_balancer_target_groups(**attached)
    cloud.wait_until_serving(other, group.members)
    out = gocd_tasks("detach-instance", group.members[0].id, "--load-balancer", "web")

    assert out.returncode == 0, out.stderr
    assert "fleet: target-group:other attached as well" in out.stdout
    assert "other (target group, port 8080): 3 healthy of 3" in out.stdout


def test_a_cancel_while_it_drains_puts_it_back_from_standby(
    cloud: World, group: Group, gocd_tasks: CommandLine
) -> None:
    before, member = group.look(), group.members[0].id
    cloud.client("elbv2").modify_target_group_attributes(
        TargetGroupArn=group.balancer.arn,
        Attributes=[{"Key": "deregistration_delay.timeout_seconds", "Value": "40"}],
    )
    running = gocd_tasks.start("detach-instance", member, "--load-balancer", "web")
    told = next(line for line in running.stdout if "leaving web" in line)
    assert member in told
    running.send_signal(signal.SIGTERM)
    out, err = running.communicate(timeout=60)

    assert running.returncode == 143
    assert f"{member} was put back and serves as before" in err, out
    assert group.look() == before
    assert group.remembered() == set()


@pytest.mark.parametrize(
    "operation",
    ["CreateTags", "CreateOrUpdateTags", "UpdateAutoScalingGroup", "SuspendProcesses", "EnterStandby"],
)
def test_killed_on_its_way_out_the_next_attach_leaves_all_as_it_was(
    cloud: World, group: Group, gocd_tasks: CommandLine, operation: str
) -> None:
    before, member = group.look(), group.members[0].id
    words = ("detach-instance", member, "--load-balancer", "web")
    killed_at(cloud, Moment(operation), gocd_tasks, *words)

    back = gocd_tasks("attach-instance", member, "--load-balancer", "web")
    assert back.returncode == 0, back.stderr
    assert group.look() == before
    assert group.remembered() == set()


@pytest.mark.parametrize(
    "operation", ["ExitStandby", "UpdateAutoScalingGroup", "ResumeProcesses", "DeleteTags"]
)
def test_killed_on_its_way_back_the_same_command_heals(
    cloud: World, group: Group, gocd_tasks: CommandLine, operation: str
) -> None:
    before, member = group.look(), group.members[0].id
    assert gocd_tasks("detach-instance", member, "--load-balancer", "web").returncode == 0
    words = ("attach-instance", member, "--load-balancer", "web")
    killed_at(cloud, Moment(operation), gocd_tasks, *words)

    again = gocd_tasks("attach-instance", member, "--load-balancer", "web")
    assert again.returncode == 0, again.stderr
    assert group.look() == before
    assert group.remembered() == set()
