"""The sample HERD is upgraded as MDL upgrades it, and goes wrong as that does."""

from pathlib import Path

import botocore.exceptions
import pytest

from gocd.rehearsal.load.traffic import Traffic
from gocd.rehearsal.sample.herd.names import UNFILLED
from gocd.rehearsal.sample.herd.stack import Herd, build_herd
from gocd.rehearsal.standin_aws.world import World
from gocd.samples.measurement import measure
from tests.gocd.rehearsal.sample.herd.conftest import build_number, call, event, upgrade
from tests.gocd.rehearsal.standin_aws.conftest import eventually, listed
from tests.gocd.rehearsal.standin_aws.services.code_deploy.deploying import ended

FIRST_CALL = [
    "INFO: Current deployment-type: 'IN_PLACE'",
    "INFO: Attempting to update the deployment style to BLUE_GREEN",
    "INFO: Herd ASG name: 'mdl140-HerdASG'",
    "INFO: Deployment updated to BLUE_GREEN.",
]
WRITTEN_BEFORE = [
    "INFO: Updating rolling-deployment condition reference point parameter: 'DeploymentInvoked'",
    "INFO: SSM parameter updated.",
    "INFO: Updating requested version parameter: 'RequestedVersion'",
    "INFO: SSM parameter updated.",
]


def initiated(deployment_id: str) -> list[str]:
    return [
        "INFO: CodeDeploy Blue/Green upgrade initiated.",
        f"INFO: Deployment id is: '{deployment_id}'.",
        "INFO: Updating rolling-deployment most recent deployment id parameter: 'MostRecentDeploymentId'",
        "INFO: SSM parameter updated.",
    ]


def test_it_is_stood_up_under_the_names_that_mdl_gives(cloud: World, herd: Herd) -> None:
    names = herd.names
    told = cloud.client("ssm").get_parameter(Name="/app/MDL/mdl140/dev/Resources/Lambda/UpgradeHerdArn")

    assert told["Parameter"]["Value"].endswith(":function:mdl140-Herd-dev-UPGRADE-HERD-LAMBDA-FUNCTION")
    group = cloud.client("codedeploy").get_deployment_group(
        applicationName="mdl140-Herd", deploymentGroupName="mdl140-HerdDeployGroup"
    )["deploymentGroupInfo"]
    assert group["deploymentConfigName"] == "CodeDeployDefault.AllAtOnce"
    [fleet] = cloud.client("autoscaling").describe_auto_scaling_groups()["AutoScalingGroups"]
    assert (fleet["MinSize"], fleet["MaxSize"], fleet["DesiredCapacity"]) == (1, 1, 1)
    assert herd.balancer.name == "mdl140-HerdTargetGroup"
    assert names.bucket("123456789012") in str(cloud.client("s3").list_buckets()["Buckets"])
    assert herd.parameter("MostRecentDeploymentId") == herd.parameter("RequestedVersion") == UNFILLED
    assert build_number(herd) == "0.83.0"


def test_an_upgrade_loses_no_request_and_the_next_one_finds_the_group_blue_green(
    cloud: World, tmp_path: Path
) -> None:
    herd = build_herd(cloud, deregistration_delay=1)
    jtl = tmp_path / "users.jtl"
    with Traffic(herd.build_info_url, 100, jtl) as traffic:
        traffic.wait_until_flowing()
        called = call(herd, {"RequestedVersion": "0.84.0"})
        ended(cloud, called.deployment_id, "Succeeded", patience=60)
    seen = measure(jtl)

    assert (called.payload, called.error) == ("null", "")
    assert called.log == [*FIRST_CALL, *WRITTEN_BEFORE, *initiated(called.deployment_id)]
    assert build_number(herd) == "0.84.0"
    assert herd.parameter("CurrentVersion") == "0.84.0"
    assert herd.parameter("RequestedVersion") == UNFILLED
    assert herd.parameter("DeploymentInvoked") == "false"
    assert herd.parameter("MostRecentDeploymentId") == called.deployment_id
    # Where the stack's own parameter still names the group that is gone.
    assert herd.parameter("AutoScalingGroup") == "mdl140-HerdASG"
    [fleet] = cloud.client("autoscaling").describe_auto_scaling_groups()["AutoScalingGroups"]
    assert fleet["AutoScalingGroupName"] == f"CodeDeploy_mdl140-HerdDeployGroup_{called.deployment_id}"
    assert seen.lost == 0
    assert set(seen.requests_per_version) == {"0.83.0", "0.84.0"}

    called = call(herd, {"RequestedVersion": "0.85.0"})
    ended(cloud, called.deployment_id, "Succeeded", patience=60)

    blue_green = "INFO: Current deployment-type: 'BLUE_GREEN'"
    assert called.log == [blue_green, *WRITTEN_BEFORE, *initiated(called.deployment_id)]
    assert build_number(herd) == "0.85.0"


@pytest.mark.parametrize(
    ("broken", "failing", "said"),
    [
        ("no-namespaces", "ValidateService", "HERD has 0 namespaces, and should have 2"),
        pytest.param(
            "wrong-version",
            "ValidateService",
            "HERD is build 0.0, and should be 0.84.0",
            marks=pytest.mark.exhaustive,
        ),
        pytest.param(
            "answers-500",
            "ValidateService",
            "HERD does not answer: HTTP Error 500",
            marks=pytest.mark.exhaustive,
        ),
        ("starts-not", "ApplicationStart", "Job for herd.service failed"),
    ],
)
@pytest.mark.exhaustive
def test_a_version_that_is_not_well_is_rolled_back_and_its_parameters_stay(
    cloud: World, tmp_path: Path, broken: str, failing: str, said: str
) -> None:
    herd = build_herd(cloud, broken=broken, deregistration_delay=1)
    jtl = tmp_path / "users.jtl"
    with Traffic(herd.build_info_url, 50, jtl) as traffic:
        traffic.wait_until_flowing()
        deployment_id = upgrade(herd)
        failed = ended(cloud, deployment_id, "Failed", patience=60)
        ended(cloud, failed["rollbackInfo"]["rollbackDeploymentId"], "Succeeded", patience=60)
    diagnostics = event(herd, deployment_id, "Green", failing)["diagnostics"]

    assert diagnostics["errorCode"] == "ScriptFailed"
    assert said in diagnostics["logTail"]
    assert build_number(herd) == "0.83.0"
    assert listed(cloud, herd.balancer) == {herd.instance.id}
    assert herd.parameter("CurrentVersion") == "0.83.0"
    assert herd.parameter("RequestedVersion") == "0.84.0"
    assert herd.parameter("DeploymentInvoked") == "true"
    assert herd.parameter("MostRecentDeploymentId") == deployment_id
    assert measure(jtl).lost == 0


@pytest.mark.exhaustive
def test_another_version_is_well_after_one_that_was_not(cloud: World) -> None:
    herd = build_herd(cloud, broken="no-namespaces", deregistration_delay=1)
    failed = ended(cloud, upgrade(herd), "Failed", patience=60)
    ended(cloud, failed["rollbackInfo"]["rollbackDeploymentId"], "Succeeded", patience=60)
    ended(cloud, upgrade(herd, "0.84.1"), "Succeeded", patience=60)

    assert build_number(herd) == "0.84.1"


def test_a_call_without_a_version_does_nothing_and_ends_well_or_with_an_error(herd: Herd) -> None:
    well = call(herd, {"RequestedVersion": None})
    badly = call(herd, {})

    assert (well.payload, well.error) == ("null", "")
    assert well.log == [
        "ERROR: FATAL: Required parameter: 'RequestedVersion' not found - "
        "lambda function will not be executed."
    ]
    assert badly.error == "Unhandled"
    assert "KeyError" in badly.payload
    assert herd.parameter("MostRecentDeploymentId") == UNFILLED
    assert herd.parameter("DeploymentInvoked") == "false"


def test_a_call_while_one_is_deployed_fails_and_has_written_its_version(cloud: World, herd: Herd) -> None:
    first = upgrade(herd)
    called = call(herd, {"RequestedVersion": "0.85.0"})
    already = f"The Deployment Group 'mdl140-HerdDeployGroup' already has an active Deployment '{first}'"

    assert called.error == "Unhandled"
    assert already in called.payload
    assert called.log[1:5] == WRITTEN_BEFORE
    assert called.log[5].startswith("ERROR: CodeDeploy caused an exception, ")
    assert "DeploymentLimitExceededException" in called.log[5]
    assert herd.parameter("RequestedVersion") == "0.85.0"
    assert herd.parameter("DeploymentInvoked") == "true"
    assert herd.parameter("MostRecentDeploymentId") == first
    assert len(cloud.invocations) == 2


@pytest.mark.exhaustive
def test_green_is_among_the_users_servers_before_it_is_tested_and_all_that_is_in_no_journal_nor_meets_a_fault(
    cloud: World, herd: Herd
) -> None:
    cloud.faults.throttle(1.0)
    with pytest.raises(botocore.exceptions.ClientError, match="Throttling"):
        _a_users_client(cloud).describe_parameters()
    deployment_id = upgrade(herd)
    eventually(lambda: len(listed(cloud, herd.balancer)), 2, patience=60)

    assert event(herd, deployment_id, "Green", "ValidateService")["status"] != "Succeeded"
    ended(cloud, deployment_id, "Succeeded", patience=60)
    assert herd.instance.id not in listed(cloud, herd.balancer)
    assert [each.operation for each in cloud.journal.calls] == ["DescribeParameters"]


def _a_users_client(cloud: World) -> botocore.client.BaseClient:
    from botocore.config import Config
    from botocore.session import Session

    return Session().create_client(
        "ssm",
        region_name=cloud.region,
        endpoint_url=cloud.endpoint_url,
        aws_access_key_id=cloud.environment["AWS_ACCESS_KEY_ID"],
        aws_secret_access_key=cloud.environment["AWS_SECRET_ACCESS_KEY"],
        config=Config(retries={"total_max_attempts": 1}),
    )
