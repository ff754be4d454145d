"""What a site adds: a distribution of its own, installed and then used by the real command line."""

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.program import CommandLine
from tests.tasks.conftest import Pair

EXAMPLE = Path(__file__).with_name("plugin_example")


@pytest.fixture
def installed(tmp_path: Path) -> str:
    """The example as a development install leaves it: its folder on the path, its entry points beside it."""
    folder = tmp_path / "site"
    shutil.copytree(EXAMPLE, folder)
    subprocess.run(
        [sys.executable, "setup.py", "-q", "egg_info"], cwd=folder, check=True, capture_output=True
    )
    return str(folder)


def test_a_deployer_of_the_sites_own_is_found_by_its_name(
    gocd_tasks: CommandLine, pair: Pair, installed: str, tmp_path: Path
) -> None:
    release = tmp_path / "release"
    release.mkdir()
    (release / "content").write_text("2.0")
    share = tmp_path / "share"
    words = ("--version", "2.0", "--via", "share", "--install-to", str(share))
    done = gocd_tasks("deploy-artifact", "Staging-1", str(release), *words, PYTHONPATH=installed)
    refused = gocd_tasks(
        *("deploy-artifact", "Staging-1", str(release / "content"), *words), PYTHONPATH=installed
    )

    assert (done.returncode, done.stderr) == (0, "")
    assert f"Staging-1: 2.0 is on {share}" in done.stdout
    assert (share / "Staging-1/content").read_text() == "2.0"
    assert refused.returncode == 2
    assert "is no folder; nothing was changed" in refused.stderr


def test_a_check_of_the_sites_own_is_found_by_its_scheme(
    gocd_tasks: CommandLine, pair: Pair, installed: str
) -> None:
    words = ("check-status", "--instance", "Staging-1", "--status-timeout", "1")
    well = gocd_tasks(*words, "--url", "tcp://{private_ip}:8080", PYTHONPATH=installed)
    ill = gocd_tasks(*words, "--url", "tcp://{private_ip}:9", PYTHONPATH=installed)
    unknown = gocd_tasks(*words, "--url", "tcp://{private_ip}:8080")

    assert well.returncode == 0
    assert "Staging-1: answers on its port" in well.stdout
    assert ill.returncode == 3
    assert "takes no connection (Connection refused)" in ill.stderr
    assert unknown.returncode == 2
    assert "is not known; there are: http, https" in unknown.stderr


@pytest.mark.parametrize(
    ("entry", "said"),
    [
        ("via_share:NoSuchThing", "which cannot be loaded"),
        ("no_such_module:deployer", "which cannot be loaded"),
    ],
)
def test_one_that_cannot_be_loaded_is_said_in_one_line(
    gocd_tasks: CommandLine, pair: Pair, installed: str, entry: str, said: str
) -> None:
    points = Path(installed) / "our_deployments.egg-info/entry_points.txt"
    points.write_text(f"[gocd_tasks.deployers]\nshare = {entry}\n")
    words = ("Staging-1", "x", "--version", "2.0", "--via", "share")
    done = gocd_tasks("deploy-artifact", *words, PYTHONPATH=installed)

    assert done.returncode == 2
    assert said in done.stderr
    assert len(done.stderr.splitlines()) == 1


def test_a_name_that_two_packages_claim_is_refused(
    gocd_tasks: CommandLine, pair: Pair, installed: str
) -> None:
    points = Path(installed) / "our_deployments.egg-info/entry_points.txt"
    points.write_text("[gocd_tasks.deployers]\nssm = via_share:ShareDeployer\n")
    words = ("Staging-1", "x", "--version", "2.0", "--via", "ssm")
    done = gocd_tasks("deploy-artifact", *words, PYTHONPATH=installed)

    assert done.returncode == 2
    assert "--via ssm is registered 2 times" in done.stderr
