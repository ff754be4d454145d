"""The server itself, who asks, and its agents.

Source: GoCD's VersionControllerV1.java, CurrentUserController.java and AgentsControllerV7.java
"""

from __future__ import annotations

import socket
from collections.abc import Mapping
from typing import Any

from gocd.rehearsal.standin_gocd.agents import Workplace
from gocd.rehearsal.standin_gocd.api.messages import Answer, Halt, Request, as_json, message
from gocd.rehearsal.standin_gocd.api.routes import Route
from gocd.rehearsal.standin_gocd.api.security import Right
from gocd.rehearsal.standin_gocd.server import Server

# The one whose rules these are.
VERSION = "26.2.0"
_BUILD, _REVISION = "1", "f17b6f3fc9c0a4e2d2a6a7e0f26f1d0c6f1f7f11"


class Standing:
    def __init__(self, server: Server) -> None:
        self._server = server

    def routes(self) -> list[Route]:
        return [
            Route("GET", "/api/version", 1, Right.NONE, self._version),
            Route("GET", "/api/v1/health", 0, Right.NONE, self._health),
            Route("GET", "/api/current_user", 1, Right.NONE, self._current_user),
            Route("GET", "/api/agents", 7, Right.NONE, self._agents),
            Route("GET", "/api/agents/{uuid}", 7, Right.NONE, self._agent),
            Route("POST", "/api/agents/{uuid}/kill_running_tasks", 7, Right.ADMIN, self._kill),
        ]

    def _version(self, request: Request, names: Mapping[str, str]) -> Answer:
        return as_json(
            {
                "_links": {
                    "self": {"href": f"{request.base}/api/version"},
                    "doc": {"href": "https://api.gocd.org/current/#version"},
                },
                "version": VERSION,
                "build_number": _BUILD,
                "git_sha": _REVISION,
                "full_version": f"{VERSION} ({_BUILD}-{_REVISION})",
                "commit_url": f"https://github.com/gocd/gocd/commit/{_REVISION}",
            }
        )

    def _health(self, request: Request, names: Mapping[str, str]) -> Answer:
        return as_json({"health": "OK"})

    def _current_user(self, request: Request, names: Mapping[str, str]) -> Answer:
        name = request.user.name
        # With security off, all are nobody, and that is no user.
        if request.user.is_anonymous:
            raise Halt(message("You are not authorized to perform this action.", 403))
        return as_json(
            {
                "_links": {
                    "doc": {"href": "https://api.gocd.org/current/#users"},
                    "current_user": {"href": f"{request.base}/api/current_user"},
                    "self": {"href": f"{request.base}/api/users/{name}"},
                    "find": {"href": f"{request.base}/api/users/:login_name"},
                },
                "login_name": name,
                "display_name": name,
                "enabled": True,
                "email": None,
                "email_me": False,
                "checkin_aliases": [],
            }
        )

    def _agents(self, request: Request, names: Mapping[str, str]) -> Answer:
        return as_json(
            {
                "_links": {
                    "self": {"href": f"{request.base}/api/agents"},
                    "doc": {"href": "https://api.gocd.org/current/#agents"},
                },
                "_embedded": {
                    "agents": [_shape(request, workplace) for workplace in self._server.agents.workplaces]
                },
            }
        )

    def _agent(self, request: Request, names: Mapping[str, str]) -> Answer:
        return as_json(_shape(request, self._workplace(names)))

    def _kill(self, request: Request, names: Mapping[str, str]) -> Answer:
        """Kill what an agent still does whose job is cancelled.

        Source: GoCD's AgentInstance.killRunningTasks
        """
        workplace = self._workplace(names)
        state = _state(workplace)
        if state != "Cancelled" or workplace.agent is None:
            should = "should be in cancelled state before attempting to kill running tasks"
            raise Halt(message(f"The agent {should}. Current Agent state is: '{state}'", 409))
        workplace.agent.cancel()
        return Answer(202, b"", "application/json")

    def _workplace(self, names: Mapping[str, str]) -> Workplace:
        for workplace in self._server.agents.workplaces:
            if workplace.uuid == names["uuid"]:
                return workplace
        raise Halt(message(f"Agent with uuid '{names['uuid']}' was not found!", 404))


def _shape(request: Request, workplace: Workplace) -> dict[str, Any]:
    """Source: GoCD's AgentRepresenter.java."""
    job = workplace.job
    building: dict[str, Any] = {}
    if job:
        running = job.running
        stage = running.locator.rpartition("/")[0]
        building["build_details"] = {
            "_links": {
                "job": {"href": f"{request.base}/tab/build/detail/{running.locator}"},
                "stage": {"href": f"{request.base}/pipelines/{stage}"},
                "pipeline": {"href": f"{request.base}/pipeline/activity/{running.pipeline}"},
            },
            "pipeline_name": running.pipeline,
            "stage_name": running.stage,
            "job_name": running.name,
        }
    return {
        "_links": {
            "self": {"href": f"{request.base}/api/agents/{workplace.uuid}"},
            "doc": {"href": "https://api.gocd.org/current/#agents"},
            "find": {"href": f"{request.base}/api/agents/:uuid"},
        },
        "uuid": workplace.uuid,
        "hostname": socket.gethostname(),
        "ip_address": "127.0.0.1",
        "sandbox": str(workplace.folder),
        "operating_system": "Linux",
        "agent_config_state": "Enabled",
        "agent_state": "Idle" if job is None else "Building",
        "agent_version": f"{VERSION}-{_BUILD}",
        "agent_bootstrapper_version": f"{VERSION}-{_BUILD}",
        "environments": [],
        "build_state": _state(workplace),
        "free_space": "unknown",
        **building,
        "resources": sorted(workplace.resources),
    }


def _state(workplace: Workplace) -> str:
    """One whose job the server has given up is still at work until it is done with it."""
    if workplace.job is None:
        return "Idle"
    return "Cancelled" if workplace.job.is_over else "Building"
