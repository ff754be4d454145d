"""A deployment group of the application app for the first of the pair."""

from typing import Any

import pytest

from gocd.rehearsal.standin_aws.world import World
from tests.tasks.conftest import Pair
from tests.tasks.deployers.codedeploy.deploying import GROUP, MakeGroup, name_is


@pytest.fixture
def group(cloud: World, pair: Pair) -> MakeGroup:
    """Makes deployment groups of the application app; app-Staging-1 is there."""
    client = cloud.client("codedeploy")
    client.create_application(applicationName="app")
    cloud.client("s3").create_bucket(
        Bucket="releases", CreateBucketConfiguration={"LocationConstraint": "eu-west-1"}
    )

    def make(name: str, **settings: Any) -> None:
        client.create_deployment_group(
            applicationName="app",
            deploymentGroupName=name,
            serviceRoleArn="arn:aws:iam::123456789012:role/code-deploy",
            **settings,
        )

    make(GROUP, ec2TagFilters=[name_is("Staging-1")])
    return make


@pytest.fixture
def one(group: MakeGroup, pair: Pair) -> str:
    """The address of Staging-1, which has a group of its own."""
    return pair.one.private_ip
