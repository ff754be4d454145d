"""Rehearsals that are refused before anything is started, each in one line."""

import subprocess
import sys
from pathlib import Path

import pytest

from tests.gocd.rehearsal.rehearsal.rehearsing import (
    FAST,
    PRODUCTION,
    ROLLING,
    ROOT,
    STAGING,
    UPGRADE,
    rehearse,
)

pytestmark = pytest.mark.end_to_end


@pytest.mark.parametrize(
    ("file", "words", "said"),
    [
        (STAGING, ("--fault", "earthquake"), "there is no fault 'earthquake'; there are: deploy-fails"),
        (
            STAGING,
            (*FAST, "--fault", "validate-fails"),
            "fault validate-fails befalls an upgrade of HERD, and this pipeline does none",
        ),
        (STAGING, ("--approve", "nobody"), "there is no stage 'nobody' to approve"),
        (STAGING, ("--parameter", "colour=red"), "has no parameter 'colour'"),
        (STAGING, ("--parameter", "x"), "--parameter takes NAME=VALUE"),
        (STAGING, ("--version", "a b"), "is not a version"),
        (PRODUCTION, (), "stage Production-1-out is manual, and the first"),
        (ROLLING, ("--fleet", "0", "--group-size", "0"), "there is nobody in it"),
        (UPGRADE, ("--platform", "windows"), "HERD runs on Linux; rehearse it without --platform windows"),
    ],
)
def test_a_bad_request_is_refused_in_one_line(
    tmp_path: Path, file: Path, words: tuple[str, ...], said: str
) -> None:
    done, _ = rehearse(tmp_path / "r", file, *words)

    assert done.returncode == 2
    assert said in done.stderr
    assert len(done.stderr.splitlines()) == 1


def test_windows_hosts_without_a_powershell_are_refused_with_what_to_install(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    done, _ = rehearse(tmp_path / "r", STAGING, "--platform", "windows")

    why = "Windows hosts need a PowerShell here: install PowerShell 7, with its pwsh on PATH"
    assert (done.returncode, done.stderr) == (2, f"error: {why}; nothing was changed\n")
    assert not (tmp_path / "r").exists()


def test_what_is_not_installed_is_said_in_one_line(tmp_path: Path) -> None:
    program = "import sys; sys.modules['psutil'] = None; from tasks.cli import main; main()"
    words = ["rehearse", str(STAGING), "--folder", str(tmp_path / "r")]
    done = subprocess.run(
        [sys.executable, "-c", program, *words], cwd=ROOT, capture_output=True, text=True, check=False
    )

    needs = "a rehearsal needs psutil: pip install 'gocd-tasks[rehearsal]'"
    assert (done.returncode, done.stderr) == (2, f"error: {needs}; nothing was changed\n")


def test_a_folder_that_is_not_a_rehearsals_is_never_emptied(tmp_path: Path) -> None:
    (tmp_path / "precious").touch()
    done, _ = rehearse(tmp_path, STAGING)

    assert done.returncode == 2
    assert "is not empty and not of a rehearsal" in done.stderr
    assert (tmp_path / "precious").exists()


def test_a_pipeline_that_points_at_real_aws_is_refused(tmp_path: Path) -> None:
    file = tmp_path / "p.gocd.yaml"
    text = STAGING.read_text().replace(
        "    environment_variables:\n",
        '    environment_variables:\n      AWS_ENDPOINT_URL: "https://elasticloadbalancing.eu-west-1.example"\n',
    )
    file.write_text(text)
    done, _ = rehearse(tmp_path / "r", file)

    assert done.returncode == 2
    assert "a rehearsal stays on this machine" in done.stderr
