"""The rollout to a fleet rehearsed, the fleet as the command line makes it."""

import sys
from pathlib import Path

import pytest
import yaml

from tests.gocd.rehearsal.rehearsal.rehearsing import (
    FAST,
    FASTER,
    ROLLING,
    consoles,
    rehearse,
    without_jmeter,
)

pytestmark = pytest.mark.end_to_end

# Asks AWS who is there.
COUNT = """\
from botocore.session import Session
[group] = Session().create_client("autoscaling").describe_auto_scaling_groups()["AutoScalingGroups"]
zones = sorted(each["AvailabilityZone"][-1] for each in group["Instances"])
print(f"{group['AutoScalingGroupName']} of {group['MinSize']}, in {' '.join(zones)}")
"""

BY_A_THIRD = ("--parameter", "batch=33%")


@pytest.mark.exhaustive
def test_a_rollout_to_a_whole_fleet_loses_no_request(tmp_path: Path) -> None:
    done, summary = rehearse(tmp_path / "r", ROLLING, *FAST, *BY_A_THIRD)

    assert done.returncode == 0, done.stdout + done.stderr
    assert summary["requests"]["lost"] == 0
    assert set(summary["requests"]["requests_per_version"]) == {"1.0", "2.0"}
    assert summary["capacity"] == {"lowest": 4, "of": 6}
    assert "2.0 is on 6 servers, 6 of them deployed to now" in done.stdout


@pytest.mark.exhaustive
def test_the_fleet_is_as_asked_and_a_batch_that_cannot_be_deployed_to_halts_until_the_stage_runs_again(
    tmp_path: Path,
) -> None:
    asked = ("--fleet", "1", "--group-size", "4", "--parameter", "batch=40%")
    rolling = counted(without_jmeter(ROLLING, tmp_path))
    done, summary = rehearse(tmp_path / "r", rolling, *FASTER, *asked, "--fault", "deploy-fails", "--rerun")

    assert done.returncode == 0, done.stdout + done.stderr
    assert summary["requests"]["lost"] == 0
    [introduction] = [line for line in done.stdout.splitlines() if line.startswith("Stand-in AWS")]
    assert introduction.count("fleet i-") == 4
    assert "Fleet-1 127." in introduction
    assert summary["capacity"] == {"lowest": 3, "of": 5}
    said = consoles(tmp_path / "r")
    assert "fleet of 4, in a a b b" in said
    assert "error: halted: installing 2.0 on i-" in said
    assert "left outside of web by an earlier run" in said
    assert "2.0 is on 5 servers" in done.stdout


def counted(rolling: Path) -> Path:
    """Have the pipeline count the Auto Scaling group at its end."""
    content = yaml.safe_load(rolling.read_text())
    count = {"exec": {"command": sys.executable, "arguments": ["-c", COUNT]}}
    [pipeline] = content["pipelines"].values()
    pipeline["stages"].append({"count": {"jobs": {"count": {"tasks": [count]}}}})
    rolling.write_text(yaml.safe_dump(content, sort_keys=False))
    return rolling
