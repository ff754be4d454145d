"""A run of a pipeline followed to its end, or to the stage that waits for a person."""

from dataclasses import dataclass, field

from gocd.client.asking import Server
from gocd.client.errors import Declined, ServerError
from gocd.client.pipelines import run_of, standing
from gocd.client.runs import CANCELLED, MANUAL, PipelineRun, StageRun
from gocd.client.stages import cancelled_by, past_of
from tasks.running.errors import TaskError, TimedOut
from tasks.running.waiting import Missing, Wait, closely
from tasks.runs.connect import as_told
from tasks.runs.next_command import once_mended, rerun, watch
from tasks.runs.obstacles import paused, verb
from tasks.runs.progress import Awaits, Passed, Progress, Runs, Stopped, progress
from tasks.runs.telling import Telling

# Seconds to watch: a run that waits for an agent over a weekend is nobody's to watch.
A_DAY = 86_400.0

# Seconds in which GoCD has begun a stage that follows by itself: it does so as the one before ends. One that
# was manual when it last ran may have become automatic since; of one that never ran it does not tell.
FOLLOWS_WITHIN, FOLLOWS_WITHIN_IF_UNKNOWN = 10.0, 20.0
# Seconds after which something must be in the way, such as the same stage in another run, or a pause.
HELD_UP_AFTER = 60.0


@dataclass
class Following:
    """One run, and what is known of it so far."""

    server: Server
    pipeline: str
    counter: int
    wait: Wait
    telling: Telling
    awaited_since: dict[str, float] = field(default_factory=dict)
    approvals: dict[str, str] = field(default_factory=dict)
    seen: bool = False

    @property
    def name(self) -> str:
        return f"{self.pipeline}/{self.counter}"

    def look(self) -> tuple[PipelineRun, Progress] | Missing:
        """Tell what has changed; return how it ended, or what is still missing."""
        try:
            run = run_of(self.server, self.pipeline, self.counter)
            self.telling.tell(run)
            ended = self._ended(run)
        except ServerError as problem:
            # One that restarts has its proxy answer for it, in whatever way that does.
            passing = problem.passing or (self.seen and not isinstance(problem, Declined))
            if not passing:
                raise as_told(problem, f"run {self.name}") from None
            return Missing(f"{self.name}: no word from GoCD ({problem.what})")
        self.seen = True
        if isinstance(ended, Missing):
            return ended
        if isinstance(ended, Stopped) and self.telling.expects_more:
            return Missing(f"{self.name}: waits for the console of what failed")
        return run, ended

    def _ended(self, run: PipelineRun) -> Progress | Missing:
        so_far = progress(run)
        if isinstance(so_far, Runs):
            self.awaited_since.clear()
            stage = so_far.stage
            if stage.waits_for_agent:
                return Missing(f"{run.name}: {stage.name} waits for an agent that may run it")
            done = sum(job.is_over for job in stage.jobs)
            return Missing(f"{run.name}: {stage.name} {stage.words}, {done} of {_jobs(len(stage.jobs))} over")
        if isinstance(so_far, Awaits):
            return self._awaited(run, so_far)
        return so_far

    def _awaited(self, run: PipelineRun, so_far: Awaits) -> Progress | Missing:
        stage, now = so_far.stage, self.wait.clock.now()
        waited = now - self.awaited_since.setdefault(stage.name, now)
        approval = stage.approval or self._approval(stage.name)
        if waited >= (FOLLOWS_WITHIN if approval == MANUAL else FOLLOWS_WITHIN_IF_UNKNOWN) and approval in (
            MANUAL,
            "",
        ):
            self._refuse_if_paused(run, so_far)
            return so_far
        if waited >= HELD_UP_AFTER:
            self._refuse_if_paused(run, so_far)
            if so_far.again:
                return Passed()
            self.awaited_since[stage.name] = now
        return Missing(f"{run.name}: GoCD is to begin {stage.name}")

    def _approval(self, stage: str) -> str:
        """How it was begun when it last ran, in whatever run; empty if it never did."""
        if stage not in self.approvals:
            before = past_of(self.server, self.pipeline, stage)
            self.approvals[stage] = before[0].approval if before else ""
        return self.approvals[stage]

    def _refuse_if_paused(self, run: PipelineRun, so_far: Awaits) -> None:
        try:
            stands = standing(self.server, self.pipeline)
        except Declined:
            # Who may look at its runs need not be let see that.
            return
        if stands.paused:
            self.wait.log.stands(
                f"{run.name} waits before {so_far.stage.name}",
                f"Once that is over, begin it: {rerun(run, so_far.stage.name)}",
            )
            raise TaskError(f"{paused(self.pipeline, stands)}, so that GoCD begins no stage of it")


def follow(
    server: Server, run: PipelineRun, wait: Wait, *, within: float, known: PipelineRun | None = None
) -> None:
    """Tell of *run* until it ends, or waits for a person.

    Args:
        known: The same run as it was before what is of interest.

    Raises:
        TaskError: A stage of it did not pass.
        TimedOut: It has not ended.
    """
    log, start = wait.log, wait.clock.now()
    log.stands(f"{run.name} goes on in GoCD", watch(run))
    telling = Telling(server, log)
    if known:
        telling.knows(known)
    following = Following(server, run.pipeline, run.counter, wait, telling)
    try:
        latest, ended = wait.until_done(following.look, pace=closely, within=within)
    except TimedOut as late:
        raise TimedOut(f"not over: {late.what}") from None
    took = f"watched for {wait.since(start):.0f} s"
    if isinstance(ended, Stopped):
        log.event("run-stopped", run=run.name, at=ended.stage.name, result=ended.stage.words)
        log.stands("GoCD begins nothing after it", once_mended(latest, ended.stage))
        raise TaskError(f"{run.name}: {ended.stage.name} {verb(ended.stage)}{_by(server, run, ended.stage)}")
    if isinstance(ended, Awaits):
        stage = ended.stage.name
        log.event("run-waits", run=run.name, at=stage)
        log.say(f"{run.name}: all passed so far; {stage} waits for somebody to begin it, {took}")
        log.say(f"To begin it: {rerun(latest, stage, '--watch')}")
        return
    log.event("run-passed", run=run.name)
    log.say(f"{run.name}: passed, {took}")


def _by(server: Server, run: PipelineRun, stage: StageRun) -> str:
    if stage.result != CANCELLED:
        return ""
    try:
        who = cancelled_by(server, run.pipeline, run.counter, stage.name, stage.counter)
    except ServerError:
        return ""
    return f" by {who}" if who else ""


def _jobs(number: int) -> str:
    return f"{number} job" if number == 1 else f"{number} jobs"
