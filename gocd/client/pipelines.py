"""The pipelines of a GoCD server: how they stand, what ran, and a run begun.

Source of each path, version and status: api.gocd.org, and in GoCD's own code
PipelineOperationsControllerV1 and PipelineInstanceControllerV1.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from gocd.client.asking import Server
from gocd.client.fields import entries, fields, flag, named, text
from gocd.client.runs import PipelineRun, read_run

# The fewest that GoCD tells of at once (ApiController.getPageSize).
PAGE = 10


@dataclass(frozen=True)
class Standing:
    """How a pipeline stands.

    Args:
        can_begin: Whether GoCD would begin a run if asked.
    """

    paused: bool
    paused_by: str
    pause_cause: str
    locked: bool
    can_begin: bool


@dataclass(frozen=True)
class Past:
    """The newest runs of a pipeline, the newest first, and when that was, by the server's clock."""

    runs: tuple[PipelineRun, ...]
    at: datetime | None

    @property
    def newest(self) -> int:
        return max((run.counter for run in self.runs), default=0)


@dataclass(frozen=True)
class Options:
    """What a run is to begin with.

    Args:
        variables: Values of variables that the pipeline has.
        secrets: The same, of those that nobody shall see.
        revisions: By the fingerprint of the material.
    """

    variables: Mapping[str, str] = field(default_factory=dict)
    secrets: Mapping[str, str] = field(default_factory=dict, repr=False)
    revisions: Mapping[str, str] = field(default_factory=dict)

    @property
    def body(self) -> dict[str, Any] | None:
        """As GoCD takes them; None if there are none (PipelineScheduleOptionsRepresenter)."""
        variables = [
            {"name": name, "value": value, "secure": secure}
            for secure, those in ((False, self.variables), (True, self.secrets))
            for name, value in those.items()
        ]
        materials = [{"fingerprint": print_, "revision": each} for print_, each in self.revisions.items()]
        parts = {"environment_variables": variables, "materials": materials}
        return {name: part for name, part in parts.items() if part} or None


@dataclass(frozen=True)
class Material:
    name: str
    fingerprint: str
    folder: str


def standing(server: Server, pipeline: str) -> Standing:
    answer = fields(server.get("pipelines", pipeline, "status", version=1).value, "its status")
    return Standing(
        flag(answer, "paused"),
        text(answer, "paused_by"),
        text(answer, "paused_cause"),
        flag(answer, "locked"),
        flag(answer, "schedulable"),
    )


def past(server: Server, pipeline: str) -> Past:
    said = server.get("pipelines", pipeline, "history", version=1, page_size=PAGE)
    return Past(tuple(read_run(each) for each in entries(said.value, "pipelines")), said.at)


def run_of(server: Server, pipeline: str, counter: int) -> PipelineRun:
    return read_run(server.get("pipelines", pipeline, counter, version=1).value)


def begin(server: Server, pipeline: str, options: Options) -> datetime | None:
    """Have a run begin; return when GoCD had taken that on. Which run it will be, it does not say."""
    return server.order("pipelines", pipeline, "schedule", version=1, body=options.body).at


def unlock(server: Server, pipeline: str) -> None:
    server.order("pipelines", pipeline, "unlock", version=1)


def options_of(server: Server, pipeline: str) -> tuple[dict[str, bool], Sequence[Material]]:
    """Return the variables that a run can be given, each with whether it is secret, and the materials."""
    answer = server.get("pipelines", pipeline, "trigger_options", version=1).value
    variables = {named(each): flag(each, "secure") for each in entries(answer, "variables")}
    materials = [
        Material(text(each, "name"), text(each, "fingerprint"), text(each, "folder"))
        for each in entries(answer, "materials")
    ]
    return variables, materials


def whoever_asks(server: Server) -> str:
    """Return the name that GoCD writes down for who asks."""
    if not server.login.header:
        # Username.ANONYMOUS; with its security off, GoCD does not answer what is asked below.
        return "anonymous"
    return text(fields(server.get("current_user", version=1).value, "the user"), "login_name")
