"""Pipelines: trigger, pause, unlock, and their runs.

Source: GoCD's PipelineOperationsControllerV1.java and PipelineInstanceControllerV1.java
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from gocd.numbers import whole
from gocd.rehearsal.standin_gocd.api.messages import Answer, Halt, Request, as_json, message
from gocd.rehearsal.standin_gocd.api.paging import page
from gocd.rehearsal.standin_gocd.api.routes import Route
from gocd.rehearsal.standin_gocd.api.security import Right, may_operate
from gocd.rehearsal.standin_gocd.api.shapes import (
    fingerprint,
    material_shape,
    millis,
    pipeline_shape,
    revision_of,
)
from gocd.rehearsal.standin_gocd.checks import can_trigger, check_trigger
from gocd.rehearsal.standin_gocd.history import PipelineInstance
from gocd.rehearsal.standin_gocd.refusal import Refusal
from gocd.rehearsal.standin_gocd.served import ServedPipeline
from gocd.rehearsal.standin_gocd.server import Server

_REJECTED = "Request to schedule pipeline rejected"


class Pipelines:
    def __init__(self, server: Server) -> None:
        self._server = server

    def routes(self) -> list[Route]:
        view, operate = Right.VIEW, Right.OPERATE
        return [
            Route("POST", "/api/pipelines/{pipeline}/schedule", 1, operate, self._schedule),
            Route("GET", "/api/pipelines/{pipeline}/trigger_options", 1, operate, self._trigger_options),
            Route("GET", "/api/pipelines/{pipeline}/status", 1, operate, self._status),
            Route("POST", "/api/pipelines/{pipeline}/pause", 1, operate, self._pause),
            Route("POST", "/api/pipelines/{pipeline}/unpause", 1, operate, self._unpause),
            Route("POST", "/api/pipelines/{pipeline}/unlock", 1, operate, self._unlock),
            Route("GET", "/api/pipelines/{pipeline}/history", 1, view, self._history),
            Route("GET", "/api/pipelines/{pipeline}/{counter}", 1, view, self._instance),
            Route("POST", "/api/pipelines/{pipeline}/{counter}/comment", 1, operate, self._comment),
        ]

    def _schedule(self, request: Request, names: Mapping[str, str]) -> Answer:
        served = self._known(names, f"Pipeline '{names['pipeline']}' not found.")
        asked = request.json()
        revisions = {}
        for material in asked.get("materials") or []:
            name, revision = self._chosen(served, material)
            revisions[name] = revision
        variables = dict(_variable(each) for each in asked.get("environment_variables") or [])
        if not may_operate(request.user, served.first_stage):
            # What else is in the way is told first.
            check_trigger(served)
            where = f"{served.name}/{served.first_stage.name}"
            denied = f"User {request.user.name} does not have permission to schedule {where}"
            raise Refusal(403, f"Failed to trigger pipeline [{served.name}]", denied)
        self._server.trigger(served.name, request.user.name, variables, revisions)
        return message(f"Request to schedule pipeline {served.name} accepted", 202)

    def _chosen(self, served: ServedPipeline, asked: dict[str, Any]) -> tuple[str, str]:
        """The name and the wanted revision of one material.

        Source: GoCD's ScheduleOptionsBuilder.java
        """
        wanted, revision = _text(asked, "fingerprint"), _text(asked, "revision")
        for material in served.pipeline.materials:
            if fingerprint(material) == wanted:
                if not revision.strip():
                    raise Refusal(422, _REJECTED, f"Material [{wanted}] has empty revision")
                return material.name, revision
        missing = f"does not contain the following material(s): [{wanted}]."
        raise Refusal(422, _REJECTED, f"Pipeline '{served.name}' {missing}")

    def _trigger_options(self, request: Request, names: Mapping[str, str]) -> Answer:
        served = self._known(names)
        variables = served.pipeline.variables
        latest = served.latest
        address = f"{request.base}/api/pipelines/{served.name}"
        return as_json(
            {
                "_links": {
                    "doc": {"href": "https://api.gocd.org/current/#pipeline-trigger-options"},
                    "self": {"href": f"{address}/trigger_options"},
                    "schedule": {"href": f"{address}/schedule"},
                },
                "variables": [
                    *(
                        {"name": name, "secure": False, "value": text}
                        for name, text in variables.plain.items()
                    ),
                    *({"name": name, "secure": True} for name in variables.secure),
                ],
                "materials": [
                    {
                        **{key: material_shape(each)[key] for key in ("type", "name", "fingerprint")},
                        **({"folder": each.destination} if each.destination else {}),
                        "revision": {
                            "date": millis(latest.created_at),
                            "last_run_revision": revision_of(latest, each),
                        }
                        if latest
                        else {},
                    }
                    for each in served.pipeline.materials
                ],
            }
        )

    def _status(self, request: Request, names: Mapping[str, str]) -> Answer:
        served = self._known(names, "Not Found { Pipeline not found }")
        return as_json(
            {
                "paused": served.pause is not None,
                "paused_cause": served.pause.cause if served.pause else "",
                "paused_by": served.pause.by if served.pause else "",
                "locked": served.locked_by is not None,
                "schedulable": can_trigger(served) and may_operate(request.user, served.first_stage),
            }
        )

    def _pause(self, request: Request, names: Mapping[str, str]) -> Answer:
        served = self._known(names)
        self._server.pause(served.name, request.user.name, _text(request.json(), "pause_cause", ""))
        return message(f"Pipeline '{served.name}' paused successfully.")

    def _unpause(self, request: Request, names: Mapping[str, str]) -> Answer:
        served = self._known(names)
        self._server.unpause(served.name)
        return message(f"Pipeline '{served.name}' unpaused successfully.")

    def _unlock(self, request: Request, names: Mapping[str, str]) -> Answer:
        served = self._known(names, f"pipeline name {names['pipeline']} is incorrect")
        self._server.unlock(served.name)
        return message(f"Pipeline lock released for {served.name}")

    def _history(self, request: Request, names: Mapping[str, str]) -> Answer:
        served = self._known(names)

        def shape(run: PipelineInstance) -> dict[str, Any]:
            return pipeline_shape(served, run, request.user)

        return as_json(page(request, served.instances, "pipelines", shape))

    def _instance(self, request: Request, names: Mapping[str, str]) -> Answer:
        served = self._known(names, f"Pipeline named [{names['pipeline']}] is not known.")
        run = served.instance(_counter(names["counter"]))
        if run is None:
            raise Halt(message(f"Pipeline [{names['pipeline']}/{names['counter']}] not found.", 404))
        return as_json(pipeline_shape(served, run, request.user))

    def _comment(self, request: Request, names: Mapping[str, str]) -> Answer:
        run = self._known(names).instance(_counter(names["counter"]))
        comment = _text(request.json(), "comment")
        if run:
            run.comment = comment
        return message("Comment successfully updated.")

    def _known(self, names: Mapping[str, str], otherwise: str = "") -> ServedPipeline:
        try:
            return self._server.served(names["pipeline"])
        except Refusal as refusal:
            raise Halt(message(otherwise or refusal.text, 404)) from None


def _variable(asked: dict[str, Any]) -> tuple[str, str]:
    """Source: GoCD's EnvironmentVariableRepresenter.java."""
    name = _text(asked, "name")
    if asked.get("secure") and "encrypted_value" in asked:
        return name, _text(asked, "encrypted_value")
    return name, _text(asked, "value")


def _text(asked: dict[str, Any], key: str, otherwise: str | None = None) -> str:
    """Source: GoCD's JsonReader.java."""
    found = asked.get(key, otherwise)
    if found is None:
        raise Halt(message(f"Json `{asked}` does not contain property '{key}'", 422))
    if not isinstance(found, str):
        raise Halt(message(f"Could not read property '{key}' as a String in json `{asked}` ", 422))
    return found


def _counter(text: str) -> int:
    counter = whole(text)
    if counter is None:
        raise Halt(_unprocessable("The pipeline counter should be an integer."))
    if counter < 1:
        raise Halt(_unprocessable("The pipeline counter cannot be less than 1."))
    return counter


def _unprocessable(text: str) -> Answer:
    """Source: GoCD's RoutesHelper.unprocessableEntity."""
    return message(f"Your request could not be processed. {text}", 422)
