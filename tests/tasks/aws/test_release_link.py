"""Links to releases, followed on the stand-in, which holds them to what S3 holds them to."""

import json
import sys
from datetime import datetime, timedelta, timezone
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from gocd.rehearsal.standin_aws.control import wire
from gocd.rehearsal.standin_aws.world import World
from tasks.aws.api import Aws
from tasks.aws.artifact_store import ArtifactStore
from tasks.running.clock import SystemClock
from tests.gocd.rehearsal.standin_aws.services.s3.linking import follow, make_bucket


@pytest.mark.parametrize("region", ["eu-west-1", "us-west-2", "us-east-1"])
def test_a_link_is_signed_for_the_buckets_own_region_wherever_the_instances_are(
    cloud: World, aws: Aws, region: str
) -> None:
    make_bucket(cloud, "releases", region)
    link = ArtifactStore(aws, "releases").link("app")

    assert follow(cloud, link.url) == "release"
    assert link.good_for == "60 min"


def test_the_region_is_known_without_the_right_to_list_the_bucket(cloud: World, aws: Aws) -> None:
    make_bucket(cloud, "releases", "us-west-2")
    cloud.faults.deny("s3:ListBucket")

    assert follow(cloud, ArtifactStore(aws, "releases").link("app").url) == "release"


@pytest.mark.parametrize(
    ("region", "bucket", "host"),
    [
        ("eu-west-1", "releases", "releases.s3.eu-west-1.amazonaws.com"),
        ("us-east-1", "releases", "releases.s3.us-east-1.amazonaws.com"),
        ("me-central-1", "releases", "releases.s3.me-central-1.amazonaws.com"),
        ("cn-north-1", "releases", "releases.s3.cn-north-1.amazonaws.com.cn"),
        # A certificate for *.s3 is none for a name with more dots.
        ("eu-west-1", "our.releases", "s3.eu-west-1.amazonaws.com"),
    ],
)
def test_at_aws_a_link_leads_to_the_regions_own_host_and_is_taken_there(
    cloud: World, aws: Aws, monkeypatch: pytest.MonkeyPatch, region: str, bucket: str, host: str
) -> None:
    make_bucket(cloud, bucket, region, "app/2.0/ü b.tar.gz")
    monkeypatch.delenv("AWS_ENDPOINT_URL")
    wanted = {"Bucket": bucket, "Key": "app/2.0/ü b.tar.gz"}
    url = aws.signer(region, 0).generate_presigned_url("get_object", Params=wanted, ExpiresIn=60)

    assert urlsplit(url).netloc == host
    assert follow(cloud, url) == "release"


@pytest.mark.parametrize("endpoint", ["http://127.0.0.1:9000", "http://minio.example.com"])
def test_elsewhere_than_at_aws_a_link_leads_to_where_the_settings_do(
    aws: Aws, monkeypatch: pytest.MonkeyPatch, endpoint: str
) -> None:
    monkeypatch.setenv("AWS_ENDPOINT_URL_S3", endpoint)
    wanted = {"Bucket": "releases", "Key": "app"}
    url = aws.signer("eu-west-1", 0).generate_presigned_url("get_object", Params=wanted, ExpiresIn=60)

    assert url.startswith(f"{endpoint}/releases/app?")


def credentials(folder: Path, monkeypatch: pytest.MonkeyPatch, *minutes: int) -> None:
    """Have a program give credentials that last so long, one after the other, the last ones for ever."""
    for number, each in enumerate(minutes):
        ends = datetime.now(timezone.utc) + timedelta(minutes=each, seconds=30)
        told = {
            "Version": 1,
            "AccessKeyId": f"AKIA{number}",
            "SecretAccessKey": wire.SECRET_KEY,
            "SessionToken": "t",
            "Expiration": ends.isoformat(),
        }
        (folder / f"{number}.json").write_text(json.dumps(told))
    program = folder / "credentials.py"
    program.write_text(
        "import pathlib\n"
        f"files = sorted(pathlib.Path({str(folder)!r}).glob('*.json'))\n"
        "print(files[0].read_text())\n"
        "len(files) > 1 and files[0].unlink()\n"
    )
    config = folder / "config"
    config.write_text(f"[default]\ncredential_process = {sys.executable} {program}\n")
    monkeypatch.setenv("AWS_CONFIG_FILE", str(config))
    monkeypatch.delenv("AWS_ACCESS_KEY_ID")
    monkeypatch.delenv("AWS_SECRET_ACCESS_KEY")


def test_a_link_that_would_end_too_soon_is_signed_with_new_credentials(
    cloud: World, aws: Aws, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    make_bucket(cloud, "releases", "eu-west-1")
    credentials(tmp_path, monkeypatch, 20, 90)
    link = ArtifactStore(aws, "releases").link("app")

    assert "Credential=AKIA1" in link.url
    assert link.good_for == "60 min"


def test_how_long_a_link_is_good_is_told_where_the_credentials_end_before_it(
    cloud: World, aws: Aws, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    make_bucket(cloud, "releases", "eu-west-1")
    credentials(tmp_path, monkeypatch, 20)

    assert ArtifactStore(aws, "releases").link("app").good_for == (
        "at least 15 min, until this agent's credentials end"
    )


def test_a_session_that_does_not_say_its_end_is_not_promised_for(
    cloud: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    make_bucket(cloud, "releases", "eu-west-1")
    for name, value in {**cloud.environment, "AWS_SESSION_TOKEN": "t"}.items():
        monkeypatch.setenv(name, value)
    link = ArtifactStore(Aws(SystemClock(), lambda _: None), "releases").link("app")

    assert link.good_for == "as long as the session of this agent's credentials, an hour at most"
