"""How a person goes on by hand with a rehearsal that was left running."""

from __future__ import annotations

import os
import shlex
from collections.abc import Mapping
from pathlib import Path

from gocd.pipeline import Pipeline
from gocd.rehearsal.standin_gocd.runs import PipelineRun, Status
from gocd.task_variables import variable


def leave_environment(folder: Path, pipeline: Pipeline, run: PipelineRun, aws: Mapping[str, str]) -> Path:
    """Write ``environment.sh``, which puts a shell where *run* failed, or else ended.

    Args:
        aws: The variables that lead to the stand-in.
    """
    settings = {
        **pipeline.variables.plain,
        **aws,
        "GO_PIPELINE_LABEL": run.label,
        variable("--events"): str(folder.resolve() / "events.jsonl"),
    }
    lines = [f"export {name}={shlex.quote(value)}" for name, value in sorted(settings.items())]
    jobs = [job for stage in run.stages for job in stage.jobs]
    if jobs:
        failed = next((job for job in jobs if job.status is Status.FAILED), jobs[-1])
        lines.append(f"cd {shlex.quote(str(failed.workplace.resolve()))}")
    script = folder / "environment.sh"
    # There may be a password in a variable, and the file of an earlier rehearsal may be anybody's to read.
    with open(script, "w", encoding="utf-8", opener=lambda path, flags: os.open(path, flags, 0o600)) as file:
        os.fchmod(file.fileno(), 0o600)
        file.write("\n".join(lines) + "\n")
    return script
