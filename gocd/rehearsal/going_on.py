"""How a person goes on by hand with a rehearsal that was left running."""

from __future__ import annotations

import shlex
from collections.abc import Mapping
from pathlib import Path

from gocd.pipeline import Pipeline


def leave_environment(folder: Path, pipeline: Pipeline, label: str, aws: Mapping[str, str]) -> Path:
    """Write ``environment.sh``, which puts a shell where the last job of *pipeline* was.

    Args:
        label: The run's label, which tasks take for the version.
        aws: The variables that lead to the stand-in.
    """
    settings = {
        **pipeline.variables.plain,
        **aws,
        "GO_PIPELINE_LABEL": label,
        "EVENTS": str(folder.resolve() / "events.jsonl"),
    }
    lines = [f"export {name}={shlex.quote(value)}" for name, value in sorted(settings.items())]
    workplaces = sorted((folder / "agents").glob(f"*/pipelines/{pipeline.name}"))
    if workplaces:
        lines.append(f"cd {shlex.quote(str(workplaces[-1].resolve()))}")
    script = folder / "environment.sh"
    script.write_text("\n".join(lines) + "\n", encoding="utf-8")
    return script
