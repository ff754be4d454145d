"""Have a run of a pipeline begin on a GoCD server."""

import os
from typing import Annotated

from tasks import options
from tasks.frame import running
from tasks.options import option
from tasks.running.console import Color
from tasks.runs import options as on_server

# Seconds until it must have begun: GoCD looks for new commits in every material first.
BEGINS_WITHIN = 600.0


def command(
    name: on_server.PipelineName,
    variables: Annotated[
        list[str] | None,
        option("--variable", "K=V for a variable that the pipeline has; repeatable."),
    ] = None,
    secret_variables: Annotated[
        list[str] | None,
        option(
            "--secret-variable",
            "K for a secure variable that the pipeline has; its value is the environment's; repeatable.",
        ),
    ] = None,
    revisions: Annotated[
        list[str] | None,
        option("--revision", "MATERIAL=REVISION to take in place of the newest; repeatable."),
    ] = None,
    watch: on_server.Watch = False,
    timeout: on_server.WatchTimeout = None,
    server: on_server.GoCDAddress = None,
    ca_bundle: on_server.CaBundle = None,
    events: options.Events = None,
    color: options.ColorChoice = Color.AUTO,
) -> None:
    """Have a run of a pipeline begin, and say which of its runs it is.

    GOCD_ACCESS_TOKEN, or GOCD_USER and GOCD_PASSWORD, say who asks. Refused while it is paused, locked, or in
    its first stage.

    Example: gocd-tasks pipeline trigger production --variable VERSION=2.0 --watch
    """
    with running("pipeline trigger", events, color) as task:
        # No other command has use for what they need.
        from tasks.runs.beginning import begin_run  # noqa: PLC0415
        from tasks.runs.connect import connected  # noqa: PLC0415
        from tasks.runs.following import A_DAY, follow  # noqa: PLC0415
        from tasks.runs.next_command import watch as to_watch  # noqa: PLC0415
        from tasks.runs.pages import page_of_run  # noqa: PLC0415
        from tasks.runs.with_options import with_options  # noqa: PLC0415

        gocd, log, start = connected(server, ca_bundle), task.log, task.wait.clock.now()
        wanted = with_options(
            gocd, name, variables or [], secret_variables or [], revisions or [], os.environ
        )
        within = BEGINS_WITHIN if timeout is None else timeout
        run = begin_run(gocd, name, wanted, task.wait, within=within)
        log.event("run-begun", run=run.name)
        log.say(f"{run.name}: begun, {page_of_run(gocd, run)}")
        log.stands(f"{run.name} goes on in GoCD", to_watch(run))
        if watch:
            left = A_DAY if timeout is None else max(timeout - task.wait.since(start), 0.0)
            follow(gocd, run, task.wait, within=left)
