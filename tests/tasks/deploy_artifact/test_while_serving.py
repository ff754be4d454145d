"""A deployment to an instance that users are on is refused, whatever load balancer sends them there."""

from pathlib import Path

import pytest

from gocd.rehearsal.standin_aws.world import World
from tasks.iam_policy import Narrowed, iam_policy
from tests.gocd.rehearsal.standin_aws.services.elb.routing import make_site
from tests.program import CommandLine
from tests.tasks.conftest import MakeBalancer, Pair
from tests.tasks.deployers.codedeploy.deploying import VIA, name_is, release

CHANGES = ("PutObject", "SendCommand", "CreateDeployment", "CreateTags")


@pytest.fixture
def by_command(tmp_path: Path) -> tuple[str, ...]:
    """Deploys to Staging-1, and leaves a file where it does."""
    words = ("deploy-artifact", "Staging-1", str(tmp_path), "--version", "2.0", "--via", "command", "--")
    return (*words, "touch", str(tmp_path / "deployed"))


@pytest.mark.parametrize("kind", ["application", "classic"])
def test_who_is_behind_a_load_balancer_is_refused_until_it_is_out_or_it_is_said_that_it_may(
    cloud: World,
    gocd_tasks: CommandLine,
    behind: MakeBalancer,
    by_command: tuple[str, ...],
    tmp_path: Path,
    kind: str,
) -> None:
    behind(kind)
    refused = gocd_tasks(*by_command)
    there = (tmp_path / "deployed").exists()
    seen = len([call for call in cloud.journal.calls if call.service.startswith("elastic")])
    address = "classic:staging" if kind == "classic" else "target-group:staging"
    detach = ("detach-instance", "Staging-1", "--load-balancer", address)

    assert (refused.returncode, there) == (2, False)
    assert refused.stderr.startswith(
        "error: Staging-1 is serving users (healthy in staging); nothing was changed. Take it out first: "
        f"gocd-tasks {' '.join(detach)}; or, to cut off whoever is on it: gocd-tasks deploy-artifact "
        "--while-serving Staging-1 "
    )
    assert cloud.journal.of("RegisterTargets") == cloud.journal.of("DeregisterTargets") == []
    anyway = gocd_tasks(by_command[0], "--while-serving", *by_command[1:])
    assert anyway.returncode == 0, anyway.stderr
    assert (tmp_path / "deployed").exists()
    assert seen == len([call for call in cloud.journal.calls if call.service.startswith("elastic")])
    assert gocd_tasks(*detach).returncode == 0
    cloud.journal.clear()
    out = gocd_tasks(*by_command)
    assert out.returncode == 0, out.stderr
    # All target groups, all classic load balancers, and who is in this one.
    assert len([call for call in cloud.journal.calls if call.service.startswith("elastic")]) == 3


def test_who_is_at_weight_0_beside_another_is_not_serving_unless_someone_may_be_held_there(
    cloud: World, gocd_tasks: CommandLine, pair: Pair, tmp_path: Path
) -> None:
    site = make_site(cloud, (pair.one, pair.two))
    policy = iam_policy(["deploy-artifact"], Narrowed("releases", regions=["eu-west-1"]))
    words = ("deploy-artifact", pair.two.id, str(tmp_path), "--version", "2.0", "--via", "command", "--")

    def deployed() -> tuple[int, str]:
        done = gocd_tasks(*words, "true")
        return done.returncode, done.stdout + done.stderr

    serving = f"{pair.two.name} is serving users ("
    sticky = {"Enabled": True, "DurationSeconds": 60}
    actions = (
        site.forward(50, 50),
        site.forward(1, 0, TargetGroupStickinessConfig=sticky),
        site.forward(0, 0),
        {"Type": "forward", "TargetGroupArn": site.green},
    )
    for action in actions:
        site.listen(action)
        code, said = deployed()
        assert (code, serving in said) == (2, True), said
    site.listen(site.forward(1, 0))
    site.rule("/green", site.forward(0, 1))
    assert deployed()[0] == 2
    site.elbv2.delete_rule(RuleArn=site.rules()[0]["RuleArn"])
    cloud.faults.allow_only(policy)
    code, said = deployed()
    assert code == 0, said
    assert f"{pair.two.name}: " in said
    assert "in green, at weight 0 in every rule, so nobody is sent there" in said


def test_an_address_of_it_is_seen_as_its_id_is(
    cloud: World, gocd_tasks: CommandLine, pair: Pair, by_command: tuple[str, ...]
) -> None:
    elbv2 = cloud.client("elbv2")
    made = cloud.target_group("unused", instances=[])
    [group] = elbv2.create_target_group(
        Name="addresses", Protocol="HTTP", Port=8080, VpcId=cloud.network.vpc, TargetType="ip"
    )["TargetGroups"]
    elbv2.create_listener(
        LoadBalancerArn=made.load_balancer_arn,
        Protocol="HTTP",
        Port=81,
        DefaultActions=[{"Type": "forward", "TargetGroupArn": group["TargetGroupArn"]}],
    )
    elbv2.register_targets(TargetGroupArn=group["TargetGroupArn"], Targets=[{"Id": pair.one.private_ip}])
    done = gocd_tasks(*by_command)

    assert done.returncode == 2
    assert " in addresses); nothing was changed" in done.stderr


def test_what_aws_does_not_let_it_see_is_refused(
    cloud: World, gocd_tasks: CommandLine, pair: Pair, by_command: tuple[str, ...], tmp_path: Path
) -> None:
    cloud.faults.deny("elasticloadbalancing:DescribeTargetGroups")
    done = gocd_tasks(*by_command)

    assert done.returncode == 2
    assert "AWS refused elasticloadbalancing:DescribeTargetGroups" in done.stderr
    assert "; nothing was changed. The policy this command needs: gocd-tasks iam-policy " in done.stderr
    assert not (tmp_path / "deployed").exists()


def test_a_deployment_that_takes_it_out_itself_is_not_refused_for_what_it_leaves(
    cloud: World, gocd_tasks: CommandLine, behind: MakeBalancer, tmp_path: Path
) -> None:
    behind("application")
    behind("classic", "old")
    cloud.client("s3").create_bucket(
        Bucket="releases", CreateBucketConfiguration={"LocationConstraint": "eu-west-1"}
    )
    client = cloud.client("codedeploy")
    client.create_application(applicationName="app")
    both = {"targetGroupInfoList": [{"name": "staging"}], "elbInfoList": [{"name": "old"}]}
    routing = {"deploymentType": "IN_PLACE", "deploymentOption": "WITH_TRAFFIC_CONTROL"}
    client.create_deployment_group(
        applicationName="app",
        deploymentGroupName="app-Staging-1",
        serviceRoleArn="arn:aws:iam::123456789012:role/code-deploy",
        ec2TagFilters=[name_is("Staging-1")],
        deploymentStyle=routing,
        loadBalancerInfo=both,
    )
    words = ("deploy-artifact", "Staging-1", release(tmp_path, "2.0"), "--version", "2.0", *VIA, "--dry-run")
    from_both = gocd_tasks(*words)
    client.update_deployment_group(
        applicationName="app",
        currentDeploymentGroupName="app-Staging-1",
        loadBalancerInfo={"targetGroupInfoList": [{"name": "staging"}]},
    )
    from_one = gocd_tasks(*words)

    assert from_both.returncode == 0, from_both.stderr
    assert from_one.returncode == 2
    assert "Staging-1 is serving users (healthy in old)" in from_one.stderr
