"""A run of a pipeline begun, and found among those that others begin at the same time."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from gocd.client.asking import Server
from gocd.client.errors import Declined, ServerError
from gocd.client.health import complaints
from gocd.client.pipelines import Options, Past, begin, past, standing, whoever_asks
from gocd.client.runs import PipelineRun
from tasks.running.errors import Refused, TaskError, TimedOut
from tasks.running.waiting import Missing, Wait, closely
from tasks.runs.connect import as_told, asking
from tasks.runs.next_command import look
from tasks.runs.obstacles import refuse_if_held_up

# Seconds until a run whose order was lost on its way must be there.
LOST = 120.0

# Seconds by which the clock of an answer, which counts whole ones, may be behind that of a run.
WHOLE_SECONDS = 1.0


@dataclass(frozen=True)
class Order:
    """What tells the run that was asked for here from those of others.

    Args:
        after: The newest run before it.
        by: Who asked for it, as GoCD writes it down.
        since: When GoCD took it on, or, where its answer was lost, when it last answered before.
    """

    pipeline: str
    after: int
    by: str
    since: datetime | None


def begin_run(server: Server, pipeline: str, options: Options, wait: Wait, *, within: float) -> PipelineRun:
    """Have a run of *pipeline* begin, and return it.

    Raises:
        Refused: GoCD would not begin one.
        TaskError: Which run it is cannot be told.
        TimedOut: None has begun.
    """
    log = wait.log
    with asking(f"pipeline {pipeline}"):
        by = whoever_asks(server)
        stands, before = standing(server, pipeline), past(server, pipeline)
        refuse_if_held_up(server, pipeline, stands, before.runs)
    order = Order(pipeline, before.newest, by, before.at)
    lost = ""
    log.stands(f"GoCD may or may not begin a run of {pipeline}", look(pipeline))
    try:
        taken = begin(server, pipeline, options)
    except Declined as no:
        log.restored("nothing was changed")
        raise _declined(server, pipeline, no) from None
    except ServerError as problem:
        if not problem.perhaps_taken:
            log.restored("nothing was changed")
            raise as_told(problem) from None
        # Sent again, it might begin a second one.
        lost, within = problem.what, min(within, LOST)
        log.say(f"{pipeline}: {lost}; looking whether GoCD took it on")
    else:
        order = Order(pipeline, before.newest, by, taken or before.at)
        log.stands(f"GoCD begins a run of {pipeline}", look(pipeline))
    return _found(server, order, wait, within, lost)


def _found(server: Server, order: Order, wait: Wait, within: float, lost: str) -> PipelineRun:
    name = order.pipeline

    def see() -> PipelineRun | Missing:
        try:
            runs = past(server, name)
        except ServerError as problem:
            if not problem.passing:
                raise as_told(problem) from None
            return Missing(f"{name}: no word from GoCD ({problem.what})")
        return own(order, runs) or Missing(f"{name}: GoCD has not begun it yet")

    try:
        return wait.until_done(see, pace=closely, within=within)
    except TimedOut as late:
        why = _why(server, name)
        if lost:
            raise TimedOut(f"{lost}, and no run of it is seen{why}") from None
        raise TimedOut(f"{late.what}{why}") from None


def own(order: Order, now: Past) -> PipelineRun | None:
    """Return the run that the *order* became, if it is there yet.

    While one that somebody asked for has not begun, GoCD takes no other on (AboutToBeTriggeredChecker), nor
    while its first stage runs: so of those that the same person asked for, it is the first since then.

    Raises:
        TaskError: Two began so close together that either may be it.
    """
    since = order.since.timestamp() - WHOLE_SECONDS if order.since else 0.0
    found: Sequence[PipelineRun] = sorted(
        (
            run
            for run in now.runs
            if run.counter > order.after
            and run.forced
            and run.approver.lower() == order.by.lower()
            and (run.scheduled is None or run.scheduled >= since)
        ),
        key=lambda run: run.counter,
    )
    if not found:
        return None
    first, *others = found
    if others and _close(first, others[0], since):
        names = ", ".join(run.name for run in found)
        raise TaskError(f"which of {names} was begun here cannot be told: {order.by} asked for all of them")
    return first


def _close(first: PipelineRun, second: PipelineRun, since: float) -> bool:
    """Whether the *first* may be that of somebody who asked just before."""
    nearly = since + 3 * WHOLE_SECONDS
    return None in (first.scheduled, second.scheduled) or (first.scheduled or 0.0) < nearly


def _declined(server: Server, pipeline: str, no: Declined) -> TaskError:
    """Return why it did not, looked up where things have changed since they were looked at."""
    if no.status != 409:
        return as_told(no, f"pipeline {pipeline}")
    try:
        refuse_if_held_up(server, pipeline, standing(server, pipeline), past(server, pipeline).runs)
    except Refused as refused:
        return refused
    except ServerError:
        pass
    return Refused(f"GoCD begins no run of {pipeline} ({no.what})", look(pipeline))


def _why(server: Server, pipeline: str) -> str:
    try:
        said = complaints(server, pipeline)
    except ServerError:
        return ""
    return f" (GoCD says: {said[0]})" if said else ""
