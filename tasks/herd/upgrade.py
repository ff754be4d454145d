"""An upgrade of HERD: planned from what is under way, begun once, watched, and proved by ``buildInfo``."""

from collections.abc import Iterator
from dataclasses import dataclass

from tasks.aws.api import Aws
from tasks.aws.code_deploy import CodeDeploy
from tasks.aws.deployment_state import Deployment
from tasks.aws.errors import AwsError
from tasks.aws.lambda_function import check_invocation
from tasks.codedeploy.watch import find_deployment, stop, time_for, watch_deployment
from tasks.herd.answer import Answer
from tasks.herd.build_info import BuildInfo
from tasks.herd.invocation import UpgradeInvocation
from tasks.herd.stack import Herd, read_upgrades
from tasks.herd.under_way import upgrade_under_way
from tasks.running.errors import Cancelled, Refused, TaskError, TimedOut
from tasks.running.log import Log
from tasks.running.waiting import Missing, Wait, closely

# Seconds for HERD to tell its new version once the deployment is over: at least, and at most.
SHORTEST_PROOF, LONGEST_PROOF = 60.0, 600.0


@dataclass(frozen=True)
class Upgrade:
    """What is asked for; *function* is the name of the Lambda function that starts it."""

    herd: Herd
    function: str
    version: str
    build_info: BuildInfo


@dataclass(frozen=True)
class UpgradePlan:
    """What is to be done for an upgrade.

    Args:
        deployment: The one that is under way, to be joined.
        done: Whether HERD answers with the version already.
    """

    upgrade: Upgrade
    deployment: Deployment | None = None
    done: bool = False

    @property
    def steps(self) -> Iterator[str]:
        """What carrying it out would change, a line each."""
        if self.deployment:
            yield f"{self.deployment.id}: would be watched"
        elif not self.done:
            yield f"{self.upgrade.function}: would be invoked, RequestedVersion {self.upgrade.version}"

    def check(self, aws: Aws) -> None:
        """Have AWS say whether it would let this be done.

        Raises:
            Refused: There is no such function, or no permission to run it.
        """
        if not (self.deployment or self.done):
            check_invocation(aws, self.upgrade.function)


def plan_upgrade(upgrade: Upgrade, aws: Aws, wait: Wait, *, deployment_id: str = "") -> UpgradePlan:
    """Look what HERD answers and what is under way, and plan what is left to do.

    Args:
        deployment_id: The upgrade's deployment, if it is known; then nothing is started.

    Raises:
        Refused: Another upgrade is under way, or something is missing.
    """
    if deployment_id:
        known = find_deployment(CodeDeploy(aws), deployment_id, aws.region)
        return UpgradePlan(upgrade, _resumed(upgrade.herd, known))
    if under_way := upgrade_under_way(upgrade.herd, upgrade.version, aws, wait):
        return UpgradePlan(upgrade, under_way)
    if _serves_already(upgrade, wait.log):
        return UpgradePlan(upgrade, done=True)
    return UpgradePlan(upgrade)


def upgrade_herd(
    plan: UpgradePlan, aws: Aws, wait: Wait, *, timeout: float | None = None, stop_on_cancel: bool = False
) -> None:
    """Carry out *plan*: have HERD upgraded once, and return when its ``buildInfo`` tells the version.

    Safe to repeat: an upgrade to the same version that is under way is joined, and one that is over is
    not begun again.

    Args:
        timeout: Seconds for the deployment and the proof; see ``watch_deployment`` for the default.

    Raises:
        TaskError: It was not started, or failed.
        TimedOut: It is not over, or HERD does not answer with the version.
    """
    if plan.done:
        return
    upgrade, log = plan.upgrade, wait.log
    deployment = plan.deployment or _start(upgrade, aws, wait, stop_on_cancel=stop_on_cancel)
    start = wait.clock.now()
    within = time_for(deployment) if timeout is None else timeout
    try:
        watch_deployment(deployment, CodeDeploy(aws), wait, timeout=within, stop_on_cancel=stop_on_cancel)
    except TimedOut:
        raise
    except TaskError:
        _warn_of_request(upgrade, aws, log)
        raise
    left = within - wait.since(start)
    log.stands(
        f"{deployment.id} has succeeded",
        f"Look at what HERD answers, then run the command again with --deployment-id {deployment.id}",
    )
    _prove(upgrade, wait, within=min(max(left, SHORTEST_PROOF), LONGEST_PROOF))


def _resumed(herd: Herd, deployment: Deployment) -> Deployment:
    if (deployment.application, deployment.group) != (herd.application, herd.group):
        what = f"{deployment.id} is a deployment of {deployment.application}, group {deployment.group}"
        raise Refused(f"{what}, not of {herd.application}, group {herd.group}", "Check --deployment-id")
    return deployment


def _serves_already(upgrade: Upgrade, log: Log) -> bool:
    answer = upgrade.build_info.ask()
    if answer.version == upgrade.version:
        log.say(f"HERD: answers {upgrade.version} already; nothing to do")
        return True
    if answer.hopeless:
        raise Refused(f"{upgrade.build_info.url} {answer.trouble}", "Nothing could prove the upgrade")
    log.say(f"HERD: {f'answers {answer.version}' if answer.version else answer.trouble} now")
    return False


def _start(upgrade: Upgrade, aws: Aws, wait: Wait, *, stop_on_cancel: bool) -> Deployment:
    log = wait.log
    recent = read_upgrades(aws, upgrade.herd).recent_id
    invocation = UpgradeInvocation(aws, upgrade.herd, upgrade.function, upgrade.version, recent, wait)
    log.say(f"{upgrade.function}: invoking it, RequestedVersion {upgrade.version}")
    log.event("invoking", function=upgrade.function, version=upgrade.version)
    log.stands(
        f"an upgrade to {upgrade.version} may have begun", "Run the command again: it joins what has begun"
    )
    try:
        deployment = invocation.take()
    except Cancelled:
        if stop_on_cancel:
            log.stands(_stop_what_began(invocation, aws))
        raise
    log.say(f"{deployment.id}: upgrades HERD to {upgrade.version}")
    return deployment


def _stop_what_began(invocation: UpgradeInvocation, aws: Aws) -> str:
    try:
        begun = invocation.started()
    except AwsError as error:
        return f"an upgrade may have begun, which could not be looked for ({error.what})"
    return stop(begun.id, CodeDeploy(aws)) if begun else "no deployment had begun; one still may"


def _warn_of_request(upgrade: Upgrade, aws: Aws, log: Log) -> None:
    try:
        requested = read_upgrades(aws, upgrade.herd).requested
    except AwsError:
        return
    if requested and requested.value == upgrade.version:
        log.say(
            f"HERD: {upgrade.herd.parameter('RequestedVersion')} is still {upgrade.version}; "
            "an instance that Auto Scaling starts would install it"
        )


def _prove(upgrade: Upgrade, wait: Wait, *, within: float) -> None:
    start = wait.clock.now()

    def look() -> Answer | Missing:
        answer = upgrade.build_info.ask()
        if answer.version == upgrade.version:
            return answer
        if answer.version:
            return Missing(f"HERD: still answers {answer.version}, not {upgrade.version}")
        return Missing(f"HERD: {answer.trouble}")

    try:
        answer = wait.until_done(look, pace=closely, within=within)
    except TimedOut as late:
        raise TimedOut(f"{late.what}, asked for at {upgrade.build_info.url}") from None
    when = f", built {answer.built}" if answer.built else ""
    calls = f"{wait.log.calls()} AWS calls"
    wait.log.say(f"HERD: answers {upgrade.version}{when}, after {wait.since(start):.0f} s; {calls}")
    wait.log.event("upgraded", version=upgrade.version)
