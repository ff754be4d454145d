"""The sites of traps, built in the stand-in AWS."""

from __future__ import annotations

import shutil
import subprocess
import threading
import time
from typing import Any

from gocd.rehearsal.rehearsal import agent_environment
from gocd.rehearsal.standin_aws.address_targets import address_group, primary_address
from gocd.rehearsal.standin_aws.control.journal import Call
from gocd.rehearsal.standin_aws.group_events import GroupEvents
from gocd.rehearsal.standin_aws.machines.instances import Instance
from gocd.rehearsal.standin_aws.second_vpc import SecondVpc
from gocd.rehearsal.standin_aws.target_events import register_on
from gocd.rehearsal.standin_aws.world import World
from gocd.rehearsal.traps.trap import Ground, Place

NAMES = ("Web-1", "Web-2")

# Seconds that requests in flight get, of AWS's time: what people set who do not want to wait for its 300.
DELAY = 60

# Seconds between health checks, of AWS's time.
INTERVAL = 10

POLICY = "load"

# Seconds for which descriptions lag.
LAG = 15.0


def two_servers(ground: Ground, *options: str, **settings: Any) -> Place:
    """Build Web-1 and Web-2 behind one load balancer, in two zones.

    Args:
        options: Those of the service.
        settings: Those of the load balancer.
    """
    return Place(_front(ground, _launched(ground, *options), **settings), NAMES)


def two_ports(ground: Ground) -> Place:
    """Build Web-1 and Web-2, each on two ports of one target group."""
    aws, servers = ground.aws, _launched(ground, "--port", "8081")
    front = _front(ground, servers)
    elbv2 = aws.client("elbv2")
    for each in servers:
        register_on(aws, front, each, 8081)
    while _healthy(elbv2, front.arn) < 2 * len(servers):
        time.sleep(0.1)
    return Place(front, NAMES)


def group_with_policy(ground: Ground) -> Place:
    """Build a group of two, which one in Standby leaves at its minimum, and a policy that adds a member."""
    place = _group(ground, min_size=1, standby=True)
    GroupEvents(ground.aws, place.group).policy(POLICY, by=1)
    return place


def load_rises(aws: World, place: Place) -> None:
    """Have the alarm of the group's policy in breach soon after a member has left for Standby."""
    rises = threading.Timer(0.5, GroupEvents(aws, place.group).breach, [POLICY])
    rises.daemon = True

    def after(call: Call) -> None:
        if call.operation == "EnterStandby" and not rises.ident:
            rises.start()

    aws.faults.after_call = after


def replacing_group(ground: Ground) -> Place:
    """Build a group of two that asks its load balancer who is healthy."""
    return _group(ground, min_size=2, standby=False)


def shared_range(ground: Ground) -> Place:
    """Build Web-1 and Web-2, targets by address, and others in another VPC beside them."""
    other = SecondVpc(ground.aws)
    bystanders = [
        other.launch(name, zone=zone, service=ground.service())
        for name, zone in zip(("Payroll-1", "Payroll-2"), ground.aws.zones, strict=False)
    ]
    servers = _launched(ground)
    front = address_group(ground.aws, "web", servers, deregistration_delay=ground.divided(DELAY))
    addresses = [primary_address(ground.aws, each) for each in servers]
    return Place(front, addresses, NAMES, look_up="private-ip-address", bystanders=bystanders)


def replaced_a_moment_ago(aws: World, place: Place) -> None:
    """Have another instance take the place and name of Web-1, of which AWS's descriptions do not tell yet."""
    aws.faults.stale(0)
    _ask_who_is_there(aws, place)
    [old] = [each for each in aws.parts.instances if each.name == NAMES[0]]
    new = aws.launch(old.name, zone=old.zone, service=old.service)
    elbv2 = aws.client("elbv2")
    elbv2.register_targets(TargetGroupArn=place.front.arn, Targets=[{"Id": new.id}])
    aws.wait_until_serving(place.front, [new])
    elbv2.deregister_targets(TargetGroupArn=place.front.arn, Targets=[{"Id": old.id}])
    while old.id in aws.serving(place.front):
        time.sleep(0.1)
    aws.client("ec2").terminate_instances(InstanceIds=[old.id])
    aws.faults.stale(LAG)


def _ask_who_is_there(aws: World, place: Place) -> None:
    """Ask as each pipeline will: what a question is answered is old only if it was asked before."""
    known = [f"Name={place.look_up},Values={NAMES[0]}", "Name=instance-state-name,Values=running"]
    balancer = ("--load-balancer", place.front.name)
    for command in (
        ["aws", "ec2", "describe-instances", "--filters", *known],
        ["gocd-tasks", "detach-instance", NAMES[0], *balancer, "--dry-run"],
    ):
        environment = agent_environment({**aws.environment, **aws.ending})
        program = shutil.which(command[0], path=environment["PATH"])
        subprocess.run(
            [program or command[0], *command[1:]], env=environment, check=True, capture_output=True
        )


def _launched(ground: Ground, *options: str) -> list[Instance]:
    return [
        ground.aws.launch(name, zone=zone, service=ground.service(*options))
        for name, zone in zip(NAMES, ground.aws.zones, strict=False)
    ]


def _front(ground: Ground, servers: list[Instance], **settings: Any) -> Any:
    delay = ground.divided(DELAY)
    usual = {"deregistration_delay": delay, "interval": INTERVAL, "instances": servers}
    return ground.aws.target_group("web", **{**usual, **settings})


def _group(ground: Ground, *, min_size: int, standby: bool) -> Place:
    front = _front(ground, [])
    members = ground.aws.auto_scaling_group(
        "web",
        size=len(NAMES),
        min_size=min_size,
        zones=ground.aws.zones[:2],
        service=ground.service(),
        load_balancers=[front],
        health_check_type="ELB",
    )
    ids = [each.id for each in members]
    return Place(front, ids, look_up="instance-id", group="web" if standby else "")


def _healthy(elbv2: Any, arn: str) -> int:
    told = elbv2.describe_target_health(TargetGroupArn=arn)["TargetHealthDescriptions"]
    return sum(each["TargetHealth"]["State"] == "healthy" for each in told)
