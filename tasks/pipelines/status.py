"""Look at how pipelines stand on a GoCD server."""

import json
from enum import Enum
from typing import Annotated

from tasks import options
from tasks.frame import running
from tasks.options import argument, option
from tasks.running.console import Color
from tasks.runs import options as on_server


class Output(str, Enum):
    TEXT = "text"
    JSON = "json"


def command(
    names: Annotated[list[str], argument("NAME...", "Pipelines, by name.")],
    output: Annotated[Output, option("--output", "text for a person, json for a program.")] = Output.TEXT,
    server: on_server.GoCDAddress = None,
    ca_bundle: on_server.CaBundle = None,
    events: options.Events = None,
    color: options.ColorChoice = Color.AUTO,
) -> None:
    """Say who has paused or locked a pipeline, how its last runs went, what waits, and what to type next.

    GOCD_ACCESS_TOKEN, or GOCD_USER and GOCD_PASSWORD, say who asks. Nothing is changed or waited for.

    Example: gocd-tasks pipeline status staging production
    """
    with running("pipeline status", events, color) as task:
        # No other command has use for what they need.
        from tasks.runs.connect import connected  # noqa: PLC0415
        from tasks.runs.look import look_at  # noqa: PLC0415

        gocd = connected(server, ca_bundle)
        looks = [look_at(gocd, name) for name in dict.fromkeys(names)]
        if output is Output.JSON:
            said = {"server": gocd.url, "pipelines": [each.fields for each in looks]}
            task.log.steps(json.dumps(said, indent=2).splitlines())
            return
        for each in looks:
            task.log.steps(each.lines)
