"""How a script that places a release ended on one instance, and what is known to run there then."""

from dataclasses import dataclass

from tasks.aws.instances import Instance
from tasks.aws.run_command import Platform
from tasks.aws.script_result import ScriptResult
from tasks.deployers.deployer import ReleaseFailed
from tasks.hosts.verdict import marked
from tasks.running.errors import TaskError, TimedOut
from tasks.running.quoting import one_line

# What leaves nothing behind that has the output of whoever started it.
DETACHED = {
    Platform.LINUX: "systemctl restart NAME, or nohup COMMAND >/dev/null 2>&1 </dev/null &",
    Platform.WINDOWS: "Restart-Service NAME, or Start-Process COMMAND without -NoNewWindow",
}


@dataclass(frozen=True)
class Ending:
    """The end of a script on *instance*.

    Args:
        mark: What its verdicts stand behind.
        doing: What it was to do, in words that a sentence begins with.
    """

    instance: Instance
    platform: Platform
    outcome: ScriptResult
    mark: str
    doing: str

    @property
    def lines(self) -> list[str]:
        """What the script printed, fit for a log."""
        return [line.replace(self.mark, "") for line in self.outcome.lines]

    @property
    def running(self) -> str:
        """The version that runs, as the script tells once it has succeeded; empty if it does not."""
        what, _ = self._verdict(self.outcome.output)
        return what.removeprefix("running ").strip()

    @property
    def failure(self) -> TaskError | None:
        """What went wrong, as a ReleaseFailed where it is known what the instance runs."""
        if not self.outcome.problem:
            return None
        what, left = self._verdict(self.outcome.errors)
        open_ended = self.running and (self.outcome.cut_off or self.outcome.late)
        if open_ended:
            what, left = self._left_open, f"{self.running} is current there"
        elif not self.outcome.began:
            what, left = self.outcome.ended, f"{self.instance.name} runs what it ran before"
        elif not what and self.outcome.late:
            return TimedOut(f"{self.doing} on {self.instance.name}: {self.outcome.problem}")
        failed = f"{self.doing} on {self.instance.name} failed: {what or self._without_verdict}"
        return ReleaseFailed(failed, left) if left else TaskError(failed)

    @property
    def _left_open(self) -> str:
        return (
            f"{self.running} was started, but something started with it holds the output that SSM reads to "
            f"its end, so {self.outcome.problem}; start it so: {DETACHED[self.platform]}"
        )

    @property
    def _without_verdict(self) -> str:
        if self.outcome.cut_off and self.platform is Platform.WINDOWS:
            return f"{self.outcome.ended} (SSM ends only the script there; what that started may still run)"
        return self.outcome.ended

    def _verdict(self, said: str) -> tuple[str, str]:
        what, left, *_ = [*map(one_line, marked(said, self.mark)), "", ""]
        return what, left
