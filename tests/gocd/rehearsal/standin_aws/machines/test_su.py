"""An instance's su and sudo: whose shell, and which environment."""

import subprocess
import sys
from pathlib import Path

import pytest

from gocd.rehearsal.standin_aws.machines import guardian, su
from gocd.rehearsal.standin_aws.machines.accounts import FILES


@pytest.fixture
def root(tmp_path: Path) -> Path:
    for folder in ("bin", "etc"):
        (tmp_path / folder).mkdir()
    for name, text in FILES.items():
        (tmp_path / name).write_text(text)
    for name in ("su", "sudo"):
        program = tmp_path / "bin" / name
        program.write_text(f"#!{sys.executable} -IS\n{Path(su.__file__).read_text()}")
        program.chmod(0o755)
    return tmp_path


def run(root: Path, *words: str) -> subprocess.CompletedProcess[str]:
    environment = {"PATH": f"{root}/bin:/usr/bin:/bin", "DESTDIR": str(root), "LIFECYCLE_EVENT": "Any"}
    return subprocess.run(words, env=environment, capture_output=True, text=True, check=False)


SHOW = 'echo "$HOME $USER $SHELL $LIFECYCLE_EVENT"'


@pytest.mark.parametrize(
    ("words", "seen"),
    [
        # su sets no USER for root, and nothing else goes.
        (("su", "root", "-c", SHOW), "{root}/root  /bin/bash Any"),
        (("su", "ec2-user", "-c", SHOW), "{root}/home/ec2-user ec2-user /bin/bash Any"),
        (("su", "-", "ec2-user", "-c", SHOW), "{root}/home/ec2-user ec2-user /bin/bash "),
        # sudo makes it anew: a script run by it does not see its deployment.
        (("sudo", "sh", "-c", SHOW), "{root}/root root /bin/bash "),
        (("sudo", "-u", "ec2-user", "sh", "-c", SHOW), "{root}/home/ec2-user ec2-user /bin/bash "),
        (("sudo", "-E", "sh", "-c", SHOW), "{root}/root root /bin/bash Any"),
        (("sudo", "LIFECYCLE_EVENT=Own", "sh", "-c", SHOW), "{root}/root root /bin/bash Own"),
        (("sudo", "su", "ec2-user", "-c", SHOW), "{root}/home/ec2-user ec2-user /bin/bash "),
        (("su", "nobody", "-s", "/bin/sh", "-c", 'echo "$0 $1"', "a", "b"), "a b"),
    ],
)
def test_a_command_sees_the_environment_that_su_or_sudo_makes(
    root: Path, words: tuple[str, ...], seen: str
) -> None:
    done = run(root, *words)

    assert (done.returncode, done.stdout.rstrip("\n")) == (0, seen.format(root=root))


def test_what_runs_as_another_user_is_found_at_the_end_of_the_stand_in() -> None:
    assert guardian.MARK in su.OWN


@pytest.mark.parametrize(
    ("words", "code", "said"),
    [
        (("su", "deploy", "-c", "true"), 1, "su: user deploy does not exist"),
        (("sudo", "-u", "deploy", "true"), 1, "sudo: unknown user deploy"),
        (("su", "nobody", "-c", "true"), 1, "This account is currently not available."),
        (("sudo", "no-such-program"), 127, "no-such-program: command not found"),
        (("sudo", "/etc"), 126, "/etc: Permission denied"),
        (("sudo",), 1, "usage: sudo"),
        (("su", "root", "-c", "exit 9"), 9, ""),
    ],
)
def test_what_cannot_be_is_told_as_they_tell_it(
    root: Path, words: tuple[str, ...], code: int, said: str
) -> None:
    done = run(root, *words)

    assert done.returncode == code
    assert said in done.stderr
