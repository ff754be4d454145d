"""An instance that CodeDeploy deploys to."""

import pytest

from gocd.rehearsal.standin_aws.machines.instances import Instance
from gocd.rehearsal.standin_aws.world import World
from tests.gocd.rehearsal.standin_aws.services.code_deploy.deploying import make_group, name_is


@pytest.fixture
def host(cloud: World) -> Instance:
    """An instance without a service, in the group app-Staging-1 of the application app."""
    cloud.client("s3").create_bucket(
        Bucket="releases", CreateBucketConfiguration={"LocationConstraint": "eu-west-1"}
    )
    cloud.client("codedeploy").create_application(applicationName="app")
    host = cloud.launch("Staging-1")
    make_group(cloud, "app-Staging-1", ec2TagFilters=[name_is("Staging-1")])
    return host
