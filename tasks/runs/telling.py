"""A run of a pipeline told as it goes: each change a line, and the console of a job that fails."""

from gocd.client.asking import Server
from gocd.client.consoles import end_of_console
from gocd.client.errors import ServerError
from gocd.client.runs import FAILED, JobRun, PipelineRun, StageRun
from tasks.running.log import Log
from tasks.running.quoting import lines_of, show_tail
from tasks.runs.pages import page_of_job, page_of_run, page_of_stage

# Consoles that are shown of one run: what the first ones say, the next ones mostly say as well.
CONSOLES = 5

# Looks after the job's end until which its console may still be on its way from the agent.
ARRIVES_WITHIN = 3

# What GoCD writes around a task (Builder and BuildWork in its own code); the first that failed is the cause.
TASK, TASK_FAILED = "[go] Task: ", "[go] Task status: failed"


class Telling:
    """What of one run was told already; it grows with the stages and jobs of that run alone."""

    def __init__(self, server: Server, log: Log) -> None:
        self._server = server
        self._log = log
        self._told: dict[tuple[str, int, str], str] = {}
        self._consoles: dict[tuple[str, int, str], int] = {}
        self._begun = False

    def knows(self, run: PipelineRun) -> None:
        """Take what is in *run* as told."""
        for stage in run.stages:
            if stage.begun:
                self._told[stage.name, stage.counter, ""] = stage.words
                for job in stage.jobs:
                    self._told[stage.name, stage.counter, job.name] = job.words

    def tell(self, run: PipelineRun) -> None:
        """Say what has changed since the last time."""
        if not self._begun:
            self._begun = True
            label = f", label {run.label}" if run.label not in ("", str(run.counter)) else ""
            cause = f"{run.cause}{label}" if run.cause else f"begun{label}"
            self._log.say(f"{run.name}: {cause}, {page_of_run(self._server, run)}")
        for stage in run.stages:
            if stage.begun:
                self._stage(run, stage)

    def _stage(self, run: PipelineRun, stage: StageRun) -> None:
        key = (stage.name, stage.counter, "")
        before = self._told.get(key)
        if before != stage.words:
            self._told[key] = stage.words
            page = page_of_stage(self._server, run, stage)
            by = f", by {stage.approved_by}" if before is None and stage.by_somebody else ""
            self._log.say(f"{_title(stage)}: {stage.words}{by}, {page}")
            self._log.event("run-stage", run=f"{run.name}/{_title(stage)}", result=stage.words)
        # What was over and well before anybody looked is told as a whole.
        if before is None and stage.passed:
            return
        for job in stage.jobs:
            self._job(run, stage, job)

    def _job(self, run: PipelineRun, stage: StageRun, job: JobRun) -> None:
        key = (stage.name, stage.counter, job.name)
        if self._told.get(key) != job.words:
            self._told[key] = job.words
            page = f", {page_of_job(self._server, run, stage, job.name)}" if job.failed else ""
            self._log.say(f"{_title(stage)}/{job.name}: {job.words}{page}")
            if job.is_over and job.result == FAILED and len(self._consoles) < CONSOLES:
                self._consoles[key] = ARRIVES_WITHIN
        if self._consoles.get(key):
            self._console(run, stage, job)

    def _console(self, run: PipelineRun, stage: StageRun, job: JobRun) -> None:
        key, name = (stage.name, stage.counter, job.name), f"{_title(stage)}/{job.name}"
        self._consoles[key] -= 1
        try:
            text = end_of_console(
                self._server, run.pipeline, run.counter, stage.name, stage.counter, job.name
            )
        except ServerError as problem:
            if not self._consoles[key]:
                self._log.say(f"{name}: its console cannot be shown ({problem.what})")
            return
        self._consoles[key] = 0
        show_tail(to_the_point(lines_of(text)), name, self._log)

    @property
    def expects_more(self) -> bool:
        """Whether the console of a job that failed is still to come."""
        return any(self._consoles.values())


def to_the_point(lines: list[str]) -> list[str]:
    """Return the lines of the first task that failed; all of them if none did."""
    begins = 0
    for number, line in enumerate(lines):
        if line.startswith(TASK):
            begins = number
        if line.startswith(TASK_FAILED):
            return lines[begins : number + 1]
    return lines


def _title(stage: StageRun) -> str:
    return f"{stage.name}/{stage.counter}"
