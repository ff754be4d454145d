"""Servers that come, go, or are away by someone's hand while a rollout is at it."""

import threading

import pytest

from gocd.rehearsal.standin_aws.control.journal import Call
from tests.gocd.rehearsal.standin_aws.conftest import eventually
from tests.tasks.locking.test_owner import VARIABLES
from tests.tasks.rolling_deploy.conftest import Fleet, MakeFleet

pytestmark = pytest.mark.end_to_end


def meanwhile(fleet: Fleet, operation: str, **parameters: object) -> None:
    """Have somebody do something as soon as the first server is on its way out."""

    def hook(call: Call) -> None:
        if call.operation == "DeregisterTargets" and not done:
            service = "ec2" if operation == "terminate_instances" else "elbv2"
            act = getattr(fleet.cloud.client(service), operation)
            # The control plane answers one call at a time, and this one is not answered yet.
            done.append(threading.Thread(target=act, kwargs=parameters))
            done[0].start()

    done: list[threading.Thread] = []
    fleet.cloud.faults.after_call = hook


def test_one_that_joins_meanwhile_gets_its_turn(fleet: MakeFleet) -> None:
    two = fleet(2)
    late = two.launch("Fleet-3", "eu-west-1a")
    meanwhile(two, "register_targets", TargetGroupArn=two.balancer.arn, Targets=[{"Id": late.id}])

    ran = two.roll()

    assert ran.returncode == 0, ran.stderr
    assert "Fleet-3: joined meanwhile; it gets its turn as well" in ran.stdout
    two.servers.append(late)
    assert list(two.versions().values()) == ["2.0"] * 3
    assert list(two.health().values()) == ["healthy"] * 3


@pytest.mark.exhaustive
def test_one_that_is_terminated_meanwhile_is_not_waited_for(fleet: MakeFleet) -> None:
    three = fleet(3)
    gone = three.servers.pop()
    meanwhile(three, "terminate_instances", InstanceIds=[gone.id])

    ran = three.roll()

    assert ran.returncode == 0, ran.stderr
    assert "Fleet-3: left the load balancer meanwhile; not waited for" in ran.stdout
    assert "2.0 is on 2 servers" in ran.stdout
    assert list(three.versions().values()) == ["2.0"] * 2


def test_one_taken_out_by_a_stage_is_left_alone_and_said_to_be_that_stage_s(fleet: MakeFleet) -> None:
    three = fleet(3)
    one = three.servers[0]
    detach = ("detach-instance", "Fleet-1", "--load-balancer", "fleet")
    assert three.gocd_tasks(*detach, **VARIABLES).returncode == 0
    before = three.standing()["tags"]

    ran = three.roll("--batch", "2", "--min-healthy", "0")

    assert ran.returncode == 0, ran.stderr
    assert "Fleet-1: taken out of fleet by staging/12, stage Staging-2/2; it is left alone" in ran.stdout
    assert sorted(three.versions().values()) == ["1.0", "2.0", "2.0"]
    assert three.versions()[one.id] == "1.0"
    assert one.id not in three.health()
    assert three.standing()["tags"] == before != []


@pytest.mark.exhaustive
def test_the_first_member_of_a_group_comes_through_standby_from_all_that_it_is_behind(
    fleet: MakeFleet,
) -> None:
    two = fleet(2)
    other = two.cloud.target_group("other", deregistration_delay=1)
    behind = [two.balancer, other]
    two.cloud.auto_scaling_group(
        "late", size=0, max_size=1, service=two.service, zone="eu-west-1a", load_balancers=behind
    )

    def grow(call: Call) -> None:
        """Have the rollout go on only when the group's first member serves."""
        if call.operation == "DeregisterTargets" and two.servers[1].id in str(call.parameters):
            two.cloud.client("autoscaling").set_desired_capacity(
                AutoScalingGroupName="late", DesiredCapacity=1
            )
            eventually(lambda: list(two.health().values()).count("healthy"), 2)

    two.cloud.faults.after_call = grow
    ran = two.roll("--min-healthy", "0")

    assert ran.returncode == 0, ran.stderr
    assert "late: target-group:other attached as well, so they leave that too" in ran.stdout
    [group] = two.cloud.client("autoscaling").describe_auto_scaling_groups()["AutoScalingGroups"]
    [member] = group["Instances"]
    two.servers += [each for each in two.cloud.parts.instances if each.id == member["InstanceId"]]
    assert list(two.versions().values()) == ["2.0"] * 3
    assert member["LifecycleState"] == "InService"
    assert member["InstanceId"] in str(two.cloud.journal.of("EnterStandby")[0].parameters)
    assert "target-group:other" in locked(two)


def locked(fleet: Fleet) -> set[str]:
    """The names of all locks that were taken."""
    return {
        str(call.parameters["Name"]).rpartition("/")[2].replace(".", ":")
        for call in fleet.cloud.journal.of("PutParameter")
    }


def test_whatever_the_members_of_a_group_are_behind_is_locked_too(fleet: MakeFleet) -> None:
    two = fleet(1)
    other = two.cloud.target_group("other", deregistration_delay=1)
    two.cloud.auto_scaling_group(
        *("both",),
        size=1,
        max_size=1,
        service=two.service,
        zone="eu-west-1a",
        load_balancers=[two.balancer, other],
    )
    held = two.gocd_tasks("lock", "acquire", "target-group:other", **VARIABLES)
    assert held.returncode == 0, held.stderr

    refused = two.roll("--min-healthy", "0")

    assert refused.returncode == 2, refused.stdout
    assert "target-group:other is locked by" in refused.stderr
    assert "nothing was changed" in refused.stderr
    assert two.changes() == []
