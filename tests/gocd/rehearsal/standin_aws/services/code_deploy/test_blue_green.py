"""Blue/green by CodeDeploy: a copied group gets the revision, then the users; the old one goes."""

import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import botocore.exceptions
import pytest

from gocd.rehearsal.load.traffic import Traffic
from gocd.rehearsal.standin_aws.load_balancer import LoadBalancer
from gocd.rehearsal.standin_aws.services.code_deploy.lifecycle import ALLOW_EVENTS, BLOCK_EVENTS, EVENTS
from gocd.rehearsal.standin_aws.world import World
from gocd.samples.measurement import measure
from tests.gocd.rehearsal.standin_aws.conftest import eventually, in_time, listed
from tests.gocd.rehearsal.standin_aws.service import SERVICE
from tests.gocd.rehearsal.standin_aws.services.code_deploy import deploying
from tests.gocd.rehearsal.standin_aws.services.code_deploy.deploying import SCRIPT, packed, told

OF_THE_SERVICE = {"DownloadBundle", "Install", "AllowTraffic", "BlockTraffic"}
HOOKED = [each for each in (*EVENTS, *ALLOW_EVENTS, *BLOCK_EVENTS) if each not in OF_THE_SERVICE]
GROUP = {"applicationName": "app", "deploymentGroupName": "app-green"}


@dataclass(frozen=True)
class Stack:
    """A group "app" behind a target group, and a blue/green deployment group for it."""

    cloud: World
    balancer: LoadBalancer

    def configure(self, *, ready: dict[str, Any] | None = None, **termination: Any) -> None:
        self.cloud.client("codedeploy").update_deployment_group(
            applicationName="app",
            currentDeploymentGroupName="app-green",
            autoScalingGroups=["app"],
            loadBalancerInfo={"targetGroupInfoList": [{"name": "web"}]},
            deploymentStyle={"deploymentType": "BLUE_GREEN", "deploymentOption": "WITH_TRAFFIC_CONTROL"},
            blueGreenDeploymentConfiguration={
                "terminateBlueInstancesOnDeploymentSuccess": {"action": "TERMINATE", **termination},
                "deploymentReadyOption": ready or {"actionOnTimeout": "CONTINUE_DEPLOYMENT"},
                "greenFleetProvisioningOption": {"action": "COPY_AUTO_SCALING_GROUP"},
            },
        )

    def deploy(self, script: str = "", **more: Any) -> str:
        hooks = "".join(f"  {event}:\n    - location: {SCRIPT}\n      timeout: 30\n" for event in HOOKED)
        appspec = "version: 0.0\nos: linux\nfiles:\n  - source: VERSION\n    destination: /srv/app\n"
        files = {
            "appspec.yml": f"{appspec}hooks:\n{hooks}",
            "VERSION": "2.0",
            SCRIPT: f'#!/bin/sh\necho "$LIFECYCLE_EVENT" >> "$DESTDIR/ran"\n{script}\n',
        }
        self.cloud.client("s3").put_object(Bucket="releases", Key="app", Body=packed(files, "zip"))
        location = {"bucket": "releases", "key": "app", "bundleType": "zip"}
        revision = {"revisionType": "S3", "s3Location": location}
        asked = {**GROUP, "revision": revision, **more}
        deployment_id: str = self.cloud.client("codedeploy").create_deployment(**asked)["deploymentId"]
        return deployment_id

    def targets(self, deployment_id: str, **filters: list[str]) -> list[Any]:
        """What the API tells of the targets of a deployment."""
        client = self.cloud.client("codedeploy")
        ids = client.list_deployment_targets(deploymentId=deployment_id, targetFilters=filters)["targetIds"]
        if not ids:
            return []
        found = client.batch_get_deployment_targets(deploymentId=deployment_id, targetIds=ids)
        return [each["instanceTarget"] for each in found["deploymentTargets"]]

    def walked(self, deployment_id: str, label: str) -> dict[str, str]:
        """The lifecycle events of the first target with a label, with their statuses."""
        [target, *_] = self.targets(deployment_id, ServerInstanceLabel=[label])
        return {each["lifecycleEventName"]: each["status"] for each in target["lifecycleEvents"]}

    def wait_for(self, deployment_id: str, label: str, event: str, status: str) -> None:
        def seen() -> str:
            has = told(self.cloud, deployment_id)["status"] != "Created"
            if not has or not self.targets(deployment_id, ServerInstanceLabel=[label]):
                return ""
            return self.walked(deployment_id, label)[event]

        eventually(seen, status, patience=30)

    def fleets(self) -> dict[str, list[str]]:
        """The members of each Auto Scaling group."""
        found = self.cloud.client("autoscaling").describe_auto_scaling_groups()["AutoScalingGroups"]
        return {
            each["AutoScalingGroupName"]: [member["InstanceId"] for member in each["Instances"]]
            for each in found
        }

    def group(self) -> Any:
        return self.cloud.client("codedeploy").get_deployment_group(**GROUP)["deploymentGroupInfo"]


def ended(cloud: World, deployment_id: str, status: str) -> Any:
    in_time(cloud, lambda: told(cloud, deployment_id)["status"], status)
    return told(cloud, deployment_id)


def ended_among_users(cloud: World, deployment_id: str, status: str) -> Any:
    """As ``ended``, but drains take as long as users may need."""
    return deploying.ended(cloud, deployment_id, status, patience=30)


@pytest.fixture
def stack(cloud: World) -> Stack:
    balancer = cloud.target_group("web", deregistration_delay=1)
    cloud.auto_scaling_group("app", size=1, service=SERVICE, load_balancers=[balancer])
    cloud.client("s3").create_bucket(
        Bucket="releases", CreateBucketConfiguration={"LocationConstraint": "eu-west-1"}
    )
    client = cloud.client("codedeploy")
    client.create_application(applicationName="app")
    client.create_deployment_group(
        **GROUP,
        deploymentConfigName="CodeDeployDefault.AllAtOnce",
        autoScalingGroups=["app"],
        serviceRoleArn="arn:aws:iam::123456789012:role/code-deploy",
    )
    stack = Stack(cloud, balancer)
    stack.configure()
    return stack


@contextmanager
def users(stack: Stack, folder: Path) -> Iterator[Path]:
    """Fifty requests a second, from here to the end of the block."""
    jtl = folder / "users.jtl"
    with Traffic(stack.balancer.url, 50, jtl) as traffic:
        traffic.wait_until_flowing()
        yield jtl


def test_a_group_without_a_style_is_in_place(cloud: World, stack: Stack) -> None:
    client = cloud.client("codedeploy")
    client.create_deployment_group(
        applicationName="app", deploymentGroupName="plain", serviceRoleArn="arn:aws:iam::1:role/r"
    )
    told = client.get_deployment_group(applicationName="app", deploymentGroupName="plain")

    assert told["deploymentGroupInfo"]["deploymentStyle"] == {
        "deploymentType": "IN_PLACE",
        "deploymentOption": "WITHOUT_TRAFFIC_CONTROL",
    }
    assert stack.group()["deploymentStyle"]["deploymentType"] == "BLUE_GREEN"


def test_users_go_from_the_blue_fleet_to_its_copy_and_none_is_lost(
    cloud: World, stack: Stack, tmp_path: Path
) -> None:
    [blue] = stack.fleets()["app"]
    with users(stack, tmp_path) as jtl:
        deployment_id = stack.deploy()
        last = ended_among_users(cloud, deployment_id, "Succeeded")
    fleet = f"CodeDeploy_app-green_{deployment_id}"
    green = stack.walked(deployment_id, "Green")

    assert re.fullmatch(r"d-[A-Z0-9]{9}", deployment_id)
    assert list(green) == [*EVENTS, *ALLOW_EVENTS]
    assert list(stack.walked(deployment_id, "Blue")) == list(BLOCK_EVENTS)
    assert {*green.values(), *stack.walked(deployment_id, "Blue").values()} == {"Succeeded"}
    assert list(stack.fleets()) == [fleet]
    [new] = stack.fleets()[fleet]
    assert listed(cloud, stack.balancer) == {new}
    assert cloud.parts.instances.state(blue) == "terminated"
    assert [each["name"] for each in stack.group()["autoScalingGroups"]] == [fleet]
    assert last["targetInstances"] == {"autoScalingGroups": [fleet]}
    assert last["deploymentStyle"]["deploymentType"] == "BLUE_GREEN"
    assert last["deploymentOverview"]["Succeeded"] == 2
    assert last["instanceTerminationWaitTimeStarted"] is False
    root = cloud.parts.instances.get(new).root  # type: ignore[union-attr]
    assert (root / "srv/app/VERSION").read_text() == "2.0"
    # The first deployment on an instance finds nothing to stop.
    assert (root / "ran").read_text().split() == [each for each in green if each in HOOKED[1:]]
    assert measure(jtl).lost == 0
    assert measure(jtl).sent > 50


def test_blue_is_left_by_the_scripts_of_its_own_revision(cloud: World, stack: Stack) -> None:
    first = stack.deploy()
    ended(cloud, first, "Succeeded")
    [blue] = stack.fleets()[f"CodeDeploy_app-green_{first}"]
    ended(cloud, stack.deploy('[ "${LIFECYCLE_EVENT%BlockTraffic}" = "$LIFECYCLE_EVENT" ]'), "Succeeded")
    ran = (cloud.parts.instances.get(blue).root / "ran").read_text().split()  # type: ignore[union-attr]

    assert ran[-2:] == ["BeforeBlockTraffic", "AfterBlockTraffic"]


def test_the_copy_is_as_the_original_but_for_its_name(cloud: World, stack: Stack) -> None:
    stack.configure(action="KEEP_ALIVE")
    ended(cloud, stack.deploy(), "Succeeded")
    found = cloud.client("autoscaling").describe_auto_scaling_groups()["AutoScalingGroups"]
    template, *sizes = "LaunchTemplate", "MinSize", "MaxSize", "DesiredCapacity", "VPCZoneIdentifier"
    blue, green = sorted(found, key=lambda each: each["AutoScalingGroupName"] != "app")

    assert [blue[each] for each in sizes] == [green[each] for each in sizes]
    assert blue[template]["LaunchTemplateId"] == green[template]["LaunchTemplateId"]
    # The green group registers from now on, and the blue one no more.
    assert (blue["TargetGroupARNs"], green["TargetGroupARNs"]) == ([], [stack.balancer.arn])


def test_green_is_not_before_users_until_it_is_validated(cloud: World, stack: Stack) -> None:
    deployment_id = stack.deploy('[ "$LIFECYCLE_EVENT" != ValidateService ] || sleep 2')
    stack.wait_for(deployment_id, "Green", "ValidateService", "InProgress")
    [green] = stack.targets(deployment_id, ServerInstanceLabel=["GREEN"])

    assert listed(cloud, stack.balancer) == set(stack.fleets()["app"])
    ended(cloud, deployment_id, "Succeeded")
    assert listed(cloud, stack.balancer) == {green["targetId"]}


def test_a_script_that_fails_leaves_users_with_blue_and_rolls_back(
    cloud: World, stack: Stack, tmp_path: Path
) -> None:
    [blue] = stack.fleets()["app"]
    with users(stack, tmp_path) as jtl:
        deployment_id = stack.deploy(
            'echo checking; [ "$LIFECYCLE_EVENT" != ValidateService ]',
            autoRollbackConfiguration={"enabled": True, "events": ["DEPLOYMENT_FAILURE"]},
        )
        failed = ended_among_users(cloud, deployment_id, "Failed")
        back = ended_among_users(cloud, failed["rollbackInfo"]["rollbackDeploymentId"], "Succeeded")
    [green] = stack.targets(deployment_id, ServerInstanceLabel=["Green"], TargetStatus=["Failed"])
    event = next(each for each in green["lifecycleEvents"] if each["status"] == "Failed")

    assert failed["errorInformation"]["code"] == "HEALTH_CONSTRAINTS"
    assert event["lifecycleEventName"] == "ValidateService"
    assert event["diagnostics"]["errorCode"] == "ScriptFailed"
    assert "[stdout]checking" in event["diagnostics"]["logTail"]
    assert set(stack.walked(deployment_id, "Blue").values()) == {"Skipped"}
    assert back["creator"] == "codeDeployRollback"
    assert back["rollbackInfo"]["rollbackTriggeringDeploymentId"] == deployment_id
    assert listed(cloud, stack.balancer) == {blue}
    assert [each["name"] for each in stack.group()["autoScalingGroups"]] == ["app"]
    # The green fleet is left for a human to look at.
    assert len(stack.fleets()) == 2
    assert measure(jtl).lost == 0


def test_green_registered_too_early_is_taken_out_by_the_rollback(cloud: World, stack: Stack) -> None:
    automatic = {"enabled": True, "events": ["DEPLOYMENT_FAILURE"]}
    script = '[ "$LIFECYCLE_EVENT" != ValidateService ] || { sleep 2; exit 1; }'
    deployment_id = stack.deploy(script, autoRollbackConfiguration=automatic)
    stack.wait_for(deployment_id, "Green", "ValidateService", "InProgress")
    [green] = stack.targets(deployment_id, ServerInstanceLabel=["Green"])
    cloud.client("elbv2").register_targets(
        TargetGroupArn=stack.balancer.arn, Targets=[{"Id": green["targetId"]}]
    )
    failed = ended(cloud, deployment_id, "Failed")
    ended(cloud, failed["rollbackInfo"]["rollbackDeploymentId"], "Succeeded")
    root = cloud.parts.instances.get(green["targetId"]).root  # type: ignore[union-attr]

    assert listed(cloud, stack.balancer) == set(stack.fleets()["app"])
    # By the scripts that were downloaded last, which have never been there whole.
    assert (root / "ran").read_text().split()[-2:] == ["BeforeBlockTraffic", "AfterBlockTraffic"]


@pytest.mark.exhaustive
def test_a_failure_after_the_rerouting_gives_the_users_back_to_blue(
    cloud: World, stack: Stack, tmp_path: Path
) -> None:
    [blue] = stack.fleets()["app"]
    # Blue has no revision of its own yet, and so no scripts that could fail.
    ended(cloud, stack.deploy(), "Succeeded")
    [second] = stack.fleets()[stack.group()["autoScalingGroups"][0]["name"]]
    automatic = {"enabled": True, "events": ["DEPLOYMENT_FAILURE"]}
    with users(stack, tmp_path) as jtl:
        script = '[ "$LIFECYCLE_EVENT" != AfterAllowTraffic ]'
        deployment_id = stack.deploy(script, autoRollbackConfiguration=automatic)
        failed = ended_among_users(cloud, deployment_id, "Failed")
        ended_among_users(cloud, failed["rollbackInfo"]["rollbackDeploymentId"], "Succeeded")

    assert blue != second
    assert stack.walked(deployment_id, "Green")["AllowTraffic"] == "Succeeded"
    assert listed(cloud, stack.balancer) == {second}
    assert measure(jtl).lost == 0


def test_a_ready_deployment_waits_for_the_word(cloud: World, stack: Stack) -> None:
    stack.configure(ready={"actionOnTimeout": "STOP_DEPLOYMENT", "waitTimeInMinutes": 60})
    client = cloud.client("codedeploy")
    deployment_id = stack.deploy()
    eventually(lambda: told(cloud, deployment_id)["status"], "Ready", patience=30)

    assert told(cloud, deployment_id)["deploymentOverview"]["Ready"] == 1
    assert [each["instanceLabel"] for each in stack.targets(deployment_id, TargetStatus=["Ready"])] == [
        "Green"
    ]
    assert listed(cloud, stack.balancer) == set(stack.fleets()["app"])
    with pytest.raises(client.exceptions.InvalidDeploymentStatusException):
        client.continue_deployment(deploymentId=deployment_id, deploymentWaitType="TERMINATION_WAIT")
    client.continue_deployment(deploymentId=deployment_id, deploymentWaitType="READY_WAIT")
    ended(cloud, deployment_id, "Succeeded")


def test_a_ready_deployment_that_nobody_continues_is_stopped(cloud: World, stack: Stack) -> None:
    # A minute is a second here.
    stack.configure(ready={"actionOnTimeout": "STOP_DEPLOYMENT", "waitTimeInMinutes": 1})
    deployment_id = stack.deploy()
    stopped = ended(cloud, deployment_id, "Stopped")

    assert stopped["errorInformation"]["code"] == "TIMEOUT"
    assert "rollbackInfo" not in stopped
    assert set(stack.walked(deployment_id, "Blue").values()) == {"Skipped"}
    assert listed(cloud, stack.balancer) == set(stack.fleets()["app"])


def test_the_blue_fleet_can_be_kept_for_a_while(cloud: World, stack: Stack) -> None:
    stack.configure(terminationWaitTimeInMinutes=60)
    client = cloud.client("codedeploy")
    deployment_id = stack.deploy()
    with pytest.raises(client.exceptions.DeploymentIsNotInReadyStateException):
        client.continue_deployment(deploymentId=deployment_id, deploymentWaitType="READY_WAIT")
    eventually(lambda: told(cloud, deployment_id)["instanceTerminationWaitTimeStarted"], True, patience=30)
    waiting = told(cloud, deployment_id)
    fleets = stack.fleets()

    assert waiting["status"] == "InProgress"
    configured = waiting["blueGreenDeploymentConfiguration"]["terminateBlueInstancesOnDeploymentSuccess"]
    assert configured == {"action": "TERMINATE", "terminationWaitTimeInMinutes": 60}
    assert len(fleets) == 2
    assert set(fleets["app"]).isdisjoint(listed(cloud, stack.balancer))
    client.continue_deployment(deploymentId=deployment_id, deploymentWaitType="TERMINATION_WAIT")
    ended(cloud, deployment_id, "Succeeded")
    assert "app" not in stack.fleets()


def test_the_wait_before_the_termination_ends_by_itself(cloud: World, stack: Stack) -> None:
    stack.configure(terminationWaitTimeInMinutes=1)
    ended(cloud, stack.deploy(), "Succeeded")

    assert "app" not in stack.fleets()


def test_the_blue_fleet_can_be_kept_for_good(cloud: World, stack: Stack) -> None:
    stack.configure(action="KEEP_ALIVE")
    [blue] = stack.fleets()["app"]
    ended(cloud, stack.deploy(), "Succeeded")

    assert stack.fleets()["app"] == [blue]
    assert cloud.parts.instances.state(blue) == "running"
    assert blue not in listed(cloud, stack.balancer)


@pytest.mark.parametrize("rolled_back", [True, False])
def test_a_deployment_can_be_stopped(cloud: World, stack: Stack, rolled_back: bool) -> None:
    client = cloud.client("codedeploy")
    deployment_id = stack.deploy('[ "$LIFECYCLE_EVENT" != AfterInstall ] || sleep 1')
    stack.wait_for(deployment_id, "Green", "AfterInstall", "InProgress")
    answered = client.stop_deployment(deploymentId=deployment_id, autoRollbackEnabled=rolled_back)
    stopped = ended(cloud, deployment_id, "Stopped")
    green = stack.walked(deployment_id, "Green")

    assert answered["status"] == "Pending"
    assert stopped["errorInformation"]["code"] == "MANUAL_STOP"
    assert (green["AfterInstall"], green["ApplicationStart"]) == ("Succeeded", "Skipped")
    assert ("rollbackInfo" in stopped) is rolled_back
    if rolled_back:
        ended_among_users(cloud, stopped["rollbackInfo"]["rollbackDeploymentId"], "Succeeded")
    assert listed(cloud, stack.balancer) == set(stack.fleets()["app"])


def test_a_group_takes_one_blue_green_deployment_at_a_time(cloud: World, stack: Stack) -> None:
    client = cloud.client("codedeploy")
    running = stack.deploy("sleep 1")
    said = f"The Deployment Group 'app-green' already has an active Deployment '{running}'"
    with pytest.raises(client.exceptions.DeploymentLimitExceededException, match=said):
        stack.deploy()


def test_every_instance_of_a_larger_fleet_is_replaced(cloud: World, stack: Stack) -> None:
    cloud.client("autoscaling").update_auto_scaling_group(
        AutoScalingGroupName="app", MinSize=2, MaxSize=2, DesiredCapacity=2
    )
    eventually(lambda: len(listed(cloud, stack.balancer)), 2)
    eventually(lambda: all(cloud.parts.instances.get(each) for each in stack.fleets()["app"]), True)
    deployment_id = stack.deploy()
    ended(cloud, deployment_id, "Succeeded")

    assert len(stack.targets(deployment_id, ServerInstanceLabel=["Blue"])) == 2
    assert len(stack.targets(deployment_id, ServerInstanceLabel=["Green"], TargetStatus=["Succeeded"])) == 2
    assert len(listed(cloud, stack.balancer)) == 2


def test_targets_are_asked_for_by_known_properties_and_25_at_a_time(cloud: World, stack: Stack) -> None:
    client = cloud.client("codedeploy")
    deployment_id = stack.deploy()
    ended(cloud, deployment_id, "Succeeded")
    with pytest.raises(client.exceptions.InvalidTargetFilterNameException):
        stack.targets(deployment_id, Colour=["Green"])
    with pytest.raises(client.exceptions.DeploymentTargetListSizeExceededException):
        client.batch_get_deployment_targets(deploymentId=deployment_id, targetIds=["i-1"] * 26)


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"loadBalancerInfo": {}}, "InvalidLoadBalancerInfoException"),
        ({"autoScalingGroups": []}, "InvalidAutoScalingGroupException"),
        ({"deploymentStyle": {"deploymentType": "BLUE_GREEN"}}, "NotImplemented"),
    ],
)
def test_a_group_that_cannot_be_deployed_to_in_this_way_is_refused(
    cloud: World, stack: Stack, change: dict[str, Any], code: str
) -> None:
    cloud.client("codedeploy").update_deployment_group(
        applicationName="app", currentDeploymentGroupName="app-green", **change
    )
    with pytest.raises(botocore.exceptions.ClientError) as refused:
        stack.deploy()
    assert refused.value.response["Error"]["Code"] == code


def test_a_reset_ends_a_deployment_wherever_it_is(cloud: World, stack: Stack) -> None:
    automatic = {"enabled": True, "events": ["DEPLOYMENT_FAILURE", "DEPLOYMENT_STOP_ON_REQUEST"]}
    deployment_id = stack.deploy("sleep 60", autoRollbackConfiguration=automatic)
    stack.wait_for(deployment_id, "Green", "BeforeInstall", "InProgress")
    cloud.reset()

    assert stack.fleets() == {}
