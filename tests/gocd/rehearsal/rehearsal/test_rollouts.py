"""Rollouts rehearsed under traffic, machine by machine: they end well, and no user is harmed."""

import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from gocd.templates.text import text_of
from gocd.templates.values import Values
from tests.gocd.rehearsal.rehearsal.rehearsing import (
    FAST,
    FASTER,
    PRODUCTION,
    STAGING,
    rehearse,
    statuses,
    without_jmeter,
)

pytestmark = pytest.mark.end_to_end

# The site's own tool: it has the instance fetch, unpack, switch and restart in its own way.
TOOL = """
import sys, time
from botocore.session import Session

instance, artifact, version = sys.argv[1:]
ssm = Session().create_client("ssm")
script = f'''
set -e
app="$DESTDIR/srv/app"
mkdir -p "$app/releases/{version}"
tar -xf "{artifact}" -C "$app/releases/{version}"
ln -sfn "releases/{version}" "$app/new" && mv -Tf "$app/new" "$app/current"
systemctl restart app
'''
sent = ssm.send_command(
    InstanceIds=[instance], DocumentName="AWS-RunShellScript", Parameters={"commands": [script]}
)
while True:
    time.sleep(0.5)
    seen = ssm.get_command_invocation(CommandId=sent["Command"]["CommandId"], InstanceId=instance)
    if seen["Status"] not in ("Pending", "InProgress"):
        print("own tool:", seen["Status"])
        sys.exit(seen["Status"] != "Success")
"""


def test_the_staged_rollout_loses_no_request(tmp_path: Path) -> None:
    done, summary = rehearse(tmp_path / "r", STAGING, *FAST)

    assert done.returncode == 0, done.stdout + done.stderr
    requests = summary["requests"]
    assert requests["lost"] == 0
    assert requests["sent"] >= 1_000
    assert set(requests["requests_per_version"]) == {"1.0", "2.0"}
    assert summary["capacity"] == {"lowest": 1, "of": 2}
    assert done.stdout.splitlines()[-1] == "No request was lost."
    events = list((tmp_path / "r/artifacts").rglob("events.jsonl"))
    assert len(events) == 5
    assert "No request was lost, and traffic was measured for all of the rollout's" in done.stdout
    assert "<script" not in (tmp_path / "r/report.html").read_text()


@pytest.mark.exhaustive
def test_behind_a_network_load_balancer_a_throttled_rollout_completes_and_loses_no_request(
    tmp_path: Path,
) -> None:
    staging = without_jmeter(STAGING, tmp_path)
    done, summary = rehearse(tmp_path / "r", staging, *FASTER, "--kind", "network", "--fault", "throttle")

    assert done.returncode == 0, done.stdout + done.stderr
    assert summary["requests"]["lost"] == 0
    assert set(summary["requests"]["requests_per_version"]) == {"1.0", "2.0"}
    assert summary["capacity"] == {"lowest": 1, "of": 2}
    assert "AWS throttled" in done.stdout.splitlines()[-1]


@pytest.mark.exhaustive
def test_behind_a_classic_load_balancer_a_lost_agents_job_is_done_by_another_one_and_no_request_is_lost(
    tmp_path: Path,
) -> None:
    staging = without_jmeter(STAGING, tmp_path)
    done, summary = rehearse(tmp_path / "r", staging, *FAST, "--kind", "classic", "--fault", "agent-killed")

    assert done.returncode == 0, done.stdout + done.stderr
    assert summary["requests"]["lost"] == 0
    assert set(summary["requests"]["requests_per_version"]) == {"1.0", "2.0"}
    assert summary["capacity"] == {"lowest": 1, "of": 2}
    detached = [status for status in statuses(summary) if status.startswith("detach-instance Staging-1")]
    assert detached == ["detach-instance Staging-1 lost", "detach-instance Staging-1 passed"]
    assert "An agent was lost on the way" in done.stdout.splitlines()[-1]


@pytest.mark.exhaustive
def test_in_production_once_approved_a_tool_of_the_sites_own_rolls_out_and_loses_no_request(
    tmp_path: Path,
) -> None:
    tool = tmp_path / "own_tool.py"
    tool.write_text(TOOL)
    own = ["--via", "command", "--", sys.executable, str(tool), "{instance_id}", "{artifact}", "{version}"]
    content = yaml.safe_load(without_jmeter(PRODUCTION, tmp_path).read_text())
    calls = [arguments for arguments in _arguments(content) if arguments[0] == "deploy-artifact"]
    assert len(calls) == 2
    for call in calls:
        call.extend(own)
    # The tool runs in the job's folder; an absolute path serves the instance as well.
    file = tmp_path / "own.gocd.yaml"
    file.write_text(yaml.safe_dump(content))
    release = tmp_path / "r/upstream/app-build/build/build/dist/app.tar.gz"
    done, summary = rehearse(
        *(tmp_path / "r", file, *FASTER, "--approve", "Production-1-out"), "--parameter", f"release={release}"
    )

    assert done.returncode == 0, done.stdout + done.stderr
    assert summary["requests"]["lost"] == 0
    assert set(summary["requests"]["requests_per_version"]) == {"1.0", "2.0"}


@pytest.mark.exhaustive
def test_a_file_made_for_three_machines_behind_two_load_balancers_rolls_out_and_loses_no_request(
    tmp_path: Path,
) -> None:
    machines = ("Web 1", "Web-2", "Web.3")
    made = tmp_path / "made.gocd.yaml"
    made.write_text(text_of(Values("staging", instances=machines, load_balancers=("web", "inner"))))
    done, summary = rehearse(tmp_path / "r", made, *FAST)

    assert done.returncode == 0, done.stdout + done.stderr
    assert summary["requests"]["lost"] == 0
    assert summary["capacity"] == {"lowest": 2, "of": 3}
    moved = [status for status in statuses(summary) if "-instance" in status]
    assert moved == [f"{move}-instance {name} passed" for name in machines for move in ("detach", "attach")]
    assert statuses(summary)[-1] == "report passed"


def _arguments(content: Any) -> Iterator[list[str]]:
    """The words of every command in a pipeline file."""
    if isinstance(content, dict):
        for key, value in content.items():
            yield from [value] if key == "arguments" else _arguments(value)
    elif isinstance(content, list):
        for each in content:
            yield from _arguments(each)
