"""What the wheel holds: our packages under their own names, the templates, the script, and no tests."""

import shutil
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]


@pytest.fixture(scope="session")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder, copy = tmp_path_factory.mktemp("wheel"), tmp_path_factory.mktemp("copy") / "tree"
    # What a build leaves beside its sources would be in the way of another one at the same time.
    left_out = shutil.ignore_patterns(".*", "build", "*.egg-info", "__pycache__", "tests")
    shutil.copytree(ROOT, copy, ignore=left_out)
    subprocess.run(
        [sys.executable, "-m", "build", "--wheel", "--outdir", folder, copy], check=True, capture_output=True
    )
    [wheel] = folder.glob("*.whl")
    return wheel


@pytest.fixture(scope="session")
def names(wheel: Path) -> list[str]:
    return zipfile.ZipFile(wheel).namelist()


def test_the_top_level_names_are_the_users_own(names: list[str]) -> None:
    tops = {name.split("/")[0] for name in names if ".dist-info/" not in name}

    assert tops == {"gocd", "pipelines", "tasks"}


@pytest.mark.parametrize(
    "needed",
    [
        "gocd/py.typed",
        "gocd/rehearsal/sample/service.py",
        "gocd/rehearsal/standin_aws/machines/systemctl.py",
        "gocd/rehearsal/sample/herd/service.py",
        "gocd/templates/blue-green.yaml",
        "gocd/templates/herd-upgrade.yaml",
        "gocd/templates/rolling.yaml",
        "gocd/templates/staged.yaml",
        "pipelines/__init__.py",
        "pipelines/blue-green.gocd.yaml",
        "pipelines/herd-upgrade.gocd.yaml",
        "pipelines/production.gocd.yaml",
        "pipelines/rolling.gocd.yaml",
        "pipelines/staging.gocd.yaml",
        "pipelines/verify.jmx",
        "tasks/hosts/count_connections.ps1",
        "tasks/hosts/count_connections.sh",
        "tasks/hosts/go_back.ps1",
        "tasks/hosts/go_back.sh",
        "tasks/hosts/install_release.ps1",
        "tasks/hosts/install_release.sh",
        "tasks/hosts/read_record.ps1",
        "tasks/hosts/read_record.sh",
        "tasks/hosts/releases.ps1",
        "tasks/hosts/releases.sh",
        "tasks/hosts/restart.ps1",
        "tasks/hosts/restart.sh",
        "tasks/py.typed",
        "tasks/testing/__init__.py",
        "tasks/testing/load_balancer.py",
    ],
)
def test_what_is_read_at_run_time_is_in_it(names: list[str], needed: str) -> None:
    assert needed in names


def test_without_a_clone_the_templates_are_at_hand(wheel: Path, tmp_path: Path) -> None:
    zipfile.ZipFile(wheel).extractall(tmp_path / "installed")
    script = """
import sys
from gocd.templates.catalogue import TEMPLATES
from tasks.cli import run
from tasks.running.pipeline_files import read_pipeline_file
print([read_pipeline_file(name).parent.parent.name for name in TEMPLATES], flush=True)
sys.exit(run(["pipeline", "new", "staging", "--instances", "A,B,C"]))
"""
    # What the environment itself has of ours comes after what was unpacked.
    done = subprocess.run(
        [sys.executable, "-c", script],
        cwd=tmp_path,
        env={"PYTHONPATH": str(tmp_path / "installed")},
        capture_output=True,
        text=True,
        check=True,
    )

    found, written = done.stdout.splitlines()
    assert found == repr(["installed"] * 5)
    assert written == "staging.gocd.yaml: written; next: gocd-tasks rehearse staging.gocd.yaml"
    assert "      - C:\n" in (tmp_path / "staging.gocd.yaml").read_text()
