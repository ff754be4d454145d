"""Whole pipelines rehearsed: the agent, AWS, the traffic and every command as processes of their own."""

import json
import os
import signal
import subprocess
import sys
import urllib.request
from pathlib import Path
from typing import Any

import pytest
import yaml

ROOT = Path(__file__).parents[4]
PROGRAM = Path(sys.executable).with_name("gocd-tasks")
STAGING = ROOT / "pipelines/staging.gocd.yaml"
PRODUCTION = ROOT / "pipelines/production.gocd.yaml"

# Fast, so that all of these fit into one run of the suite; the waits of AWS are still real waits.
FAST = ("--speed", "100", "--rate", "100")
# Where no JMeter has to start within what a stage lasts.
FASTER = ("--speed", "300", "--rate", "100")

pytestmark = pytest.mark.end_to_end


def rehearse(
    folder: Path, file: Path, *words: str
) -> tuple[subprocess.CompletedProcess[str], dict[str, Any]]:
    done = subprocess.run(
        [PROGRAM, "rehearse", file, "--folder", folder, *words], capture_output=True, text=True, check=False
    )
    assert "Traceback" not in done.stderr
    summary = folder / "summary.json"
    return done, json.loads(summary.read_text()) if summary.exists() else {}


def without_jmeter(template: Path, folder: Path) -> Path:
    """A pipeline as it stands but for its JMeter jobs and their report, for what these have no part in.

    Each of them starts a Java; the rehearsal's own traffic is measured all the same.
    """
    content = yaml.safe_load(template.read_text())
    for pipeline in content["pipelines"].values():
        for stage in pipeline["stages"]:
            [body] = stage.values()
            for job in ("traffic", "report"):
                body["jobs"].pop(job, None)
        left = [stage for stage in pipeline["stages"] if next(iter(stage.values()))["jobs"]]
        assert len(left) < len(pipeline["stages"])
        pipeline["stages"] = left
    file = folder / template.name
    file.write_text(yaml.safe_dump(content, sort_keys=False))
    return file


def statuses(summary: dict[str, Any]) -> list[str]:
    return [f"{row['task']} {row['status']}" for row in summary["tasks"]]


@pytest.mark.parametrize("kind", ["network", "classic"])
def test_no_kind_of_load_balancer_loses_a_request(tmp_path: Path, kind: str) -> None:
    staging = without_jmeter(STAGING, tmp_path)
    done, summary = rehearse(tmp_path / "r", staging, *FASTER, "--kind", kind)

    assert done.returncode == 0, done.stdout + done.stderr
    assert summary["requests"]["lost"] == 0
    assert set(summary["requests"]["requests_per_version"]) == {"1.0", "2.0"}
    assert summary["capacity"] == {"lowest": 1, "of": 2}


def test_the_staged_rollout_loses_no_request(tmp_path: Path) -> None:
    done, summary = rehearse(tmp_path / "r", STAGING, *FAST)

    assert done.returncode == 0, done.stdout + done.stderr
    requests = summary["requests"]
    assert requests["lost"] == 0
    assert requests["sent"] >= 2_000
    assert set(requests["requests_per_version"]) == {"1.0", "2.0"}
    assert summary["capacity"] == {"lowest": 1, "of": 2}
    assert done.stdout.splitlines()[-1] == "No request was lost."
    events = list((tmp_path / "r/artifacts").rglob("events.jsonl"))
    assert len(events) == 8
    assert "<script" not in (tmp_path / "r/report.html").read_text()


def test_production_runs_only_when_it_is_approved(tmp_path: Path) -> None:
    production = without_jmeter(PRODUCTION, tmp_path)
    refused, _ = rehearse(tmp_path / "r", production, *FASTER)
    approved, summary = rehearse(tmp_path / "r", production, *FASTER, "--approve", "Production-1-out")

    assert refused.returncode == 2
    assert "stage Production-1-out is manual, and the first" in refused.stderr
    assert approved.returncode == 0, approved.stdout + approved.stderr
    assert summary["requests"]["lost"] == 0


def test_a_deploy_that_fails_leaves_the_first_machine_out_and_running_the_stage_again_heals(
    tmp_path: Path,
) -> None:
    staging = without_jmeter(STAGING, tmp_path)
    failed, summary = rehearse(tmp_path / "failed", staging, *FASTER, "--fault", "deploy-fails")

    assert failed.returncode == 1
    assert "deploy-artifact Staging-1 failed" in statuses(summary)
    assert summary["requests"]["lost"] == 0
    assert set(summary["requests"]["requests_per_version"]) == {"1.0"}
    told = failed.stdout.splitlines()[-2]
    assert "2.0 did not start; 1.0 is running again" in told
    assert "Staging-1 stays out of target-group:staging" in told
    assert "gocd-tasks deploy-artifact" in told
    assert "gocd-tasks attach-instance Staging-1" in told

    healed, summary = rehearse(tmp_path / "healed", staging, *FASTER, "--fault", "deploy-fails", "--rerun")
    assert healed.returncode == 0, healed.stdout
    assert summary["requests"]["lost"] == 0


def test_an_instance_that_never_gets_healthy_fails_the_stage_and_harms_nobody(tmp_path: Path) -> None:
    done, summary = rehearse(
        tmp_path / "r", without_jmeter(STAGING, tmp_path), *FASTER, "--fault", "never-healthy"
    )

    assert done.returncode == 1
    assert statuses(summary)[-1] == "attach-instance Staging-1 failed"
    assert summary["tasks"][-1]["remark"] == "exit code 3"
    assert summary["requests"]["lost"] == 0
    assert "Staging-1 did not become healthy in staging" in done.stdout.splitlines()[-2]


def test_a_throttled_rollout_completes(tmp_path: Path) -> None:
    done, summary = rehearse(
        tmp_path / "r", without_jmeter(STAGING, tmp_path), *FASTER, "--fault", "throttle"
    )

    assert done.returncode == 0, done.stdout
    assert summary["requests"]["lost"] == 0
    assert "AWS throttled" in done.stdout.splitlines()[-1]


def test_a_lost_agents_job_is_done_by_another_one(tmp_path: Path) -> None:
    done, summary = rehearse(
        tmp_path / "r", without_jmeter(STAGING, tmp_path), *FAST, "--fault", "agent-killed"
    )

    assert done.returncode == 0, done.stdout
    assert summary["requests"]["lost"] == 0
    detached = [status for status in statuses(summary) if status.startswith("detach-instance Staging-1")]
    assert detached == ["detach-instance Staging-1 lost", "detach-instance Staging-1 passed"]
    assert "An agent was lost on the way" in done.stdout.splitlines()[-1]


@pytest.mark.parametrize(("fault", "watched"), [("undrained", False), ("bad-release:errors-at-first", True)])
def test_a_rollout_that_hurts_users_fails_and_the_report_shows_it(
    tmp_path: Path, fault: str, watched: bool
) -> None:
    staging = STAGING if watched else without_jmeter(STAGING, tmp_path)
    done, summary = rehearse(tmp_path / "r", staging, *FAST, "--fault", fault)

    assert done.returncode == 1, done.stdout
    assert summary["requests"]["lost"] > 0
    assert " lost" in done.stdout.splitlines()[-1]
    page = (tmp_path / "r/report.html").read_text()
    assert "lost" in page.partition("</h1>")[0]


def test_the_traffic_can_be_a_jmeter_plan_of_the_sites_own(tmp_path: Path) -> None:
    plan = ROOT / "pipelines/verify.jmx"
    done, summary = rehearse(tmp_path / "r", without_jmeter(STAGING, tmp_path), *FASTER, "--plan", str(plan))

    assert done.returncode == 0, done.stdout + done.stderr
    assert summary["requests"]["lost"] == 0
    assert summary["requests"]["sent"] > 1_000


def test_what_is_kept_running_can_be_healed_by_hand(tmp_path: Path) -> None:
    """Exactly what the last lines say, in a shell, as a person would."""
    folder, staging = tmp_path / "r", without_jmeter(STAGING, tmp_path)
    running = subprocess.Popen(
        [PROGRAM, "rehearse", staging, "--folder", folder, *FASTER, "--keep", "--fault", "deploy-fails"],
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
        [error] = [line for line in lines if line.startswith("error: ")]
        first, second = error.partition("Run again: ")[2].split(" and then: ")
        [users] = [line.rpartition(" ")[2] for line in lines if line.startswith("Kept running")]
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
        assert versions == {"1.0", "2.0"}
    finally:
        running.send_signal(signal.SIGINT)
        running.wait(timeout=30)
    assert running.returncode == 130


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


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("--fault", "earthquake"), "there is no fault 'earthquake'; there are: deploy-fails"),
        (("--approve", "nobody"), "there is no stage 'nobody' to approve"),
        (("--parameter", "colour=red"), "has no parameter 'colour'"),
        (("--parameter", "x"), "--parameter takes NAME=VALUE"),
        (("--version", "a b"), "is not a version"),
    ],
)
def test_a_bad_request_is_refused_in_one_line(tmp_path: Path, words: tuple[str, ...], said: str) -> None:
    done, _ = rehearse(tmp_path / "r", STAGING, *words)

    assert done.returncode == 2
    assert said in done.stderr
    assert len(done.stderr.splitlines()) == 1
