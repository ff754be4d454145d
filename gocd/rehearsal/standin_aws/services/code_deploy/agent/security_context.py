"""The SELinux contexts that an appspec asks for.

Source: aws-codedeploy-agent, application_specification/context_info.rb and range_info.rb;
install_instruction.rb (ChangeContextCommand).
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any

from gocd.rehearsal.standin_aws.services.code_deploy.agent.failure import AgentFailure
from gocd.rehearsal.standin_aws.services.code_deploy.agent.ruby import inspect, mapping, to_s

_AGAIN = "Update the permissions section of the AppSpec file, and then try again."


@dataclass(frozen=True)
class Context:
    """A context; *range* as ``semanage`` takes it."""

    type: str
    user: str | None = None
    range: str | None = None

    @property
    def arguments(self) -> list[str]:
        """What ``semanage fcontext -a`` is told of it."""
        user = ["-s", self.user] if self.user else []
        return [*user, "-t", self.type, *(["-r", self.range] if self.range else [])]


def read_context(told: Any) -> Context:
    """Read the section *context* of a permission.

    Raises:
        AgentFailure: The agent does not take it.
    """
    found = mapping(told, "[]")
    if found.get("type") is None:
        raise AgentFailure(
            "The deployment failed because the application specification file specifies an invalid context "
            f"type ({inspect(told)}). {_AGAIN}"
        )
    user, levels = found.get("name"), found.get("range")
    return Context(
        to_s(found["type"]),
        None if user is None else to_s(user),
        None if levels is None else _range(to_s(levels)),
    )


def _range(told: str) -> str:
    sensitivities, colon, categories = told.partition(":")
    if not sensitivities or (colon and not categories):
        raise AgentFailure(f"invalid range part {told}")
    low, dash, high = sensitivities.partition("-")
    if not low or (dash and not high):
        raise AgentFailure(f"invalid range part {sensitivities}")
    lowest = _number(low, "s", "sensitivity")
    highest = _number(high, "s", "sensitivity") if dash else lowest
    if highest < lowest:
        raise AgentFailure(
            f"The deployment failed because of a problem with the SELinux range specified ({told}) for the "
            "context parameter in the permissions section of the application specification file. Make "
            "corrections in the permissions section of the AppSpec file, and then try again."
        )
    named: list[int] = []
    for each in categories.split(",") if colon else ():
        ends = [_number(end, "c", "category") for end in each.split(".", 1)]
        if ends[-1] < ends[0]:
            raise AgentFailure(f"invalid category range {each}")
        named += range(ends[0], ends[-1] + 1)
    if len(named) > len(set(named)):
        raise AgentFailure("duplicate categories")
    return told


def _number(told: str, letter: str, what: str) -> int:
    if not re.fullmatch(letter + "[0-9]+", told) or (letter == "c" and int(told[1:]) > 1023):
        raise AgentFailure(f"invalid {what} {told}")
    return int(told[1:])
