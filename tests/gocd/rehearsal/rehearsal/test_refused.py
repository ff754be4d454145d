"""Rehearsals that are refused before anything is started, each in one line."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from gocd.rehearsal.own_folder import own_folder
from gocd.rehearsal.rehearsal import NAMES
from tests.gocd.rehearsal.rehearsal.rehearsing import (
    FAST,
    PRODUCTION,
    ROLLING,
    ROOT,
    STAGING,
    STARTED,
    UPGRADE,
)
from tests.program import CommandLine, Done

pytestmark = pytest.mark.end_to_end


def rehearse(folder: Path, *words: str | Path) -> Done:
    return CommandLine(dict(os.environ))("rehearse", "--folder", str(folder), *map(str, words))


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
        (UPGRADE, (), "stage upgrade is manual, and the first; it runs with --approve upgrade"),
        (UPGRADE, (*STARTED, "--platform", "windows"), "HERD runs on Linux; rehearse it without --platform"),
    ],
)
def test_a_bad_request_is_refused_in_one_line(
    tmp_path: Path, file: Path, words: tuple[str, ...], said: str
) -> None:
    done = rehearse(tmp_path / "r", file, *words)

    assert done.returncode == 2
    assert said in done.stderr
    assert len(done.stderr.splitlines()) == 1


@pytest.mark.parametrize(
    ("before", "after", "said"),
    [
        (
            "detach-instance, ",
            "detach-instanse, ",
            ":{line}: gocd-tasks has no command 'detach-instanse'; did",
        ),
        ('settle_seconds: "60"', "settle_seconds: soon", ":{line}: sleep-settle: --seconds takes seconds"),
        ("group: deployment", "group deployment", ":{line}: no colon after 'group'; write"),
    ],
)
def test_what_lint_calls_an_error_is_refused_with_its_line(
    tmp_path: Path, before: str, after: str, said: str
) -> None:
    text = STAGING.read_text()
    (tmp_path / "ours.gocd.yaml").write_text(text.replace(before, after, 1))
    line = text[: text.index(before)].count("\n") + 1
    done = rehearse(tmp_path / "r", tmp_path / "ours.gocd.yaml")

    assert (done.returncode, done.stdout) == (2, "")
    assert said.format(line=line) in done.stderr
    assert len(done.stderr.splitlines()) == 1
    assert not (tmp_path / "r").exists()


def test_how_many_errors_there_are_beside_the_first_is_said(tmp_path: Path) -> None:
    text = STAGING.read_text().replace("detach-instance, ", "detach-instanse, ")
    (tmp_path / "ours.gocd.yaml").write_text(text)

    assert (
        "; 1 more: gocd-tasks pipeline lint" in rehearse(tmp_path / "r", tmp_path / "ours.gocd.yaml").stderr
    )


def test_warnings_are_said_before_anything_is_started(tmp_path: Path) -> None:
    ours = tmp_path / "ours.gocd.yaml"
    ours.write_text(STAGING.read_text().replace("run_if: any", "run_if: always", 1))
    (tmp_path / "r").mkdir()
    (tmp_path / "r/precious").touch()
    done = rehearse(tmp_path / "r", ours)

    line, *others = done.stdout.splitlines()
    assert not any("Warning" in other for other in others)
    assert line.startswith(f"Warning: {ours}:")
    assert "'always' is not a run_if, in place of which GoCD takes passed" in line
    assert "is not empty and not of a rehearsal" in done.stderr


def test_windows_hosts_without_a_powershell_are_refused_with_what_to_install(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    done = rehearse(tmp_path / "r", STAGING, "--platform", "windows")

    why = "Windows hosts need a PowerShell here: install PowerShell 7, with its pwsh on PATH"
    assert (done.returncode, done.stderr) == (2, f"error: {why}; nothing was changed\n")
    assert not (tmp_path / "r").exists()


def rehearse_without(module: str, *words: str) -> Done:
    program = f"import sys; sys.modules['{module}'] = None; from tasks.cli import main; main()"
    return subprocess.run(
        [sys.executable, "-c", program, "rehearse", STAGING, *words],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )


def test_a_request_is_judged_before_what_takes_long_to_import() -> None:
    done = rehearse_without("moto", "--fault", "earthquake")

    assert (done.returncode, done.stderr[:31]) == (2, "error: there is no fault 'earth")


def test_what_is_not_installed_is_said_in_one_line(tmp_path: Path) -> None:
    done = rehearse_without("psutil", "--folder", str(tmp_path / "r"))

    needs = "a rehearsal needs psutil: pip install 'gocd-tasks[rehearsal]'"
    assert (done.returncode, done.stderr) == (2, f"error: {needs}; nothing was changed\n")


def test_a_folder_that_is_not_a_rehearsals_is_never_emptied(tmp_path: Path) -> None:
    (tmp_path / "precious").touch()
    done = rehearse(tmp_path, STAGING)

    assert done.returncode == 2
    assert "is not empty and not of a rehearsal" in done.stderr
    assert (tmp_path / "precious").exists()


SECURE = """\
    secure_variables:
      PASSWORD: "AES:abc:def"
    environment_variables:
"""


@pytest.mark.parametrize(
    ("words", "said"),
    [
        ((), "secure variable 'PASSWORD' is encrypted for a GoCD server; give its value with --secret"),
        (("--secret", "PASSWORD=x", "--version", "a b"), "'a b' is not a version"),
        (
            ("--secret", "PASSWORD=x", "--artifact", "r/built/app.tar.gz"),
            "is of an earlier rehearsal in r",
        ),
        (("--secret", "PASSWORD=x", "--plan", "pipe"), "pipe cannot be read: it is a named pipe and no file"),
        (("--secret", "PASSWORD=x"), "r is not a rehearsal's alone: it holds notes.txt; name another"),
        (("--trap", "kept-connections"), "r is not a rehearsal's alone: it holds notes.txt; name another"),
    ],
    ids=["no secret", "no version", "own artifact", "no file", "notes", "notes and a trap"],
)
def test_a_refusal_leaves_an_earlier_rehearsal_and_whatever_is_beside_it(
    words: tuple[str, ...], said: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    with own_folder(Path("r"), NAMES):
        (tmp_path / "r/built").mkdir()
        (tmp_path / "r/built/app.tar.gz").touch()
        (tmp_path / "r/report.html").write_text("old")
    if "notes.txt" in said:
        (tmp_path / "r/notes.txt").touch()
    os.mkfifo("pipe")
    staging = tmp_path / "staging.gocd.yaml"
    staging.write_text(STAGING.read_text().replace("    environment_variables:\n", SECURE, 1))
    before = sorted((tmp_path / "r").rglob("*"))
    file = () if "--trap" in words else (staging,)
    done = rehearse(Path("r"), *file, *words)

    assert (done.returncode, done.stderr.count("\n")) == (2, 1), done.stderr
    assert said in done.stderr
    assert "nothing was changed" in done.stderr
    assert sorted((tmp_path / "r").rglob("*")) == before
    assert (tmp_path / "r/report.html").read_text() == "old"


def test_a_second_rehearsal_in_the_folder_of_a_running_one_is_refused(tmp_path: Path) -> None:
    with own_folder(tmp_path / "r", NAMES):
        (tmp_path / "r/traffic.jtl").touch()
        done = rehearse(tmp_path / "r", STAGING)

    running = (
        f"error: another rehearsal runs in {tmp_path}/r; wait for its end, or name another with --folder"
    )
    assert (done.returncode, done.stderr) == (2, f"{running}; nothing was changed\n")
    assert (tmp_path / "r/traffic.jtl").exists()


def test_a_pipeline_that_points_at_real_aws_is_refused(tmp_path: Path) -> None:
    file = tmp_path / "p.gocd.yaml"
    text = STAGING.read_text().replace(
        "    environment_variables:\n",
        '    environment_variables:\n      AWS_ENDPOINT_URL: "https://elasticloadbalancing.eu-west-1.example"\n',
    )
    file.write_text(text)
    done = rehearse(tmp_path / "r", file)

    assert done.returncode == 2
    assert "a rehearsal stays on this machine" in done.stderr
