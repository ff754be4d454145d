"""The three pipelines that are sent through a trap, as files for GoCD."""

from __future__ import annotations

import base64
import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from enum import Enum
from pathlib import Path
from typing import Any

import yaml

from gocd.rehearsal.traps.trap import NEW, OLD, SPEED, Place, Trap

HERE = Path(__file__).parent

# Seconds: how long the recipes sleep, and how long a waiter of boto3 waits between two looks (botocore,
# elbv2/2015-12-01/waiters-2).
SLEEP, WAITER_DELAY = 60, 15

# Seconds that a new version may take until it answers.
STATUS_TIMEOUT = 180

# What users ask for, and not only what a health check does.
URL = "http://{private_ip}:8080/"

INSTALL_TO, UNIT, BUCKET, APPLICATION = "/srv/app", "app", "releases", "web"


class Way(Enum):
    """How a pipeline rolls out, with its heading in a table."""

    SLEEPS = "AWS CLI and sleeps"
    WAITERS = "boto3's waiters"
    OURS = "gocd-tasks"


def write_pipeline(way: Way, trap: Trap, place: Place, release: Path, folder: Path) -> Path:
    """Write the pipeline that brings *release* to the servers of *place*, and return its path."""
    deploy = folder / "deploy.json"
    deploy.write_text(json.dumps({"commands": _install(release)}), encoding="utf-8")
    naive = {
        "TARGET_GROUP": place.front.arn,
        "LOOK_UP": place.look_up,
        "GROUP": place.group,
        "DEPLOY": str(deploy),
        "SLEEP": f"{SLEEP / SPEED:g}",
        "WAITER_DELAY": f"{WAITER_DELAY / SPEED:g}",
    }
    names = place.names or place.servers
    servers, tasks, variables = {
        Way.SLEEPS: (place.servers, _sleeping, naive),
        Way.WAITERS: (place.servers, _waiting, naive),
        Way.OURS: (names, _ours(trap, release), _our_variables(trap, place)),
    }[way]
    pipeline = {
        "group": "traps",
        "materials": {"site": {"git": "https://example.com/site.git"}},
        "environment_variables": variables,
        "stages": [{"rollout": {"jobs": dict(_jobs(servers, tasks, parallel=trap.parallel))}}],
    }
    file = folder / f"{way.name.lower()}.gocd.yaml"
    text = yaml.safe_dump({"format_version": 10, "pipelines": {trap.name: pipeline}}, sort_keys=False)
    file.write_text(text, encoding="utf-8")
    return file


def _jobs(
    servers: Sequence[str], tasks: Callable[[str], Iterator[dict[str, Any]]], *, parallel: bool
) -> Iterator[tuple[str, dict[str, Any]]]:
    for number, order in enumerate([servers, servers[::-1]] if parallel else [servers], 1):
        yield f"rollout-{number}", {"tasks": [task for server in order for task in tasks(server)]}


def _sleeping(server: str) -> Iterator[dict[str, Any]]:
    yield _exec("sh", str(HERE / "naive_sleeps.sh"), server)


def _waiting(server: str) -> Iterator[dict[str, Any]]:
    yield _exec("python3", str(HERE / "naive_waiters.py"), server)


def _ours(trap: Trap, release: Path) -> Callable[[str], Iterator[dict[str, Any]]]:
    settle = ("sleep-settle", "--seconds", f"{SLEEP / SPEED:g}")

    def tasks(server: str) -> Iterator[dict[str, Any]]:
        if trap.checked:
            now = ("--url", URL, "--version", OLD)
            yield _exec("gocd-tasks", "check-status", "--instance", server, *now)
        yield _exec("gocd-tasks", "detach-instance", server)
        yield _exec("gocd-tasks", *settle)
        yield _exec("gocd-tasks", "deploy-artifact", server, str(release))
        yield _exec("gocd-tasks", "attach-instance", server)
        yield _exec("gocd-tasks", *settle)

    return tasks


def _our_variables(trap: Trap, place: Place) -> Mapping[str, str]:
    return {
        "GOCD_TASKS_LOAD_BALANCER": place.front.name,
        "GOCD_TASKS_APPLICATION": APPLICATION,
        "GOCD_TASKS_BUCKET": BUCKET,
        "GOCD_TASKS_VERSION": NEW,
        "GOCD_TASKS_INSTALL_TO": INSTALL_TO,
        "GOCD_TASKS_RESTART": f"systemctl restart {UNIT}",
        "GOCD_TASKS_STATUS_URL": URL,
        "GOCD_TASKS_EXPECT_JSON": "version={version}",
        "GOCD_TASKS_STATUS_TIMEOUT": f"{STATUS_TIMEOUT / SPEED:g}",
        **trap.ours,
    }


def _exec(command: str, *arguments: str) -> dict[str, Any]:
    return {"exec": {"command": command, "arguments": list(arguments)}}


def _install(release: Path) -> list[str]:
    packed = base64.b64encode(release.read_bytes()).decode()
    folder = f'"$DESTDIR{INSTALL_TO}/releases/{NEW}"'
    return [
        "set -e",
        f"mkdir -p {folder}",
        f"echo {packed} | base64 -d | tar -xzf - -C {folder}",
        f'ln -sfn releases/{NEW} "$DESTDIR{INSTALL_TO}/current"',
        f"systemctl restart {UNIT}",
    ]
