"""Have a stage of a run begin on a GoCD server, for the first time or again."""

from typing import Annotated

from tasks import options
from tasks.frame import running
from tasks.options import argument, option
from tasks.running.console import Color
from tasks.running.errors import Refused
from tasks.runs import options as on_server


def command(
    stage: Annotated[str, argument("STAGE", "NAME/COUNTER/STAGE: the pipeline, its run, and the stage.")],
    failed_jobs: Annotated[
        bool, option("--failed-jobs", "Only those of its jobs that failed or were cancelled.")
    ] = False,
    jobs: Annotated[str | None, option("--jobs", "Only these of its jobs, as A,B,C.")] = None,
    force: Annotated[
        bool,
        option(
            "--force",
            "Also after a stage that failed, where a newer run has been through it, or if a pipeline "
            "downstream would begin again.",
        ),
    ] = False,
    dry_run: options.DryRun = False,
    watch: on_server.Watch = False,
    timeout: on_server.WatchTimeout = None,
    server: on_server.GoCDAddress = None,
    ca_bundle: on_server.CaBundle = None,
    events: options.Events = None,
    color: options.ColorChoice = Color.AUTO,
) -> None:
    """Run a stage again, or begin one that waits for approval.

    GOCD_ACCESS_TOKEN, or GOCD_USER and GOCD_PASSWORD, say who asks. Automatic stages follow by themselves.

    Example: gocd-tasks pipeline rerun-stage production/12/Production-1-out --failed-jobs --watch
    """
    with running("pipeline rerun-stage", events, color) as task:
        # No other command has use for what they need.
        from tasks.runs.again import BEGINS_WITHIN, plan_again, run_again  # noqa: PLC0415
        from tasks.runs.connect import connected  # noqa: PLC0415
        from tasks.runs.following import A_DAY, follow  # noqa: PLC0415
        from tasks.runs.named import stage_named  # noqa: PLC0415

        if failed_jobs and jobs:
            raise Refused("--failed-jobs and --jobs are two choices of jobs; give one of them")
        name, counter, which = stage_named(stage)
        chosen = [each.strip() for each in (jobs or "").split(",") if each.strip()]
        if jobs and not chosen:
            raise Refused(f"--jobs {jobs!r} names no job")
        gocd, start = connected(server, ca_bundle), task.wait.clock.now()
        plan = plan_again(gocd, name, counter, which, chosen, failed=failed_jobs)
        task.log.steps(plan.steps)
        if not force:
            plan.refuse_risks()
        task.log.steps(f"{plan.run.name}: all the same, as --force is given: {each}" for each in plan.risks)
        if dry_run:
            return
        within = BEGINS_WITHIN if timeout is None else timeout
        run = run_again(gocd, plan, task.wait, within=within)
        if watch:
            left = A_DAY if timeout is None else max(timeout - task.wait.since(start), 0.0)
            follow(gocd, run, task.wait, within=left, known=plan.run)
