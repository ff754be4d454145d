"""Lifecycle events, told as they finish: those that failed with their script, why, and its last lines."""

from collections.abc import Mapping

from tasks.aws.deployment_state import Deployment, LifecycleEvent, Target
from tasks.aws.failed_event import failed_because
from tasks.codedeploy.origin import Origins, passed_over
from tasks.running.log import Log
from tasks.running.quoting import lines_of, one_line, show_tail

ENDINGS = {"Succeeded": "succeeded", "Failed": "failed"}
NOT_ENDED = ("Pending", "InProgress", "Unknown")

# Lines of a script's log that the agent writes itself, and that say no more than we do.
AGENTS_OWN = ("LifecycleEvent - ", "Script - ")


class EventTeller:
    """Tells each event of each target of one deployment once.

    Args:
        names: What to call targets, by id; others are called by their own names.

    Attributes:
        reasons: Why events failed, in words, by target's id and event's name.
    """

    def __init__(self, origins: Origins, names: Mapping[str, str], log: Log) -> None:
        self.reasons: dict[tuple[str, str], str] = {}
        self._origins = origins
        self._names = names
        self._log = log
        self._told: set[tuple[str, str]] = set()

    def tell(self, deployment: Deployment, target: Target) -> None:
        """Tell what has ended since the last look."""
        name = self._names.get(target.id, target.name)
        skipped = []
        for event in target.events:
            if (target.id, event.name) in self._told or event.status in NOT_ENDED:
                continue
            self._told.add((target.id, event.name))
            if event.status == "Skipped":
                skipped.append(event.name)
                continue
            self._tell(event, deployment, target, name)
        if skipped:
            self._log.say(f"{name}: skipped {', '.join(skipped)}")

    def _tell(self, event: LifecycleEvent, deployment: Deployment, target: Target, name: str) -> None:
        seconds = "" if event.seconds is None else f", {event.seconds:.1f} s"
        failed = event.status == "Failed"
        reason = ""
        if failed:
            origin = self._origins.of(event, deployment, target.id) if event.script else ""
            reason = one_line(failed_because(event, origin))
            self.reasons[target.id, event.name] = reason
            reason = f": {reason}"
            if passed_over(event, deployment):
                reason += "; that is passed over"
        self._log.say(f"{name}: {event.name} {ENDINGS.get(event.status, event.status)}{seconds}{reason}")
        self._log.event("lifecycle", instance=name, step=event.name, status=event.status)
        if failed:
            lines = [line for line in lines_of(event.log_tail) if not line.startswith(AGENTS_OWN)]
            show_tail(lines, name, self._log)
