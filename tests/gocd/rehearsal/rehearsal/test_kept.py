"""A rehearsal that is kept running after a stage has failed, for trials by hand."""

import os
import signal
import subprocess
import urllib.request
from pathlib import Path

import pytest

from gocd.rehearsal.own_folder import MARK
from gocd.rehearsal.rehearsal import NAMES
from tests.gocd.rehearsal.rehearsal.rehearsing import (
    FASTER,
    PROGRAM,
    STAGING,
    statuses,
    summary_in,
    without_jmeter,
)

pytestmark = pytest.mark.end_to_end

# Requests a second, for what is no matter of how many there are.
FEW = ("--rate", "10")


def test_a_deploy_that_fails_leaves_the_first_machine_out_and_can_be_healed_by_hand(tmp_path: Path) -> None:
    """Exactly what the last lines say, in a shell, as a person would; then once more on the server."""
    folder, staging = tmp_path / "r", without_jmeter(STAGING, tmp_path)
    running = subprocess.Popen(
        [
            *(PROGRAM, "rehearse", staging, "--folder", folder, *FASTER, *FEW, "--fault", "deploy-fails"),
            *("--keep", "--serve", "--agents", "1"),
        ],
        stdout=subprocess.PIPE,
        text=True,
    )
    assert running.stdout
    lines = []
    try:
        for line in running.stdout:
            lines.append(line.rstrip())
            if line.startswith("It stays in the foreground"):
                break
        # Whatever else were in it, the next rehearsal would refuse as somebody's.
        assert {path.name for path in folder.iterdir()} <= {MARK, *NAMES}
        summary = summary_in(folder)
        assert "deploy-artifact Staging-1 failed" in statuses(summary)
        assert summary["requests"]["lost"] == 0
        assert set(summary["requests"]["requests_per_version"]) == {"1.0"}
        [error] = [line for line in lines if line.startswith("error: ")]
        assert "2.0 did not start; 1.0 is running again" in error
        assert "Staging-1 stays out of target-group:staging" in error
        first, second = error.partition("Run again: ")[2].split(" and then: ")
        assert "gocd-tasks deploy-artifact" in first
        assert "gocd-tasks attach-instance Staging-1" in second
        [users] = [line.rpartition(" ")[2] for line in lines if line.startswith("Kept running")]
        assert (folder / "environment.sh").stat().st_mode & 0o777 == 0o600
        environment = {**os.environ, "PATH": f"{PROGRAM.parent}:{os.environ['PATH']}"}
        healed = subprocess.run(
            ["bash", "-ec", f". {folder}/environment.sh; {first}; {second}"],
            env=environment,
            capture_output=True,
            text=True,
            check=False,
        )
        assert healed.returncode == 0, healed.stdout + healed.stderr
        versions = set()
        for _ in range(200):
            with urllib.request.urlopen(users) as answer:
                versions.add(answer.headers["X-Version"])
            if len(versions) > 1:
                break
        assert versions == {"1.0", "2.0"}
        [there] = [line.partition("Or there: ")[2] for line in lines if line.startswith("Or there: ")]
        again = f"gocd-tasks pipeline rerun-stage staging/1/Staging-1-out {there[there.index('--') :]}"
        gone_on = subprocess.run(
            ["bash", "-ec", f"{there}; {again}"], env=environment, capture_output=True, text=True, check=False
        )
        assert gone_on.returncode == 0, gone_on.stdout + gone_on.stderr
        assert "Staging-1-out failed, Staging-1-in has not begun" in gone_on.stdout
        assert "staging/1/Staging-1-out/2: begun" in gone_on.stdout
    finally:
        running.send_signal(signal.SIGINT)
        try:
            # What was asked for there is cancelled with it.
            running.communicate(timeout=30)
        finally:
            # Left running, it would be found by whichever test the garbage is collected in.
            running.kill()
            running.communicate()
    assert running.returncode == 130
