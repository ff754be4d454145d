"""A stage of a run begun, for the first time or again: planned, with its risks, and then carried out."""

from collections.abc import Sequence
from dataclasses import dataclass

from gocd.client import stages
from gocd.client.asking import Server
from gocd.client.downstream import begins_after
from gocd.client.errors import Declined, ServerError
from gocd.client.pipelines import past, run_of, standing
from gocd.client.runs import MANUAL, JobRun, PipelineRun, StageRun, holder
from tasks.running.errors import Refused, TimedOut
from tasks.running.quoting import listed
from tasks.running.waiting import Missing, Wait, closely
from tasks.runs.connect import as_told, asking
from tasks.runs.next_command import look, rerun, watch
from tasks.runs.obstacles import locked, refuse_if_paused, verb
from tasks.runs.pages import page_of_stage

# Names in one line, and seconds until a stage that GoCD took on must be there.
NAMED, BEGINS_WITHIN = 10, 600.0
# Seconds until one must be there whose order was lost on its way.
LOST = 120.0


@dataclass(frozen=True)
class Again:
    """What is to run.

    Args:
        jobs: Those of its jobs that do; None for the whole stage.
        failed: They are those that failed.
        follow: The stages that GoCD then begins by itself.
        risks: Why that should not be done without a thought.
        told: What else is to be known of it.
    """

    run: PipelineRun
    stage: StageRun
    jobs: tuple[str, ...] | None
    failed: bool
    follow: tuple[str, ...]
    risks: tuple[str, ...] = ()
    told: tuple[str, ...] = ()

    @property
    def steps(self) -> list[str]:
        """What it would do, a line a step."""
        return [self.words, *self.told]

    def refuse_risks(self) -> None:
        """Refuse what should not be done without a thought.

        Raises:
            Refused: There is such a reason.
        """
        if self.risks:
            by_jobs = ["--jobs", ",".join(self.jobs)] if self.jobs else []
            words = ["--failed-jobs"] if self.failed else by_jobs
            again = rerun(self.run, self.stage.name, *words, "--force")
            raise Refused(". ".join(self.risks), f"If that is wanted: {again}")

    @property
    def words(self) -> str:
        what = "all of it" if self.jobs is None else f"jobs {listed(self.jobs, NAMED)}"
        how = "is to run again" if self.stage.begun else "is to begin"
        after = f"; after it by themselves: {listed(self.follow, NAMED)}" if self.follow else ""
        return f"{self.run.name}: {self.stage.name} {how}, {what}{after}"


def plan_again(
    server: Server, pipeline: str, counter: int, stage_name: str, jobs: Sequence[str], *, failed: bool
) -> Again:
    """Look at what is to run again, and what that would bring about.

    Raises:
        Refused: GoCD would not do it, or there is nothing to do.
    """
    with asking(f"run {pipeline}/{counter}"):
        run = run_of(server, pipeline, counter)
        stage = run.stage(stage_name)
        if stage is None:
            names = listed((each.name for each in run.stages), NAMED)
            raise Refused(f"{run.name} has no stage {stage_name}", f"It has {names}")
        _refuse_if_not_its_turn(server, run, stage)
        wanted = _wanted(server, run, stage, jobs, failed=failed)
        follow = _following(run, stage)
        risks = [*_after_a_failure(run, stage), *_older_over_newer(server, run, stage)]
        more, first = _downstream(server, run, stage, follow)
    after = tuple(each.name for each in follow)
    return Again(run, stage, wanted, failed, after, (*risks, *more), first)


def run_again(server: Server, plan: Again, wait: Wait, *, within: float = BEGINS_WITHIN) -> PipelineRun:
    """Carry the *plan* out, and return the run with its stage begun.

    Raises:
        Refused: GoCD said no.
        TimedOut: Whether it has begun cannot be seen.
    """
    log, run, stage = wait.log, plan.run, plan.stage
    log.stands(f"{run.name}/{stage.name} may or may not run again", look(run.pipeline))
    lost = ""
    try:
        _order(server, plan)
    except ServerError as problem:
        if not problem.perhaps_taken:
            log.restored("nothing was changed")
            raise _no(problem, run, stage) from None
        # Sent again, it might run twice.
        lost = problem.what
        log.say(f"{run.name}: {lost}; looking whether GoCD took it on")
        within = min(within, LOST)
    return _begun(server, plan, wait, lost, within)


def _begun(server: Server, plan: Again, wait: Wait, lost: str, within: float) -> PipelineRun:
    log, before = wait.log, plan.stage.counter if plan.stage.begun else 0

    def see() -> tuple[PipelineRun, StageRun] | Missing:
        try:
            run = run_of(server, plan.run.pipeline, plan.run.counter)
        except ServerError as problem:
            if not problem.passing:
                raise as_told(problem) from None
            return Missing(f"{plan.run.name}: no word from GoCD ({problem.what})")
        stage = run.stage(plan.stage.name)
        if stage and stage.begun and stage.counter > before:
            return run, stage
        return Missing(f"{plan.run.name}: {plan.stage.name} has not begun")

    try:
        run, stage = wait.until_done(see, pace=closely, within=within)
    except TimedOut as late:
        raise TimedOut(f"{lost}, and {plan.stage.name} is not seen to run" if lost else late.what) from None
    title = f"{run.name}/{stage.name}/{stage.counter}"
    log.event("run-begun", run=title)
    log.stands(f"{title} goes on in GoCD", watch(run))
    log.say(f"{title}: begun, {page_of_stage(server, run, stage)}")
    return run


def _order(server: Server, plan: Again) -> None:
    run, stage = plan.run, plan.stage
    where = (server, run.pipeline, run.counter, stage.name)
    if plan.jobs is None:
        stages.run_whole(*where)
    elif plan.failed:
        stages.run_failed_jobs(*where, stage.counter)
    else:
        stages.run_jobs(*where, stage.counter, plan.jobs)


def _no(problem: ServerError, run: PipelineRun, stage: StageRun) -> Exception:
    if isinstance(problem, Declined) and problem.status in (400, 404, 406, 409):
        return Refused(f"GoCD does not run {run.name}/{stage.name} ({problem.what})", look(run.pipeline))
    return as_told(problem)


def _refuse_if_not_its_turn(server: Server, run: PipelineRun, stage: StageRun) -> None:
    """Source: GoCD, SchedulingCheckerService.canRerunStage and shouldAllowSchedulingStage."""
    if run.active:
        raise Refused(f"{run.name} runs {run.active.name}", watch(run))
    before = run.stages[: run.stages.index(stage)]
    if missing := next((each for each in before if not each.begun), None):
        begin = rerun(run, missing.name)
        raise Refused(
            f"{run.name}: {missing.name}, which comes before {stage.name}, has not begun",
            f"Begin that: {begin}",
        )
    stands = standing(server, run.pipeline)
    refuse_if_paused(server, run.pipeline, stands)
    if (
        stands.locked
        and (by := holder([*past(server, run.pipeline).runs, run]))
        and by.counter != run.counter
    ):
        raise Refused(*locked(run.pipeline, by))


def _wanted(
    server: Server, run: PipelineRun, stage: StageRun, jobs: Sequence[str], *, failed: bool
) -> tuple[str, ...] | None:
    """Return the jobs to run; None for all of the stage."""
    if not jobs and not failed:
        return None
    if not stage.begun:
        raise Refused(
            f"{run.name}: {stage.name} has not run, and so none of its jobs can run again",
            f"Begin it: {rerun(run, stage.name)}",
        )
    there = stages.jobs_of(server, run.pipeline, run.counter, stage.name, stage.counter)
    title = f"{run.name}/{stage.name}/{stage.counter}"
    if failed:
        return _failed(there, title, run, stage)
    names = {each.name.lower(): each.name for each in there}
    if unknown := [each for each in jobs if each.lower() not in names]:
        has = listed((each.name for each in there), NAMED)
        raise Refused(f"{title} has no job {listed(unknown, NAMED)}", f"It has {has}")
    return tuple(names[each.lower()] for each in jobs)


def _failed(there: Sequence[JobRun], title: str, run: PipelineRun, stage: StageRun) -> tuple[str, ...]:
    found = tuple(each.name for each in there if each.failed)
    if not found:
        raise Refused(f"no job of {title} failed", f"To run all of it again: {rerun(run, stage.name)}")
    return found


def _following(run: PipelineRun, stage: StageRun) -> list[StageRun]:
    """The stages that GoCD begins by itself when this one passes, whether or not they ran before."""
    found = []
    for each in run.stages[run.stages.index(stage) + 1 :]:
        if each.approval == MANUAL:
            break
        # Of one that has not begun GoCD does not tell whether it is manual.
        if not each.begun:
            break
        found.append(each)
    return found


def _after_a_failure(run: PipelineRun, stage: StageRun) -> list[str]:
    """Say that the stage before did not pass, which GoCD minds only where a pipeline has asked for it."""
    at = run.stages.index(stage)
    before = run.stages[at - 1] if at else None
    if before is None or before.passed or stage.begun:
        return []
    return [f"{before.name}, which comes before {stage.name}, {verb(before)} in {run.name}"]


def _older_over_newer(server: Server, run: PipelineRun, stage: StageRun) -> list[str]:
    newest = max(
        (each.pipeline_counter for each in stages.past_of(server, run.pipeline, stage.name)), default=0
    )
    if newest <= run.counter:
        return []
    return [f"{run.pipeline}/{newest} has been through {stage.name} since, and {run.name} is older"]


def _downstream(
    server: Server, run: PipelineRun, stage: StageRun, follow: Sequence[StageRun]
) -> tuple[list[str], tuple[str, ...]]:
    """Return as risks which pipelines would begin again, and as words which begin for the first time."""
    concerned = {each.name: each for each in (stage, *follow)}
    try:
        found = begins_after(server, run.pipeline, list(concerned))
    except ServerError as problem:
        return [], (f"{run.name}: which pipelines begin after it is not known ({problem.what})",)
    again, first = [], []
    for name, pipelines in found.items():
        who = listed(pipelines, NAMED) if pipelines else "a pipeline downstream"
        if concerned[name].passed:
            again.append(f"{who} would begin again with {run.name}, as {name} has passed in it before")
        else:
            first.append(f"{run.name}: when {name} passes, {who} begins")
    return again, tuple(first)
