import re

import pytest

from gocd.rehearsal.standin_aws.world import World
from tests.gocd.rehearsal.standin_aws.services.s3.linking import follow, make_bucket, s3

REGION = "eu-west-1"


@pytest.fixture
def bucket(cloud: World) -> str:
    make_bucket(cloud, "releases", REGION)
    return "releases"


def link(cloud: World, bucket: str, region: str = REGION, signature: str = "s3v4", lasts: int = 3600) -> str:
    client = s3(cloud, region, signature_version=signature)
    return str(
        client.generate_presigned_url("get_object", Params={"Bucket": bucket, "Key": "app"}, ExpiresIn=lasts)
    )


def test_a_link_gives_the_object_for_as_long_as_it_was_signed_for(cloud: World, bucket: str) -> None:
    signed = link(cloud, bucket)

    assert follow(cloud, signed) == "release"
    cloud.let_pass(3590)
    assert follow(cloud, signed) == "release"
    cloud.let_pass(20)
    assert follow(cloud, signed) == "403 AccessDenied: Request has expired"


def test_a_link_is_for_what_it_was_signed_for_and_nothing_else(cloud: World, bucket: str) -> None:
    signed = link(cloud, bucket)
    other = "403 SignatureDoesNotMatch: The request signature we calculated does not match the signature"

    assert follow(cloud, signed.replace("/app?", "/other?")).startswith(other)
    assert follow(cloud, signed.replace("X-Amz-Expires=3600", "X-Amz-Expires=7200")).startswith(other)
    assert follow(cloud, signed, host="127.0.0.1:1").startswith(other)


def test_the_older_signature_is_not_taken(cloud: World, bucket: str) -> None:
    signed = link(cloud, bucket, signature="s3")

    assert "AWSAccessKeyId=" in signed
    assert follow(cloud, signed).startswith(
        "400 InvalidRequest: The authorization mechanism you have provided"
    )


def test_a_link_signed_for_another_region_than_the_buckets_is_not_taken(cloud: World, bucket: str) -> None:
    told = follow(cloud, link(cloud, bucket, region="us-west-2"))

    assert told.startswith(
        "400 AuthorizationQueryParametersError: Error parsing the X-Amz-Credential parameter"
    )
    assert told.endswith("the region 'us-west-2' is wrong; expecting 'eu-west-1'")


def test_a_link_that_lacks_a_part_or_is_another_accounts_is_not_taken(cloud: World, bucket: str) -> None:
    signed = link(cloud, bucket)

    assert "400 AuthorizationQueryParametersError" in follow(cloud, re.sub(r"&X-Amz-Date=\w+", "", signed))
    assert "403 InvalidAccessKeyId" in follow(cloud, signed.replace("AKIASTANDIN", "AKIAOTHER"))
    assert "400" in follow(cloud, link(cloud, bucket, lasts=604_801))


@pytest.mark.parametrize(
    ("host", "told"),
    [
        ("releases.s3.amazonaws.com", "307 TemporaryRedirect"),
        ("releases.s3.us-west-2.amazonaws.com", "301 PermanentRedirect"),
        ("releases.s3.eu-west-1.amazonaws.com", "403 SignatureDoesNotMatch"),
    ],
)
def test_a_bucket_is_at_its_regions_own_host_only(cloud: World, bucket: str, host: str, told: str) -> None:
    signed = link(cloud, bucket).replace("/releases/app?", "/app?")

    assert follow(cloud, signed, host=host).startswith(told)


def test_a_buckets_region_is_told_even_to_who_may_not_look_at_it(cloud: World, bucket: str) -> None:
    cloud.faults.deny("s3:ListBucket")
    client = s3(cloud, REGION)
    with pytest.raises(client.exceptions.ClientError) as denied:
        client.head_bucket(Bucket=bucket)

    assert denied.value.response["ResponseMetadata"]["HTTPHeaders"]["x-amz-bucket-region"] == REGION
