"""Watch a run of a pipeline on a GoCD server."""

from typing import Annotated

from tasks import options
from tasks.frame import running
from tasks.options import argument, option
from tasks.running.console import Color
from tasks.running.errors import Refused
from tasks.running.next_command import gocd_tasks
from tasks.running.numbers import seconds
from tasks.runs import options as on_server


def command(
    run: Annotated[str, argument("RUN", "NAME/COUNTER, or NAME for the newest run of that pipeline.")],
    timeout: Annotated[
        float | None, option("--timeout", "Seconds to watch it; by default a day.", seconds())
    ] = None,
    server: on_server.GoCDAddress = None,
    ca_bundle: on_server.CaBundle = None,
    events: options.Events = None,
    color: options.ColorChoice = Color.AUTO,
) -> None:
    """Tell of a run as it goes: its stages and jobs, and what a job that fails has said last.

    GOCD_ACCESS_TOKEN, or GOCD_USER and GOCD_PASSWORD, say who asks. Exit 0 if it passed or waits for
    approval, 1 if a stage did not pass, 3 if it is not over in time; interrupted, it leaves the run alone.

    Example: gocd-tasks pipeline watch production/12
    """
    with running("pipeline watch", events, color) as task:
        # No other command has use for what they need.
        from gocd.client.pipelines import past, run_of  # noqa: PLC0415
        from tasks.runs.connect import asking, connected  # noqa: PLC0415
        from tasks.runs.following import A_DAY, follow  # noqa: PLC0415
        from tasks.runs.named import run_named  # noqa: PLC0415

        name, counter = run_named(run)
        gocd = connected(server, ca_bundle)
        with asking(f"run {run}" if counter else f"pipeline {name}"):
            runs = past(gocd, name).runs if counter is None else (run_of(gocd, name, counter),)
        if not runs:
            trigger = gocd_tasks("pipeline", "trigger", name, "--watch")
            raise Refused(f"{name} has never run", f"To begin a run: {trigger}")
        follow(gocd, runs[0], task.wait, within=A_DAY if timeout is None else timeout)
