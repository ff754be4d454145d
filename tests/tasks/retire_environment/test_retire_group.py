"""An Auto Scaling group retired by the real command line, once nobody is led to it; until then refused."""

import re
import time
from contextlib import closing
from typing import Any

import pytest

from gocd.rehearsal.standin_aws.control.journal import Call
from gocd.rehearsal.standin_aws.load_balancer import LoadBalancer
from gocd.rehearsal.standin_aws.machines.instances import Service
from gocd.rehearsal.standin_aws.names.visitors import Resolver
from gocd.rehearsal.standin_aws.world import World
from tasks.iam_policy import Narrowed, iam_policy
from tests.gocd.rehearsal.standin_aws.conftest import eventually
from tests.gocd.rehearsal.standin_aws.services.elb.routing import WebSocket
from tests.gocd.rehearsal.standin_aws.services.route53.zones import NAME, alias, make_zone
from tests.program import CommandLine
from tests.tasks.clone_environment.cloning import blue_group, group, target_group
from tests.tasks.retire_environment.retiring import RULE, cloned, count_requests, share, shares
from tests.tasks.test_iam_policy import OF_LOST_COMMANDS

pytestmark = pytest.mark.end_to_end

NOW = ("retire-environment", "blue", "--keep-for", "0")
LOOKS = ("Describe", "Get", "List")


def changes(cloud: World) -> list[str]:
    return [each.operation for each in cloud.journal.calls if not each.operation.startswith(LOOKS)]


def test_blue_is_cloned_left_kept_and_retired(cloud: World, gocd_tasks: CommandLine, sample: Service) -> None:
    front = cloned(cloud, gocd_tasks, sample, min_size=0)
    count_requests(cloud, front, ago=10)
    led = gocd_tasks(
        "switch-traffic", "green", "--load-balancer", "blue-lb", "--steps", "100", "--settle", "1"
    )
    assert led.returncode == 0, led.stderr
    zone = make_zone(cloud)
    standby = cloud.target_group("standby")
    zone.create(
        alias(cloud, front, evaluate=True, SetIdentifier="main", Weight=1),
        alias(cloud, standby, SetIdentifier="standby", Weight=0),
    )
    zone.known()
    cloud.journal.clear()
    soon = gocd_tasks("retire-environment", "blue")

    assert soon.returncode == 2
    assert "blue was left for green 0 min ago, and is kept for 60 min; nothing was changed" in soon.stderr
    assert changes(cloud) == []

    shown = gocd_tasks("retire-environment", "blue", "--keep-for", "0", "--dry-run")
    assert shown.returncode == 0
    assert shown.stdout.splitlines()[1:] == [
        *[each for each in shown.stdout.splitlines()[1:] if "last request" in each],
        f"{NAME} A (main, weight 1): an alias of blue-lb with EvaluateTargetHealth; blue leaves every rule "
        f"before its instances go, as otherwise users are led to {NAME} A (standby, weight 0)",
        f"blue: takes blue, at weight 0, out of {RULE}",
        "blue: ends 1 instance of blue",
        "blue: deletes the Auto Scaling group with its policies, schedules and hooks",
        "blue: deletes the target group blue",
        "blue: launch template blue, which a clone uses as well, stays",
    ]
    assert changes(cloud) == []

    with cloud.parts.name_server() as server:
        answered: set[str] = set()

        def look(_: Call) -> None:
            answered.update(Resolver(server.port, cloud.parts.settings.clock).ask(NAME))

        cloud.faults.after_call = look
        done = gocd_tasks(*NOW)
        cloud.faults.after_call = None
    assert done.returncode == 0, done.stderr
    assert len(answered) == 1, "nobody is led to the standby by an alias that evaluates target health"
    assert "green: may have 0 instances again, as its source could" in done.stdout
    assert group(cloud, "blue") is None
    assert target_group(cloud, "blue") is None
    assert list(shares(cloud, front)) == ["green"]
    assert group(cloud, "green")["MinSize"] == 0
    assert len(group(cloud, "green")["Instances"]) == 1
    order = [each for each in changes(cloud) if each != "PutParameter"]
    assert order.index("ModifyListener") < order.index("UpdateAutoScalingGroup")
    assert order.index("DeleteAutoScalingGroup") < order.index("DeleteTargetGroup")

    again = gocd_tasks(*NOW)
    assert again.returncode == 0, again.stderr
    assert "blue: gone already; nothing to do" in again.stdout


@pytest.mark.exhaustive
def test_a_websocket_is_given_the_deregistration_delay_and_told(
    cloud: World, gocd_tasks: CommandLine, sample: Service
) -> None:
    front = cloned(cloud, gocd_tasks, sample, min_size=0)
    count_requests(cloud, front, ago=10)
    delay = {"Key": "deregistration_delay.timeout_seconds", "Value": "40"}
    cloud.client("elbv2").modify_target_group_attributes(TargetGroupArn=front.arn, Attributes=[delay])
    with closing(WebSocket(front.url)) as held:
        share(cloud, front, blue=0, green=1)
        began = time.monotonic()
        alive: list[tuple[float, bytes]] = []

        def look(call: Call) -> None:
            if call.operation == "ModifyListener":
                alive.append((time.monotonic() - began, held.echo(b"here")))

        cloud.faults.before_call = look
        done = gocd_tasks(*NOW)
        cloud.faults.before_call = None
        assert done.returncode == 0, done.stderr
        [(waited, echoed)] = alive
        assert echoed == b"here"
        # Its service goes on for as long as a machine takes to shut down.
        eventually(lambda: held.echo(b"there"), b"")
    [instance] = [each for each in done.stdout.splitlines() if "such as websockets" in each]
    assert instance.endswith("they get 40 s, its deregistration delay, and are cut then")
    assert re.search(r"after [4-9]\d s; they are cut when its instances go", done.stdout)
    assert waited > 4


@pytest.mark.exhaustive
def test_the_time_for_which_it_is_kept_can_be_waited_for(
    cloud: World, gocd_tasks: CommandLine, sample: Service
) -> None:
    front = cloned(cloud, gocd_tasks, sample, min_size=0)
    count_requests(cloud, front, ago=10)
    led = gocd_tasks(
        "switch-traffic", "green", "--load-balancer", "blue-lb", "--steps", "100", "--settle", "1"
    )
    assert led.returncode == 0, led.stderr
    cloud.journal.clear()

    # By the true time, as the age of what a switch has left is AWS's own.
    done = gocd_tasks.installed("retire-environment", "blue", "--keep-for", "20", "--wait", "--dry-run")

    assert done.returncode == 0, done.stderr
    assert "blue was left for green 0 min ago, and is kept for 0 min" in done.stdout
    assert "blue: ends 1 instance of blue" in done.stdout
    assert changes(cloud) == []


def test_what_serves_or_may_not_go_is_refused_and_nothing_is_changed(
    cloud: World, gocd_tasks: CommandLine, sample: Service
) -> None:
    front = blue_group(cloud, sample)
    scaling = cloud.client("autoscaling")
    member = {
        "AutoScalingGroupName": "blue",
        "InstanceIds": [group(cloud, "blue")["Instances"][0]["InstanceId"]],
    }

    def refused(reason: str, *words: str) -> None:
        cloud.journal.clear()
        done = gocd_tasks(*(words or NOW))
        assert done.returncode == 2, reason
        [error] = done.stderr.splitlines()
        assert reason in error
        assert "nothing was changed" in error
        assert changes(cloud) == []

    refused(f"blue serves: {RULE} sends requests to blue")
    cloud.target_group("green", wait=False)
    lone(cloud, front, "green")
    refused("nothing tells since when nobody is led to blue", "retire-environment", "blue")
    add_record(cloud, member["InstanceIds"][0])
    refused("blue serves: the record web.example.com A (blue, weight 0) leads to it")
    remove_record(cloud, member["InstanceIds"][0])
    scaling.set_instance_protection(**member, ProtectedFromScaleIn=True)
    refused("is protected from scale-in")
    scaling.set_instance_protection(**member, ProtectedFromScaleIn=False)
    scaling.suspend_processes(AutoScalingGroupName="blue", ScalingProcesses=["Terminate"])
    refused("blue ends no instance while its process Terminate is suspended")
    scaling.resume_processes(AutoScalingGroupName="blue")
    scaling.update_auto_scaling_group(AutoScalingGroupName="blue", DeletionProtection="prevent-all-deletion")
    refused("blue is protected from deletion")
    scaling.update_auto_scaling_group(AutoScalingGroupName="blue", DeletionProtection="none")
    cloud.classic("old", wait=False)
    scaling.attach_load_balancers(AutoScalingGroupName="blue", LoadBalancerNames=["old"])
    refused("blue serves: old sends requests to every instance that it has")
    refused("no stack or Auto Scaling group is called grey", "retire-environment", "grey")


def lone(cloud: World, front: LoadBalancer, name: str) -> None:
    """Lead all users of blue's load balancer to another target group."""
    elb = cloud.client("elbv2")
    made = target_group(cloud, name)
    for arn in made["LoadBalancerArns"]:
        elb.delete_load_balancer(LoadBalancerArn=arn)
    share(cloud, front, **{name: 1})


RECORD: Any = {"Name": "web.example.com", "Type": "A", "SetIdentifier": "blue", "Weight": 0, "TTL": 60}


def add_record(cloud: World, instance: str) -> None:
    dns = cloud.client("route53")
    zone = dns.create_hosted_zone(Name="example.com", CallerReference="one")["HostedZone"]["Id"]
    change_record(cloud, zone, "CREATE", instance)


def remove_record(cloud: World, instance: str) -> None:
    [zone] = cloud.client("route53").list_hosted_zones()["HostedZones"]
    change_record(cloud, zone["Id"], "DELETE", instance)


def change_record(cloud: World, zone: str, action: str, instance: str) -> None:
    [told] = cloud.client("ec2").describe_instances(InstanceIds=[instance])["Reservations"]
    address = {"Value": told["Instances"][0]["PrivateIpAddress"]}
    cloud.client("route53").change_resource_record_sets(
        HostedZoneId=zone,
        ChangeBatch={
            "Changes": [{"Action": action, "ResourceRecordSet": {**RECORD, "ResourceRecords": [address]}}]
        },
    )


def test_requests_that_are_counted_are_refused(
    cloud: World, gocd_tasks: CommandLine, sample: Service
) -> None:
    front = blue_group(cloud, sample)
    other = cloud.target_group("green", wait=False)
    cloud.client("elbv2").delete_load_balancer(LoadBalancerArn=other.load_balancer_arn)
    share(cloud, front, blue=0, green=1)
    count_requests(cloud, front, ago=1)
    done = gocd_tasks(*NOW)

    assert done.returncode == 2
    assert "blue serves: blue had 9 requests in the minute of" in done.stderr
    assert shares(cloud, front) == {"blue": 0, "green": 1}
    # What all weights at 0 come to nobody knows, so it counts as serving.
    share(cloud, front, blue=0, green=0)
    done = gocd_tasks(*NOW)
    assert done.returncode == 2
    assert f"{RULE} sends requests to blue" in done.stderr


def test_every_call_of_a_retirement_is_allowed_and_every_action_is_used(
    cloud: World, gocd_tasks: CommandLine, sample: Service
) -> None:
    front = cloned(cloud, gocd_tasks, sample, min_size=0)
    share(cloud, front, blue=0, green=1)
    cloud.client("route53").create_hosted_zone(Name="example.com", CallerReference="one")
    policy = iam_policy(["retire-environment"], Narrowed(regions=["eu-west-1"]))
    cloud.faults.allow_only(policy)
    cloud.journal.clear()
    for _ in range(2):
        done = gocd_tasks(*NOW)
        assert done.returncode == 0, done.stderr

    allowed = {action for part in policy["Statement"] for action in part["Action"]}
    used = {call.action for call in cloud.journal.calls}
    assert used <= allowed
    assert allowed - used == {
        *OF_LOST_COMMANDS,
        "autoscaling:DeleteWarmPool",
        "cloudformation:DeleteStack",
        "cloudformation:DescribeStackEvents",
        "cloudformation:GetTemplate",
        "cloudformation:GetTemplateSummary",
        "cloudformation:ListImports",
        "cloudformation:ListStackResources",
        "elasticloadbalancing:ModifyRule",
        "ssm:GetParameterHistory",
    }
