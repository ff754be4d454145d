"""Rollouts to servers of which some run Windows, by a real PowerShell."""

from pathlib import Path

import pytest

from gocd.rehearsal.standin_aws.machines.instances import Service
from gocd.rehearsal.standin_aws.world import World
from tests.program import CommandLine
from tests.tasks.hosts.powershell_host import needs_powershell
from tests.tasks.rolling_deploy.conftest import Fleet

pytestmark = needs_powershell

ON_WINDOWS = ("--windows-install-to", r"C:\srv\app", "--windows-restart", "Restart-Service App")


@pytest.fixture
def both(
    cloud: World, gocd_tasks: CommandLine, sample: Service, windows_sample: Service, tmp_path: Path
) -> Fleet:
    """A server that runs Linux and one that runs Windows, both serving 1.0 behind one load balancer."""
    cloud.client("s3").create_bucket(
        Bucket="releases", CreateBucketConfiguration={"LocationConstraint": "eu-west-1"}
    )
    servers = [
        cloud.launch("Fleet-1", zone="eu-west-1a", service=sample),
        cloud.launch("Fleet-2", zone="eu-west-1b", service=windows_sample),
    ]
    balancer = cloud.target_group("fleet", instances=servers, deregistration_delay=1)
    return Fleet(cloud, gocd_tasks, tmp_path, sample, balancer, servers)


@pytest.mark.exhaustive
def test_a_group_of_both_systems_is_rolled_out_in_one(both: Fleet) -> None:
    ran = both.roll(*ON_WINDOWS)

    assert ran.returncode == 0, ran.stdout + ran.stderr
    assert set(both.versions().values()) == {"2.0"}
    assert "installing 2.0 to /srv/app" in ran.stdout
    assert r"installing 2.0 to C:\srv\app" in ran.stdout
    assert set(both.health().values()) == {"healthy"}


def test_without_a_folder_for_windows_nothing_of_it_is_changed(both: Fleet) -> None:
    ran = both.roll()

    assert ran.returncode == 2
    assert "--install-to '/srv/app' is no folder with a drive, and Fleet-2 runs Windows" in ran.stderr
    assert "Give --windows-install-to and --windows-restart for those that run Windows" in ran.stderr
    assert both.changes() == []
