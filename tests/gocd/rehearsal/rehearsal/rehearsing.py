"""Whole pipelines rehearsed: the agent, AWS, the traffic and every command as processes of their own.

A rehearsal takes many seconds of a processor's time, so each is asked for all that it can tell.
"""

import json
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import yaml

ROOT = Path(__file__).parents[4]
PROGRAM = Path(sys.executable).with_name("gocd-tasks")
STAGING = ROOT / "pipelines/staging.gocd.yaml"
PRODUCTION = ROOT / "pipelines/production.gocd.yaml"
ROLLING = ROOT / "pipelines/rolling.gocd.yaml"
UPGRADE = ROOT / "pipelines/herd-upgrade.gocd.yaml"
# Its first stage is a person's to start.
STARTED = ("--approve", "upgrade")
BLUE_GREEN = ROOT / "pipelines/blue-green.gocd.yaml"

# Fast, so that all of these fit into one run of the suite; the waits of AWS are still real waits.
FAST = ("--speed", "100", "--rate", "50")
# Where no JMeter has to start within what a stage lasts.
FASTER = ("--speed", "300", "--rate", "50")


def rehearse(
    folder: Path, file: Path, *words: str
) -> tuple[subprocess.CompletedProcess[str], dict[str, Any]]:
    """Rehearse *file* in *folder*; gives how that ended, and its summary, empty if there is none."""
    done = subprocess.run(
        [PROGRAM, "rehearse", file, "--folder", folder, *words],
        capture_output=True,
        text=True,
        check=False,
    )
    assert "Traceback" not in done.stderr
    return done, summary_in(folder)


def summary_in(folder: Path) -> dict[str, Any]:
    file = folder / "summary.json"
    summary: dict[str, Any] = json.loads(file.read_text()) if file.exists() else {}
    return summary


def consoles(folder: Path) -> str:
    """What the pipeline's tasks have said."""
    return "".join(log.read_text() for log in (folder / "artifacts").rglob("console.log"))


def without_jmeter(template: Path, folder: Path, variables: Mapping[str, str] | None = None) -> Path:
    """A pipeline as it stands but for its JMeters and their report, for what these have no part in.

    Each of them starts a Java; the rehearsal's own traffic is measured all the same.

    Args:
        variables: Added to the pipeline's own.
    """
    content = yaml.safe_load(template.read_text())
    for pipeline in content["pipelines"].values():
        pipeline["environment_variables"].update(variables or {})
        for stage in pipeline["stages"]:
            [body] = stage.values()
            body["jobs"] = {
                name: job for name, job in body["jobs"].items() if name not in ("traffic", "report")
            }
            for job in body["jobs"].values():
                job["tasks"] = [each for each in job["tasks"] if not _is_traffic(each)]
                job["artifacts"] = [{"build": {"source": "events"}}]
                job.pop("tabs", None)
        left = [stage for stage in pipeline["stages"] if next(iter(stage.values()))["jobs"]]
        assert len(left) < len(pipeline["stages"])
        pipeline["stages"] = left
    file = folder / template.name
    file.write_text(yaml.safe_dump(content, sort_keys=False))
    return file


def _is_traffic(task: dict[str, Any]) -> bool:
    return bool(task.get("exec", {}).get("arguments", [""])[0] == "verify-traffic")


def statuses(summary: dict[str, Any]) -> list[str]:
    return [f"{row['task']} {row['status']}" for row in summary["tasks"]]
