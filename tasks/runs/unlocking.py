"""The lock that a run holds on its pipeline, taken from it."""

from gocd.client.asking import Server
from gocd.client.errors import Declined, ServerError
from gocd.client.pipelines import past, standing, unlock
from gocd.client.runs import PipelineRun, holder
from tasks.running.errors import Refused, TimedOut
from tasks.running.waiting import Missing, Wait, closely
from tasks.runs.connect import as_told, asking
from tasks.runs.next_command import look, watch
from tasks.runs.obstacles import stopped_at, verb

# Seconds in which a lock whose order was lost on its way must be gone.
LOST = 20.0


def unlock_pipeline(server: Server, pipeline: str, wait: Wait) -> None:
    """Take the lock from the run that holds it, if nothing of that runs; one that is free is success.

    Raises:
        Refused: Something runs.
    """
    log = wait.log
    with asking(f"pipeline {pipeline}"):
        if not standing(server, pipeline).locked:
            log.say(f"{pipeline}: is not locked; nothing to do")
            return
        runs = past(server, pipeline).runs
    if running := next((run for run in runs if run.active), None):
        raise Refused(
            f"{pipeline} is not unlocked while {running.name} runs {_active(running)}", watch(running)
        )
    by = _by(holder(runs))
    log.stands(f"{pipeline} may or may not be locked", look(pipeline))
    try:
        unlock(server, pipeline)
    except Declined as no:
        log.restored("nothing was changed")
        if no.status == 409:
            raise Refused(f"GoCD does not unlock {pipeline} ({no.what})", look(pipeline)) from None
        raise as_told(no) from None
    except ServerError as problem:
        if not problem.perhaps_taken:
            log.restored("nothing was changed")
            raise as_told(problem) from None
        log.say(f"{pipeline}: {problem.what}; looking whether it is unlocked")
        _see_it_free(server, pipeline, wait, problem.what)
    log.event("pipeline-unlocked", run=pipeline)
    log.say(f"{pipeline}: unlocked; it was locked by {by}")


def _see_it_free(server: Server, pipeline: str, wait: Wait, lost: str) -> None:
    def see() -> bool | Missing:
        try:
            locked = standing(server, pipeline).locked
        except ServerError as problem:
            return Missing(f"{pipeline}: no word from GoCD ({problem.what})")
        return Missing(f"{pipeline}: still locked") if locked else True

    try:
        wait.until_done(see, pace=closely, within=LOST)
    except TimedOut:
        again = f"If it still is: gocd-tasks pipeline unlock {pipeline}"
        raise TimedOut(lost, f"{look(pipeline)}. {again}") from None


def _active(run: PipelineRun) -> str:
    return run.active.name if run.active else ""


def _by(run: PipelineRun | None) -> str:
    if run is None:
        return "a run that cannot be seen here"
    stage = stopped_at(run)
    return f"{run.name}, whose {stage.name} {verb(stage)}" if stage else run.name
