"""Rollouts made up for tests: event lines and JTLs as tasks and JMeter would have written them."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta, timezone
from pathlib import Path
from typing import Any

from gocd.samples.jtl import COLUMNS, JtlWriter

START = datetime(2026, 1, 1, 10, 0, 0, tzinfo=timezone.utc)
ZERO = START.timestamp()


def event(at: float, task: str, state: str, instance: str = "", **facts: object) -> str:
    """Return an event line, *at* seconds after the start."""
    usual = {
        "time": (START + timedelta(seconds=at)).isoformat(timespec="milliseconds"),
        "pipeline": "staging/12",
        "stage": "Staging-1/1",
        "job": "deploy",
        "task": task,
        "process": 7,
        "state": state,
        "calls": 0,
    }
    return json.dumps({**usual, **({"instance": instance} if instance else {}), **facts})


def run(task: str, start: float, end: float, *between: str, code: int = 0, **facts: Any) -> list[str]:
    """Return the event lines of one run."""
    told = {"error": f"{task} went wrong", **facts} if code else facts
    return [
        event(start, task, "started", **facts),
        *between,
        event(end, task, "ended", exit_code=code, **told),
    ]


def rolled(instance: str = "Staging-1", at: float = 0.0) -> list[str]:
    """Return the event lines of one instance taken out, deployed to and put back; 20 s."""
    return [
        *run(
            *("detach-instance", at, at + 10),
            event(at + 1, "detach-instance", "leaving", instance),
            event(at + 10, "detach-instance", "detached", instance),
        ),
        *run(
            *("deploy-artifact", at + 11, at + 14),
            event(at + 12, "deploy-artifact", "installing", instance),
            event(at + 14, "deploy-artifact", "deployed", instance),
        ),
        *run(
            *("attach-instance", at + 15, at + 20),
            event(at + 16, "attach-instance", "joining", instance),
            event(at + 20, "attach-instance", "serving", instance),
        ),
    ]


def write_events(path: Path, lines: Iterable[str]) -> Path:
    path.write_text("".join(f"{line}\n" for line in lines), encoding="utf-8")
    return path


def write_jtl(
    path: Path,
    seconds: float,
    *,
    rate: int = 10,
    start: float = 0.0,
    lost: Mapping[int, str] | None = None,
    version: str = "1.0",
) -> Path:
    """Write *rate* requests a second; *lost* maps seconds to the code that all requests of it got."""
    with JtlWriter(path) as jtl:
        for number in range(int(seconds * rate)):
            at = start + number / rate
            code = (lost or {}).get(int(at), "")
            values: dict[str, object] = dict.fromkeys(COLUMNS, "") | {
                "timeStamp": round((ZERO + at) * 1000),
                "elapsed": 5 + number % 7,
                "label": "GET /",
                "responseCode": code or "200",
                "success": "false" if code else "true",
                "version": version,
            }
            jtl.write(*values.values())
    return path
