"""The bucket that releases pass through, on the stand-in AWS while it has no time for them."""

import io

import pytest

from gocd.rehearsal.standin_aws.world import World
from tasks.aws.api import Aws
from tasks.aws.artifact_store import ArtifactStore
from tests.fakes import FakeClock


@pytest.mark.usefixtures("aws")
def test_what_s3_has_no_time_for_is_sent_again_from_its_beginning(cloud: World) -> None:
    place = {"LocationConstraint": cloud.region}
    cloud.client("s3").create_bucket(Bucket="releases", CreateBucketConfiguration=place)
    said: list[str] = []
    store = ArtifactStore(Aws(FakeClock(), said.append), "releases")
    cloud.faults.fail("PutObject", 503, "SlowDown", times=4)

    store.put("app/2.0/app.tar.gz", io.BytesIO(b"a release"), "f00")

    there = cloud.client("s3").get_object(Bucket="releases", Key="app/2.0/app.tar.gz")
    assert there["Body"].read() == b"a release"
    [line] = said
    assert line.startswith("AWS throttles PutObject; asking again in ")
