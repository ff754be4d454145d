"""What CodeDeploy tells of a deployment, its targets and their lifecycle events.

Source: CodeDeploy API reference (DeploymentInfo, InstanceTarget, LifecycleEvent, Diagnostics).
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

# A status in neither of these is one that AWS has added since: not ended, and never a success.
RUNNING = ("Created", "Queued", "InProgress", "Baking", "Ready")
ENDED = ("Succeeded", "Failed", "Stopped")


@dataclass(frozen=True)
class Revision:
    """A release in S3; *bundle* is zip, tar or tgz."""

    bucket: str
    key: str
    bundle: str

    def __str__(self) -> str:
        return f"s3://{self.bucket}/{self.key}"


@dataclass(frozen=True)
class BlueGreen:
    """How a deployment goes over to new instances; all times are seconds.

    Args:
        traffic_waits: How long it waits, once all is installed, for somebody to let traffic move; None if
            traffic moves by itself.
        originals_wait: How long the original instances stay when traffic has moved; None if for good.
        waiting: Whether that time is running.
    """

    traffic_waits: float | None = None
    originals_wait: float | None = 0.0
    waiting: bool = False

    @property
    def waits(self) -> float:
        """Seconds that it may wait by its own settings, beyond the time that its work takes."""
        return (self.traffic_waits or 0.0) + (self.originals_wait or 0.0)


@dataclass(frozen=True)
class Deployment:
    """A deployment as it was when asked for.

    Args:
        revision: None if it comes from elsewhere than S3.
        error: Why it failed or was stopped, in AWS's words.
        rollback_id: The deployment that rolls this one back; it may appear a moment after the end.
        rollback_words: What AWS says of rolling back, also why it does not.
        rolls_back: The deployment that this one rolls back.
        rolls_back_on: The events that start an automatic rollback.
        stopped_by_alarm: Whether it was an alarm that stopped it.
        ignores_stop_failures: Whether it goes on when a script of the release before fails.
        blue_green: None if it is in place.
    """

    id: str
    status: str
    description: str = ""
    revision: Revision | None = None
    created: datetime | None = None
    error: str = ""
    rollback_id: str = ""
    rollback_words: str = ""
    rolls_back: str = ""
    rolls_back_on: frozenset[str] = frozenset()
    stopped_by_alarm: bool = False
    ignores_stop_failures: bool = False
    application: str = ""
    group: str = ""
    completed: datetime | None = None
    blue_green: BlueGreen | None = None

    @property
    def ended(self) -> bool:
        return self.status in ENDED


@dataclass(frozen=True)
class LifecycleEvent:
    """One step on one target; *seconds* is None until it has ended, *code* AWS's LifecycleErrorCode."""

    name: str
    status: str
    seconds: float | None = None
    code: str = ""
    script: str = ""
    message: str = ""
    log_tail: str = ""
    started: datetime | None = None
    ended: datetime | None = None


@dataclass(frozen=True)
class Target:
    """A target of a deployment; *label* tells Blue from Green, where there are both."""

    id: str
    status: str
    events: Sequence[LifecycleEvent] = ()
    label: str = ""

    @property
    def name(self) -> str:
        kind = {"Blue": "original ", "Green": "replacement "}.get(self.label, "")
        return f"{kind}{self.id}"


def read_deployment(entry: Mapping[str, Any]) -> Deployment:
    """Read AWS's DeploymentInfo."""
    location = entry.get("revision", {}).get("s3Location", {})
    rollback = entry.get("rollbackInfo", {})
    automatic = entry.get("autoRollbackConfiguration", {})
    return Deployment(
        id=entry["deploymentId"],
        status=entry["status"],
        description=entry.get("description", ""),
        revision=Revision(location["bucket"], location["key"], location.get("bundleType", ""))
        if location
        else None,
        created=entry.get("createTime"),
        error=entry.get("errorInformation", {}).get("message", ""),
        rollback_id=rollback.get("rollbackDeploymentId", ""),
        rollback_words=rollback.get("rollbackMessage", ""),
        rolls_back=rollback.get("rollbackTriggeringDeploymentId", ""),
        rolls_back_on=frozenset(automatic.get("events", ()) if automatic.get("enabled") else ()),
        stopped_by_alarm=entry.get("errorInformation", {}).get("code") == "ALARM_ACTIVE",
        ignores_stop_failures=bool(entry.get("ignoreApplicationStopFailures")),
        application=entry.get("applicationName", ""),
        group=entry.get("deploymentGroupName", ""),
        completed=entry.get("completeTime"),
        blue_green=_blue_green(entry),
    )


def _blue_green(entry: Mapping[str, Any]) -> BlueGreen | None:
    if entry.get("deploymentStyle", {}).get("deploymentType") != "BLUE_GREEN":
        return None
    settings = entry.get("blueGreenDeploymentConfiguration", {})
    ready = settings.get("deploymentReadyOption", {})
    after = settings.get("terminateBlueInstancesOnDeploymentSuccess", {})
    waits = ready.get("actionOnTimeout") == "STOP_DEPLOYMENT"
    stay = after.get("action") == "KEEP_ALIVE"
    return BlueGreen(
        traffic_waits=60.0 * ready.get("waitTimeInMinutes", 0) if waits else None,
        originals_wait=None if stay else 60.0 * after.get("terminationWaitTimeInMinutes", 0),
        waiting=bool(entry.get("instanceTerminationWaitTimeStarted")),
    )


def read_target(entry: Mapping[str, Any]) -> Target:
    """Read AWS's DeploymentTarget, which has what it tells under the name of its kind."""
    kind = next((name for name in entry if name.endswith("Target")), None)
    if kind is None:
        # One of a kind that AWS has added since.
        return Target("", "Unknown")
    told: Mapping[str, Any] = entry[kind]
    return Target(
        id=told["targetId"],
        status=told["status"],
        events=[_event(each) for each in told.get("lifecycleEvents", ())],
        # AWS's model and its text disagree on the capitals.
        label=told.get("instanceLabel", "").capitalize(),
    )


def _event(entry: Mapping[str, Any]) -> LifecycleEvent:
    start, end = entry.get("startTime"), entry.get("endTime")
    why = entry.get("diagnostics", {})
    return LifecycleEvent(
        name=entry["lifecycleEventName"],
        status=entry.get("status", "Unknown"),
        seconds=(end - start).total_seconds() if start and end else None,
        code=why.get("errorCode", ""),
        script=why.get("scriptName", ""),
        message=why.get("message", ""),
        log_tail=why.get("logTail", ""),
        started=start,
        ended=end,
    )
