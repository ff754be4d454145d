"""Upgrade HERD to a version, blue/green, and prove that this version answers."""

import os
import re
from dataclasses import dataclass
from typing import Annotated

from tasks import options
from tasks.aws.code_deploy import CodeDeploy
from tasks.aws.connect import Aws
from tasks.aws.deployment_state import Deployment
from tasks.aws.errors import AwsError
from tasks.aws.lambda_function import check_invocation
from tasks.balancing.lookup import connect
from tasks.frame import running
from tasks.herd.build_info import BuildInfo
from tasks.herd.stack import Herd, read_upgrades
from tasks.herd.turn import HerdTurn
from tasks.herd.under_way import upgrade_under_way
from tasks.options import option
from tasks.running.clock import SystemClock
from tasks.running.console import Color
from tasks.running.errors import Cancelled, Refused, TaskError, TimedOut
from tasks.running.log import Log
from tasks.running.waiting import Wait, soon
from tasks.watch_deployment import (
    StopOnCancel,
    Timeout,
    find_deployment,
    stop,
    time_for,
    watch_deployment,
)

# Seconds for HERD to tell its new version once the deployment is over: at least, and at most.
SHORTEST_PROOF, LONGEST_PROOF = 60.0, 600.0


VERSION = re.compile(r"[A-Za-z0-9][A-Za-z0-9._+-]*")


@dataclass(frozen=True)
class Upgrade:
    """What is asked for; *function* is the name of the Lambda function that starts it."""

    herd: Herd
    function: str
    version: str
    build_info: BuildInfo


def upgrade_herd(
    upgrade: Upgrade,
    aws: Aws,
    wait: Wait,
    log: Log,
    *,
    deployment_id: str = "",
    timeout: float | None = None,
    stop_on_cancel: bool = False,
    dry_run: bool = False,
) -> None:
    """Have HERD upgraded once, and return when its ``buildInfo`` tells the version.

    Safe to repeat: an upgrade to the same version that is under way is joined, and one that is over is
    not begun again.

    Args:
        deployment_id: The upgrade's deployment, if it is known; then nothing is started.
        timeout: Seconds for the deployment and the proof; see ``watch_deployment`` for the default.

    Raises:
        Refused: Another upgrade is under way, or something is missing; nothing was changed.
        TaskError: It was not started, or failed.
        TimedOut: It is not over, or HERD does not answer with the version.
    """
    code_deploy = CodeDeploy(aws)
    deployment: Deployment | None
    if deployment_id:
        deployment = _resumed(upgrade.herd, find_deployment(code_deploy, deployment_id, aws.region))
    else:
        deployment = upgrade_under_way(upgrade.herd, upgrade.version, aws, wait, log)
    if deployment is None:
        if _serves_already(upgrade, log):
            return
        if dry_run:
            check_invocation(aws, upgrade.function)
            log.say(f"{upgrade.function}: would be invoked, RequestedVersion {upgrade.version}")
            return
        deployment = _start(upgrade, aws, wait, log, stop_on_cancel=stop_on_cancel)
    elif dry_run:
        log.say(f"{deployment.id}: would be watched")
        return
    start = wait.clock.now()
    within = time_for(deployment) if timeout is None else timeout
    try:
        watch_deployment(deployment, code_deploy, wait, log, timeout=within, stop_on_cancel=stop_on_cancel)
    except TimedOut:
        raise
    except TaskError:
        _warn_of_request(upgrade, aws, log)
        raise
    left = within - (wait.clock.now() - start)
    log.stands(
        f"{deployment.id} has succeeded",
        f"Look at what HERD answers, then run the command again with --deployment-id {deployment.id}",
    )
    _prove(upgrade, wait, log, within=min(max(left, SHORTEST_PROOF), LONGEST_PROOF))


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


def _start(upgrade: Upgrade, aws: Aws, wait: Wait, log: Log, *, stop_on_cancel: bool) -> Deployment:
    recent = read_upgrades(aws, upgrade.herd).recent_id
    turn = HerdTurn(aws, upgrade.herd, upgrade.function, upgrade.version, recent, wait, log)
    log.say(f"{upgrade.function}: invoking it, RequestedVersion {upgrade.version}")
    log.event("invoking", function=upgrade.function, version=upgrade.version)
    log.stands(
        f"an upgrade to {upgrade.version} may have begun", "Run the command again: it joins what has begun"
    )
    try:
        deployment = turn.take()
    except Cancelled:
        if stop_on_cancel:
            log.stands(_stop_what_began(turn, aws))
        raise
    log.say(f"{deployment.id}: upgrades HERD to {upgrade.version}")
    return deployment


def _stop_what_began(turn: HerdTurn, aws: Aws) -> str:
    try:
        begun = turn.started()
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


def _prove(upgrade: Upgrade, wait: Wait, log: Log, *, within: float) -> None:
    built: list[str] = []

    def look() -> str | None:
        answer = upgrade.build_info.ask()
        if answer.version == upgrade.version:
            built.append(answer.built)
            return None
        if answer.version:
            return f"HERD: still answers {answer.version}, not {upgrade.version}"
        return f"HERD: {answer.trouble}"

    try:
        seconds = wait.until_done(look, pace=soon, within=within)
    except TimedOut as late:
        raise TimedOut(f"{late.what}, asked for at {upgrade.build_info.url}") from None
    when = f", built {built[0]}" if built[0] else ""
    log.say(f"HERD: answers {upgrade.version}{when}, after {seconds:.0f} s; {log.calls()} AWS calls")
    log.event("upgraded", version=upgrade.version)


def command(
    mdl_instance: Annotated[str, option("--mdl-instance", "The MDL instance's name, such as mdl140.")],
    environment: Annotated[str, option("--environment", "The MDL environment, such as dev.")],
    version: Annotated[str, option("--version", "The HERD version, such as 0.84.0.")],
    build_info_url: Annotated[
        str, option("--build-info-url", "HERD's buildInfo, an output of MDL's nested Herd stack.")
    ],
    function: Annotated[
        str | None,
        option("--function", "The Lambda function; by default named after instance and environment."),
    ] = None,
    ca_bundle: Annotated[
        str | None, option("--ca-bundle", "CAs to trust for buildInfo, in PEM.", "REQUESTS_CA_BUNDLE")
    ] = None,
    deployment_id: Annotated[
        str | None, option("--deployment-id", "Watch this deployment, started before; start none.")
    ] = None,
    timeout: Timeout = None,
    stop_on_cancel: StopOnCancel = False,
    dry_run: options.DryRun = False,
    events: options.Events = None,
    color: options.ColorChoice = Color.AUTO,
) -> None:
    """Upgrade HERD through its Lambda function, watch the deployment, and prove the version by buildInfo.

    HERD_USER and HERD_PASSWORD log in to buildInfo. Run again, it joins an upgrade that is under way.

    Example: gocd-tasks upgrade-herd --mdl-instance mdl140 --environment dev --version 0.84.0
    --build-info-url https://herd.example.com/herd-app/rest/buildInfo
    """
    with running("upgrade-herd", events, color) as log:
        herd = Herd(mdl_instance, environment)
        if not VERSION.fullmatch(version):
            raise Refused(f"{version!r} cannot be a version of HERD")
        build_info = BuildInfo(build_info_url, _login(), ca_bundle or "")
        upgrade_herd(
            Upgrade(herd, function or herd.function, version, build_info),
            connect(log),
            Wait(SystemClock(), log),
            log,
            deployment_id=deployment_id or "",
            timeout=timeout,
            stop_on_cancel=stop_on_cancel,
            dry_run=dry_run,
        )


def _login() -> tuple[str, str] | None:
    user, password = os.environ.get("HERD_USER", ""), os.environ.get("HERD_PASSWORD", "")
    if bool(user) != bool(password):
        raise Refused("HERD_USER and HERD_PASSWORD go together; only one of them is set")
    return (user, password) if user else None
