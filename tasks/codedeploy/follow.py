"""Follow one CodeDeploy deployment, telling each lifecycle event as it finishes."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from tasks.aws.code_deploy import CodeDeploy
from tasks.aws.deployment_state import Deployment, LifecycleEvent, Target
from tasks.codedeploy.events import EventTeller
from tasks.codedeploy.origin import FROM_INSTALLED, Origins, passed_over
from tasks.codedeploy.steps import StepTeller
from tasks.running.errors import TimedOut
from tasks.running.quoting import listed, one_line
from tasks.running.waiting import Missing, Wait, closely

# Where the agent keeps the releases that it has installed, by group and deployment (CodeDeploy user guide,
# Troubleshoot EC2/on-premises deployment issues).
ARCHIVES = "/opt/codedeploy-agent/deployment-root"

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


@dataclass(frozen=True)
class Ending:
    """A deployment that has ended, and its targets as they were then.

    Args:
        reasons: Why events failed, in words, by target's id and event's name.
    """

    deployment: Deployment
    targets: Sequence[Target]
    reasons: Mapping[tuple[str, str], str] = field(default_factory=dict)

    @property
    def failed(self) -> Sequence[tuple[Target, LifecycleEvent]]:
        """Each event that has failed, but for those that the deployment passes over."""
        return [
            (target, event)
            for target in self.targets
            for event in target.events
            if event.status == "Failed" and not passed_over(event, self.deployment)
        ]

    def why(self, target: Target, event: LifecycleEvent) -> str:
        return f"{event.name}: {self.reasons.get((target.id, event.name)) or 'without a reason'}"


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
    last: list[Target] = []
    events = EventTeller(Origins(code_deploy), names, wait.log)
    steps = StepTeller(wait.log)

    def look() -> Ending | Missing:
        # In this order: what the targets tell after the end is all that they will ever tell.
        deployment = code_deploy.deployment(deployment_id)
        targets = code_deploy.targets(deployment_id, list(names))
        for target in targets:
            events.tell(deployment, target)
        # Original instances that are gone are no targets any more; how they were when last seen counts.
        last[:] = targets or last
        walks = deployment.blue_green and not deployment.rolls_back
        step = steps.tell(deployment, last, wait.clock.wall()) if walks else ""
        if deployment.ended:
            return Ending(deployment, tuple(last), events.reasons)
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
    if ending.deployment.status == "Succeeded":
        if target is None:
            return f"{describe(ending.deployment)}, but not with {name}"
        if target.status != "Succeeded":
            return f"{describe(ending.deployment)}, but {name} is {target.status}"
        return None
    own = [ending.why(each, event) for each, event in ending.failed if each is target]
    return _blamed(ending.deployment, own[-1] if own else "")


def failure(ending: Ending) -> str | None:
    """Return what went wrong with the deployment as a whole, in words; None if it has succeeded."""
    if ending.deployment.status == "Succeeded":
        return None
    each = ending.failed[-1:]
    return _blamed(
        ending.deployment, "".join(f"{target.name}, {ending.why(target, event)}" for target, event in each)
    )


def advice(ending: Ending) -> str | None:
    """Return what to do about a failure that would come again whatever is deployed; None if it would not."""
    last = ending.failed[-1:]
    if not last or last[0][1].name not in FROM_INSTALLED:
        return None
    [(_, event)] = last
    again = f"Every deployment runs the same {event.script or event.name} until one is installed"
    passed = "have it passed over: aws deploy create-deployment --ignore-application-stop-failures"
    return f"{again}: {passed}; or mend it on the instance, below {ARCHIVES}"


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
