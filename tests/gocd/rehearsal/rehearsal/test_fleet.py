"""The fleet of a rehearsal, as the command line makes it."""

import sys
from pathlib import Path

import pytest

from tests.gocd.rehearsal.rehearsal.test_rehearsal import FAST, FASTER, rehearse, without_jmeter
from tests.gocd.rehearsal.test_site import ROLLING

pytestmark = pytest.mark.end_to_end

# Says what it would roll out, and asks AWS who is there.
LOOK = """\
format_version: 10
pipelines:
  look:
    group: trial
    materials: {app: {pipeline: app-build, stage: build}}
    stages:
      - look:
          jobs:
            look:
              tasks:
                - exec:
                    command: bash
                    arguments:
                      - -c
                      - "echo gocd-tasks rolling-deploy app.tar.gz --load-balancer web; exec python3 look.py"
"""
COUNT = """\
from botocore.session import Session
[group] = Session().create_client("autoscaling").describe_auto_scaling_groups()["AutoScalingGroups"]
zones = sorted(each["AvailabilityZone"][-1] for each in group["Instances"])
print(f"{group['AutoScalingGroupName']} of {group['MinSize']}, in {' '.join(zones)}")
"""


def test_the_fleet_is_as_large_as_asked_and_counted_whole(tmp_path: Path) -> None:
    count = tmp_path / "look.py"
    count.write_text(COUNT)
    file = tmp_path / "look.gocd.yaml"
    file.write_text(LOOK.replace("python3 look.py", f"{sys.executable} {count}"))
    done, summary = rehearse(tmp_path / "r", file, *FAST, "--fleet", "1", "--group-size", "4")

    assert done.returncode == 0, done.stdout + done.stderr
    assert summary["capacity"] == {"lowest": 5, "of": 5}
    [introduction] = [line for line in done.stdout.splitlines() if line.startswith("Stand-in AWS")]
    assert introduction.count("fleet i-") == 4
    assert "Fleet-1 127." in introduction
    [console] = (tmp_path / "r").rglob("console.log")
    assert "fleet of 4, in a a b b" in console.read_text()


def test_a_fleet_of_nobody_is_refused(tmp_path: Path) -> None:
    done, _ = rehearse(tmp_path / "r", ROLLING, "--fleet", "0", "--group-size", "0")

    assert done.returncode == 2
    assert "there is nobody in it" in done.stderr
    assert len(done.stderr.splitlines()) == 1


# As long as the rollout takes here, and not as the file says.
BY_A_THIRD = ("--parameter", "batch=33%", "--parameter", "traffic_seconds=20")


def test_a_rollout_to_a_whole_fleet_loses_no_request(tmp_path: Path) -> None:
    done, summary = rehearse(tmp_path / "r", ROLLING, *FAST, *BY_A_THIRD)

    assert done.returncode == 0, done.stdout + done.stderr
    assert summary["requests"]["lost"] == 0
    assert set(summary["requests"]["requests_per_version"]) == {"1.0", "2.0"}
    assert summary["capacity"] == {"lowest": 4, "of": 6}
    assert "2.0 is on 6 servers, 6 of them deployed to now" in done.stdout


def test_a_batch_that_cannot_be_deployed_to_halts_the_rollout_and_the_stage_again_heals(
    tmp_path: Path,
) -> None:
    rolling = without_jmeter(ROLLING, tmp_path)
    fault = ("--fault", "deploy-fails", "--rerun")
    done, summary = rehearse(tmp_path / "r", rolling, *FASTER, "--parameter", "batch=33%", *fault)

    assert done.returncode == 0, done.stdout + done.stderr
    assert summary["requests"]["lost"] == 0
    consoles = [path.read_text() for path in (tmp_path / "r").rglob("console.log")]
    assert any("error: halted: installing 2.0 on i-" in text for text in consoles)
    assert any("left outside of web by an earlier run" in text for text in consoles)
    assert "2.0 is on 6 servers" in done.stdout
