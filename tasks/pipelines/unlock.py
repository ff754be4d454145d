"""Unlock a pipeline on a GoCD server."""

from tasks import options
from tasks.frame import running
from tasks.running.console import Color
from tasks.runs import options as on_server


def command(
    name: on_server.PipelineName,
    server: on_server.GoCDAddress = None,
    ca_bundle: on_server.CaBundle = None,
    events: options.Events = None,
    color: options.ColorChoice = Color.AUTO,
) -> None:
    """Unlock a pipeline that a run has locked and does not go on with; refused while anything of it runs.

    GOCD_ACCESS_TOKEN, or GOCD_USER and GOCD_PASSWORD, say who asks.

    Example: gocd-tasks pipeline unlock production
    """
    with running("pipeline unlock", events, color) as task:
        # No other command has use for what they need.
        from tasks.runs.connect import connected  # noqa: PLC0415
        from tasks.runs.unlocking import unlock_pipeline  # noqa: PLC0415

        unlock_pipeline(connected(server, ca_bundle), name, task.wait)
