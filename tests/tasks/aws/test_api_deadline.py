"""No call to AWS outlasts its time, whatever answers in AWS's place and however slowly it goes on."""

import io
import threading
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from tasks.aws.api import Aws
from tasks.aws.artifact_store import ArtifactStore
from tasks.aws.errors import AwsError
from tasks.aws.lambda_function import invoke
from tests.dripping import WAYS, dripping
from tests.fakes import FakeClock

ReachAws = Callable[[str], Aws]


@pytest.fixture
def aws_at(monkeypatch: pytest.MonkeyPatch) -> ReachAws:
    """A way to what is at a URL, with little patience, and no settings but these."""

    def reach(url: str) -> Aws:
        for name, value in {
            "AWS_ENDPOINT_URL": url,
            "AWS_REGION": "eu-west-1",
            "AWS_ACCESS_KEY_ID": "AKIA0",
            "AWS_SECRET_ACCESS_KEY": "secret",
        }.items():
            monkeypatch.setenv(name, value)
        return Aws(FakeClock(), print, patience=0.4)

    return reach


@pytest.mark.parametrize("way", WAYS)
def test_a_call_whose_answer_goes_on_for_ever_ends_in_words(aws_at: ReachAws, way: str) -> None:
    with dripping(way) as url, pytest.raises(AwsError) as failed:
        aws_at(url).call("ssm", "get_parameter", Name="p")

    assert failed.value.what == "AWS cannot be reached for ssm:GetParameter: no answer within 0 s"
    assert failed.value.passing


def test_a_call_that_was_given_up_leaves_nothing_behind_that_could_send_it(aws_at: ReachAws) -> None:
    with dripping("headers") as url:
        with pytest.raises(AwsError):
            aws_at(url).call("ssm", "send_command", DocumentName="d")

        end = time.monotonic() + 5
        while any(each.name == "asks a server" for each in threading.enumerate()):
            assert time.monotonic() < end
            time.sleep(0.02)


def test_credentials_that_never_come_are_no_longer_waited_for(
    aws_at: ReachAws, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    config = tmp_path / "config"
    config.write_text(
        "[profile deployer]\nrole_arn = arn:aws:iam::1:role/deployer\ncredential_source = Environment\n"
    )
    monkeypatch.setenv("AWS_CONFIG_FILE", str(config))
    monkeypatch.setenv("AWS_PROFILE", "deployer")
    with dripping("headers") as url, pytest.raises(AwsError, match="no answer within"):
        aws_at(url).call("ssm", "get_parameter", Name="p")


@pytest.mark.parametrize("way", ["headers", "body"])
def test_an_object_that_does_not_come_to_its_end_is_not_fetched(aws_at: ReachAws, way: str) -> None:
    with dripping(way) as url, pytest.raises(AwsError, match="s3:GetObject: no answer within"):
        ArtifactStore(aws_at(url), "releases").fetch("app.zip", io.BytesIO())


def test_an_upload_that_is_never_confirmed_ends_in_words(aws_at: ReachAws) -> None:
    with dripping("headers") as url, pytest.raises(AwsError, match="s3:PutObject: no answer within"):
        ArtifactStore(aws_at(url), "releases").put("app.zip", io.BytesIO(b"release"), "sum")


def test_what_a_function_returns_is_not_waited_for_without_an_end(aws_at: ReachAws) -> None:
    with dripping("body") as url, pytest.raises(AwsError, match="lambda:InvokeFunction: no answer within"):
        invoke(aws_at(url), "upgrade", {})
