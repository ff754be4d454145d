"""A fleet deployed to by CodeDeploy, where every server has a deployment group of its own."""

from typing import Any

import pytest

from tests.tasks.deployers.codedeploy.deploying import SLOW, name_is, packed
from tests.tasks.rolling_deploy.conftest import Fleet, MakeFleet

pytestmark = pytest.mark.end_to_end

VIA = ("--via", "codedeploy", "--deployment-group", "app-{name}")


@pytest.fixture
def three(fleet: MakeFleet) -> Fleet:
    three = fleet(3)
    client = three.cloud.client("codedeploy")
    client.create_application(applicationName="app")
    for each in three.servers:
        client.create_deployment_group(
            applicationName="app",
            deploymentGroupName=f"app-{each.name}",
            serviceRoleArn="arn:aws:iam::123456789012:role/code-deploy",
            ec2TagFilters=[name_is(each.name)],
        )
    return three


def deployments(fleet: Fleet) -> dict[str, Any]:
    """The only deployment of each server, by its name."""
    client = fleet.cloud.client("codedeploy")
    found = {}
    for each in fleet.servers:
        [one] = client.list_deployments(applicationName="app", deploymentGroupName=f"app-{each.name}")[
            "deployments"
        ]
        found[each.name] = client.get_deployment(deploymentId=one)["deploymentInfo"]
    return found


def test_the_servers_of_a_batch_are_deployed_to_at_the_same_time(three: Fleet) -> None:
    slow = packed(three.folder, "2.0", {"scripts/validate.sh": SLOW})
    words = three.words(*VIA, "--batch", "3", "--min-healthy", "0")
    words[1] = str(slow)

    ran = three.gocd_tasks(*words)

    assert ran.returncode == 0, ran.stdout + ran.stderr
    assert set(three.versions().values()) == {"2.0"}
    made = deployments(three)
    assert max(each["createTime"] for each in made.values()) < min(
        each["completeTime"] for each in made.values()
    )
    # The release went to S3 once, and one line says so.
    assert len([line for line in ran.stdout.splitlines() if " bytes in s3://releases/" in line]) == 1


@pytest.mark.exhaustive
def test_one_that_fails_halts_the_batch_and_it_is_said_what_runs_on_each(three: Fleet) -> None:
    three.servers[1].fail_next_start()

    ran = three.roll(*VIA, "--batch", "3", "--min-healthy", "0")

    assert ran.returncode == 1
    assert "halted: deploying 2.0 to Fleet-2 failed" in ran.stderr
    assert "Fleet-1, Fleet-3 have 2.0" in ran.stderr
    assert "Fleet-1, Fleet-2, Fleet-3 stay out of fleet" in ran.stderr
    again = three.gocd_tasks(*three.words(*VIA, "--batch", "3", "--min-healthy", "0"))
    assert again.returncode == 0, again.stdout + again.stderr
    assert set(three.versions().values()) == {"2.0"}
    assert three.standing()["tags"] == []
