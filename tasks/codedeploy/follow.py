"""Follow one CodeDeploy deployment, telling each lifecycle event as it finishes."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from tasks.aws.code_deploy import CodeDeploy
from tasks.aws.deployment_state import Deployment, LifecycleEvent, Target
from tasks.codedeploy.steps import StepTeller
from tasks.running.errors import TimedOut
from tasks.running.log import Log
from tasks.running.quoting import lines_of, listed, one_line, show_tail
from tasks.running.waiting import Missing, Wait, closely

# Seconds for a rollback to begin once a deployment has failed.
ROLLBACK_BEGINS = 30

WORDS = {
    "Created": "is created",
    "Queued": "waits in CodeDeploy's queue",
    "InProgress": "is in progress",
    "Baking": "is done but for its bake time, in which alarms may still end it",
    "Ready": "waits for somebody to let traffic move: aws deploy continue-deployment --deployment-id {id}",
    "Succeeded": "has succeeded",
    "Failed": "has failed",
    "Stopped": "was stopped",
}
EVENT_ENDINGS = {"Succeeded": "succeeded", "Failed": "failed"}


@dataclass(frozen=True)
class Ending:
    """A deployment that has ended, and its targets as they were then."""

    deployment: Deployment
    targets: Sequence[Target]


def follow(
    code_deploy: CodeDeploy,
    deployment_id: str,
    names: Mapping[str, str],
    wait: Wait,
    *,
    within: float,
) -> Ending:
    """Return once the deployment has ended, however it has.

    Args:
        names: What to call its targets, by id; if there are none, all are followed, each by its own name.
        within: Seconds until it must have.

    Raises:
        TimedOut: It has not; it goes on by itself.
    """
    told: set[tuple[str, str]] = set()
    last: list[Target] = []
    steps = StepTeller(wait.log)

    def look() -> Ending | Missing:
        # In this order: what the targets tell after the end is all that they will ever tell.
        deployment = code_deploy.deployment(deployment_id)
        targets = code_deploy.targets(deployment_id, list(names))
        for target in targets:
            _tell(target, names.get(target.id, target.name), told, wait.log)
        # Original instances that are gone are no targets any more; how they were when last seen counts.
        last[:] = targets or last
        walks = deployment.blue_green and not deployment.rolls_back
        step = steps.tell(deployment, last, wait.clock.wall()) if walks else ""
        if deployment.ended:
            return Ending(deployment, tuple(last))
        return Missing(step or _progress(deployment, last, names))

    return wait.until_done(look, pace=closely, within=within)


def follow_rollback(
    code_deploy: CodeDeploy,
    failed: Deployment,
    names: Mapping[str, str],
    wait: Wait,
    *,
    within: float,
) -> str:
    """Follow the rollback of a deployment that failed or was stopped, and return in words how it ended."""
    event = "DEPLOYMENT_STOP_ON_ALARM" if failed.stopped_by_alarm else "DEPLOYMENT_STOP_ON_REQUEST"
    event = "DEPLOYMENT_FAILURE" if failed.status == "Failed" else event
    if not failed.rollback_id and event in failed.rolls_back_on and not failed.rollback_words:
        failed = _with_rollback(code_deploy, failed, wait)
    if not failed.rollback_id:
        return f"it was not rolled back ({failed.rollback_words.rstrip('.') or 'no rollback is set up'})"
    rollback = failed.rollback_id
    wait.log.say(f"{failed.id}: {rollback} rolls it back")
    try:
        ending = follow(code_deploy, rollback, names, wait, within=within)
    except TimedOut:
        return f"its rollback {rollback} still runs"
    if ending.deployment.status == "Succeeded":
        return f"{rollback} has rolled it back, and the release before runs again"
    return f"its rollback {describe(ending.deployment)} as well"


def describe(deployment: Deployment) -> str:
    """Say in words where a deployment stands; a word of AWS's that is new to us is shown as it is."""
    words = WORDS.get(deployment.status, f"is {deployment.status}").format(id=deployment.id)
    return f"{deployment.id} {words}"


def problem(ending: Ending, target_id: str, name: str) -> str | None:
    """Return what went wrong on one target, in words; None only if all that should has succeeded."""
    target = next((each for each in ending.targets if each.id == target_id), None)
    failed = [event for event in target.events if event.status == "Failed"] if target else []
    if ending.deployment.status == "Succeeded":
        if target is None:
            return f"{describe(ending.deployment)}, but not with {name}"
        if target.status != "Succeeded":
            return f"{describe(ending.deployment)}, but {name} is {target.status}"
        return None
    return _blamed(ending.deployment, f"{failed[-1].name}: {_reason(failed[-1])}" if failed else "")


def failure(ending: Ending) -> str | None:
    """Return what went wrong with the deployment as a whole, in words; None if it has succeeded."""
    if ending.deployment.status == "Succeeded":
        return None
    failed = [
        (target, event) for target in ending.targets for event in target.events if event.status == "Failed"
    ]
    why = f"{failed[-1][0].name}, {failed[-1][1].name}: {_reason(failed[-1][1])}" if failed else ""
    return _blamed(ending.deployment, why)


def _blamed(deployment: Deployment, why: str) -> str:
    why = why or deployment.error
    return describe(deployment) + (f" ({one_line(why).rstrip('.')})" if why else "")


def _with_rollback(code_deploy: CodeDeploy, failed: Deployment, wait: Wait) -> Deployment:
    def look() -> Deployment | Missing:
        seen = code_deploy.deployment(failed.id)
        begun = seen.rollback_id or seen.rollback_words
        return seen if begun else Missing(f"{describe(failed)}; its rollback has not begun")

    try:
        return wait.until_done(look, pace=closely, within=ROLLBACK_BEGINS)
    except TimedOut:
        return failed


def _progress(deployment: Deployment, targets: Sequence[Target], names: Mapping[str, str]) -> str:
    under_way = [
        f"{names.get(target.id, target.name)}: {event.name} in progress"
        for target in targets
        for event in target.events
        if event.status == "InProgress"
    ]
    if deployment.status == "InProgress" and under_way:
        return listed(under_way, 4)
    return describe(deployment)


def _tell(target: Target, name: str, told: set[tuple[str, str]], log: Log) -> None:
    skipped = []
    for event in target.events:
        if (target.id, event.name) in told or event.status in ("Pending", "InProgress", "Unknown"):
            continue
        told.add((target.id, event.name))
        if event.status == "Skipped":
            skipped.append(event.name)
            continue
        _tell_event(event, name, log)
    if skipped:
        log.say(f"{name}: skipped {', '.join(skipped)}")


def _tell_event(event: LifecycleEvent, name: str, log: Log) -> None:
    seconds = "" if event.seconds is None else f", {event.seconds:.1f} s"
    failed = event.status == "Failed"
    reason = f": {one_line(_reason(event))}" if failed else ""
    log.say(f"{name}: {event.name} {EVENT_ENDINGS.get(event.status, event.status)}{seconds}{reason}")
    log.event("lifecycle", instance=name, step=event.name, status=event.status)
    if not failed:
        return
    show_tail(lines_of(event.log_tail), name, log)


def _reason(event: LifecycleEvent) -> str:
    # The message of a script's failure has its name in it.
    script = "" if event.script in event.message else event.script
    return ", ".join(part for part in (event.code, script, event.message) if part) or "without a reason"
