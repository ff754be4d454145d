"""The sample HERD stood up in the stand-in AWS, as MDL stands up the real one."""

from __future__ import annotations

import time
from dataclasses import dataclass

from gocd.errors import GoCDError
from gocd.rehearsal.sample.herd.names import UNFILLED, HerdNames
from gocd.rehearsal.sample.herd.revision import build_revision
from gocd.rehearsal.sample.herd.service import BUILD_INFO, DISPLAY
from gocd.rehearsal.sample.herd.upgrade_function import UpgradeFunction
from gocd.rehearsal.standin_aws.control.wire import ACCOUNT
from gocd.rehearsal.standin_aws.load_balancer import LoadBalancer
from gocd.rehearsal.standin_aws.machines.instances import Instance, Service
from gocd.rehearsal.standin_aws.machines.programs import aws_config, aws_program, python_program
from gocd.rehearsal.standin_aws.world import World

# The release of MDL that stands HERD up, which is not HERD's own version.
MDL_RELEASE = "1.4.0"
PORT = 8080
# Seconds for the first deployment, which makes the new instance a HERD.
PATIENCE = 120.0


@dataclass(frozen=True)
class Herd:
    """A HERD that serves; *names* says what its parts are called, *function* upgrades it."""

    aws: World
    names: HerdNames
    balancer: LoadBalancer
    instance: Instance
    function: UpgradeFunction

    @property
    def build_info_url(self) -> str:
        return self.balancer.url.rstrip("/") + BUILD_INFO

    def parameter(self, name: str) -> str:
        """Give one of the parameters that the function and HERD's own scripts share."""
        told = self.aws.client("ssm").get_parameter(Name=f"{self.names.parameters}/{name}")
        return str(told["Parameter"]["Value"])


def build_herd(
    aws: World,
    mdl_instance: str = "mdl140",
    environment: str = "dev",
    version: str = "0.83.0",
    requested: str = "0.84.0",
    broken: str = "",
    *,
    credentials: str = "",
    deregistration_delay: int = 2,
    interval: int = 5,
) -> Herd:
    """Stand HERD up with *version*; it serves when returned.

    Args:
        requested: The version that is broken, if one is.
        broken: How it is, one of ``revision.BREAKAGES``.
        credentials: ``user:password`` that ``/herd-app/rest`` asks for; none lets everybody in.
        deregistration_delay: Seconds, of the target group.
        interval: Seconds between its health checks.

    Raises:
        GoCDError: *broken* is no breakage, or HERD does not serve in time.
    """
    names = HerdNames(mdl_instance, environment)
    bucket, key = names.bucket(ACCOUNT), f"{MDL_RELEASE}/herd/herd.zip"
    content = build_revision(broken=broken, of=requested)
    s3 = aws.client("s3")
    # The one region that S3 does not take by its name.
    place = {"CreateBucketConfiguration": {"LocationConstraint": aws.region}}
    s3.create_bucket(Bucket=bucket, **({} if aws.region == "us-east-1" else place))
    s3.put_object(Bucket=bucket, Key=key, Body=content)
    balancer = aws.target_group(
        names.target_group,
        port=PORT,
        health_path=DISPLAY,
        deregistration_delay=deregistration_delay,
        interval=interval,
        healthy_threshold=4,
        unhealthy_threshold=3,
    )
    [instance] = aws.auto_scaling_group(
        names.auto_scaling_group, size=1, service=_service(aws, names, balancer, credentials)
    )
    aws.client("autoscaling").update_auto_scaling_group(
        AutoScalingGroupName=names.auto_scaling_group, MinSize=1, MaxSize=1
    )
    revision = {"bucket": bucket, "key": key, "bundleType": "zip"}
    function = UpgradeFunction(names, aws.client, revision)
    written = {
        f"{names.parameters}/DeploymentInvoked": "false",
        f"{names.parameters}/RequestedVersion": UNFILLED,
        f"{names.parameters}/CurrentVersion": version,
        f"{names.parameters}/MostRecentDeploymentId": UNFILLED,
        f"{names.parameters}/AutoScalingGroup": names.auto_scaling_group,
        names.function_arn_parameter: aws.lambda_function(names.function, function),
    }
    for name, value in written.items():
        aws.client("ssm").put_parameter(Name=name, Value=value, Type="String")
    _deploy_first(aws, names, revision)
    aws.wait_until_serving(balancer, [instance])
    return Herd(aws, names, balancer, instance, function)


def _service(aws: World, names: HerdNames, balancer: LoadBalancer, credentials: str) -> Service:
    """What an instance brings: a unit, and what the scripts need; HERD itself comes by CodeDeploy."""
    stack = f"PARAMETERS={names.parameters}\nTARGET_GROUP={balancer.arn}\nPORT={PORT}\n"
    files = {"/etc/herd/stack": stack, "/root/.aws/config": aws_config(aws.environment)}
    if credentials:
        files["/etc/herd/credentials"] = credentials
    return Service(
        exec_start=[
            *("{python}", "{install_to}/service.py"),
            *("--host", "{private_ip}", "--port", "{port}"),
            *("--credentials", "{root}/etc/herd/credentials"),
        ],
        unit="herd",
        port=PORT,
        install_to="/opt/herd",
        files=files,
        programs={"aws": aws_program(), "python3": python_program()},
        starts_at_boot=False,
    )


def _deploy_first(aws: World, names: HerdNames, revision: dict[str, str]) -> None:
    client = aws.client("codedeploy")
    client.create_application(applicationName=names.application)
    client.create_deployment_group(
        applicationName=names.application,
        deploymentGroupName=names.deployment_group,
        deploymentConfigName="CodeDeployDefault.AllAtOnce",
        autoScalingGroups=[names.auto_scaling_group],
        serviceRoleArn=f"arn:aws:iam::{ACCOUNT}:role/code-deploy",
    )
    deployment_id = client.create_deployment(
        applicationName=names.application,
        deploymentGroupName=names.deployment_group,
        revision={"revisionType": "S3", "s3Location": revision},
    )["deploymentId"]
    deadline = time.monotonic() + PATIENCE
    while (told := client.get_deployment(deploymentId=deployment_id)["deploymentInfo"])[
        "status"
    ] != "Succeeded":
        if told["status"] == "Failed" or time.monotonic() > deadline:
            raise GoCDError(f"the sample HERD does not come up: its deployment is {told['status']}")
        time.sleep(0.05)
