"""The four steps of a blue/green deployment, as CodeDeploy's console shows them and no call of its API does.

Sources: CodeDeploy user guide, List of lifecycle event hooks (which events blue and green instances have);
API reference (DeploymentReadyOption, BlueInstanceTerminationOption).
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from tasks.aws.deployment_state import Deployment, Target
from tasks.running.log import Log

INSTALL = (
    "ApplicationStop",
    "DownloadBundle",
    "BeforeInstall",
    "Install",
    "AfterInstall",
    "ApplicationStart",
    "ValidateService",
)
ALLOW = ("BeforeAllowTraffic", "AllowTraffic", "AfterAllowTraffic")
BLOCK = ("BeforeBlockTraffic", "BlockTraffic", "AfterBlockTraffic")
ORDER = (*INSTALL, *BLOCK, *ALLOW)
RAN = ("InProgress", "Succeeded", "Failed")

PROVISION = "Provisioning replacement instances"
PLACE = "Installing application on replacement instances"
REROUTE = "Rerouting traffic to replacement instances"
TERMINATE = "Terminating original instances"


@dataclass(frozen=True)
class Step:
    """How far one step is: *percent* of what it is made of; *ended* is None as long as AWS tells no time."""

    name: str
    percent: int
    ended: datetime | None = None

    @property
    def done(self) -> bool:
        return self.percent == 100


def steps_of(deployment: Deployment, targets: Sequence[Target]) -> list[Step]:
    """Return the deployment's steps in their order; originals that are kept have no step of termination."""
    green = [each for each in targets if each.label == "Green"]
    # A group may be set up to do without a few that failed; without all of them it cannot.
    green = [each for each in green if each.status != "Failed"] or green
    blue = [each for each in targets if each.label == "Blue"]
    succeeded = deployment.status == "Succeeded"
    # As many replacements as there are originals; CodeDeploy installs on none before it has them all.
    installing = any(event.status in RAN for each in green for event in each.events)
    provisioned = 1.0 if installing else len(green) / max(len(blue), 1)
    installed = [_part(each, INSTALL, ("Ready", "Succeeded")) for each in green]
    moved = [_part(each, ALLOW, ("Succeeded",)) for each in green]
    moved += [_part(each, BLOCK, ("Succeeded",)) for each in blue]
    parts = [
        (PROVISION, provisioned, _first_start(green)),
        (PLACE, _share(installed) if deployment.status != "Ready" else 1.0, _last_end(green, INSTALL)),
        (REROUTE, _share(moved), _last_end([*green, *blue], (*ALLOW, *BLOCK))),
    ]
    if deployment.blue_green is None or deployment.blue_green.originals_wait is not None:
        parts.append((TERMINATE, 0.0, deployment.completed))
    steps: list[Step] = []
    for name, share, ended in parts:
        # A step is over only if the ones before it are; less than all of it is never shown as 100 %.
        over = succeeded or (share >= 1 and all(step.done for step in steps))
        steps.append(Step(name, 100 if over else min(int(100 * share), 99), ended))
    return steps


class StepTeller:
    """Tells each step of one deployment once, with its time, as it ends."""

    def __init__(self, log: Log) -> None:
        self._log = log
        self._told = 0
        self._waits = ""
        self._since: datetime | None = None

    def tell(self, deployment: Deployment, targets: Sequence[Target], now: datetime) -> str:
        """Tell what has ended since the last look, and return in words what is under way."""
        steps = steps_of(deployment, targets)
        self._since = self._since or deployment.created or now
        while self._told < len(steps) and steps[self._told].done:
            self._end(deployment, steps[self._told], "succeeded", now)
        if self._told == len(steps):
            return ""
        step = steps[self._told]
        if deployment.status in ("Failed", "Stopped"):
            self._end(deployment, step, deployment.status.lower(), now)
            self._told = len(steps)
            return ""
        number = f"{deployment.id}: step {self._told + 1} of {len(steps)}, {step.name}"
        if waits := _waiting(deployment, step, self._since):
            if waits != self._waits:
                self._log.say(f"{deployment.id}: {waits}")
                self._log.event("waits", deployment=deployment.id, step=step.name, reason=waits)
            self._waits = waits
            return f"{number}: waits"
        under_way = [event.name for each in targets for event in each.events if event.status == "InProgress"]
        if step.name == TERMINATE:
            return number
        return f"{number}, {step.percent} %" + (
            f" ({', '.join(dict.fromkeys(under_way))})" if under_way else ""
        )

    def _end(self, deployment: Deployment, step: Step, how: str, now: datetime) -> None:
        ended = (step.ended if how == "succeeded" else deployment.completed) or now
        seconds = max((ended - (self._since or ended)).total_seconds(), 0.0)
        self._log.say(f"{deployment.id}: {step.name} {how}, {seconds:.0f} s")
        self._log.event(
            "step", deployment=deployment.id, step=step.name, status=how, seconds=round(seconds, 1)
        )
        self._since = max(self._since or ended, ended)
        self._told += 1


def _waiting(deployment: Deployment, step: Step, since: datetime) -> str:
    settings = deployment.blue_green
    command = f"aws deploy continue-deployment --deployment-id {deployment.id} --deployment-wait-type"
    if deployment.status == "Ready":
        ends = ""
        if settings and settings.traffic_waits is not None:
            ends = f" until {_at(since, settings.traffic_waits)}, and is stopped then"
        return f"waits for somebody to let traffic move{ends}: {command} READY_WAIT"
    if settings and settings.waiting and settings.originals_wait and step.name == TERMINATE:
        until = _at(since, settings.originals_wait)
        return f"keeps the original instances until {until}, unless told to go on: {command} TERMINATION_WAIT"
    return ""


def _at(since: datetime, seconds: float) -> str:
    return (since + timedelta(seconds=seconds)).strftime("%Y-%m-%d %H:%M UTC")


def _part(target: Target, names: Sequence[str], over: Sequence[str]) -> float:
    """Return how much of the events called *names* is over on one target."""
    if target.status in over:
        return 1.0
    status = {event.name: event.status for event in target.events}
    ran = [position for position, name in enumerate(ORDER) if status.get(name) in RAN]
    # Skipped means left out for want of a script, and likewise never reached: what ran after it tells which.
    ended = [
        name for name in names if status.get(name) == "Succeeded" or ORDER.index(name) < max(ran, default=0)
    ]
    return len(ended) / len(names)


def _share(parts: Sequence[float]) -> float:
    return sum(parts) / len(parts) if parts else 0.0


def _first_start(targets: Sequence[Target]) -> datetime | None:
    return min((event.started for each in targets for event in each.events if event.started), default=None)


def _last_end(targets: Sequence[Target], names: Sequence[str]) -> datetime | None:
    return max(
        (event.ended for each in targets for event in each.events if event.ended and event.name in names),
        default=None,
    )
