"""Releases placed on Windows hosts through SSM, by the real command line and a real PowerShell."""

import json
from pathlib import Path

import pytest

from gocd.rehearsal.sample.release import build_release
from gocd.rehearsal.standin_aws.machines.instances import Instance, Service
from gocd.rehearsal.standin_aws.world import World
from tests.program import CommandLine
from tests.tasks.hosts.powershell_host import needs_powershell

pytestmark = needs_powershell

SSM = ("--bucket", "releases", "--install-to", r"C:\srv\app", "--restart", "Restart-Service App")


@pytest.fixture
def one(cloud: World, windows_sample: Service) -> Instance:
    """Staging-1, a Windows host whose service is 1.0 of the sample."""
    cloud.client("s3").create_bucket(
        Bucket="releases", CreateBucketConfiguration={"LocationConstraint": "eu-west-1"}
    )
    return cloud.launch("Staging-1", service=windows_sample)


def test_a_release_is_placed_and_started_on_a_windows_host(
    gocd_tasks: CommandLine, one: Instance, tmp_path: Path
) -> None:
    done = gocd_tasks(
        *("deploy-artifact", "Staging-1", str(build_release("2.0", tmp_path)), "--version", "2.0", *SSM),
        *("--status-url", "http://{private_ip}:8080/_status", "--expect-json", "version={version}"),
    )
    folder = one.root / "C/srv/app"

    assert done.returncode == 0, done.stdout + done.stderr
    assert r"running 2.0 from C:\srv\app\releases\2.0" in done.stdout
    assert json.loads((folder / "current/release.json").read_text())["version"] == "2.0"
    assert (folder / ".history").read_text() == "1.0\n2.0\n"
