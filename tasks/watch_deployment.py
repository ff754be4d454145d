"""Watch one CodeDeploy deployment to its end, whoever started it."""

from typing import Annotated

import typer

from tasks import options
from tasks.aws.code_deploy import CodeDeploy
from tasks.aws.deployment_state import Deployment
from tasks.aws.errors import AwsError
from tasks.balancing.lookup import connect
from tasks.codedeploy.follow import describe, failure, follow, follow_rollback
from tasks.frame import running
from tasks.options import option
from tasks.running.clock import SystemClock
from tasks.running.console import Color
from tasks.running.errors import Cancelled, Refused, TaskError
from tasks.running.log import Log
from tasks.running.waiting import Wait

# Seconds. A blue/green upgrade takes 15 minutes; its hooks may take 10 each before CodeDeploy ends them.
USUALLY_OVER = 3600.0

ALREADY_ENDED = "DeploymentAlreadyCompletedException"

Timeout = Annotated[
    float | None,
    option("--timeout", "Seconds until it must be over; by default 3600 and the waits set up for it.", min=0),
]
StopOnCancel = Annotated[
    bool, option("--stop-on-cancel", "When cancelled, stop the deployment too, and have it rolled back.")
]


def watch_deployment(
    deployment: Deployment,
    code_deploy: CodeDeploy,
    wait: Wait,
    log: Log,
    *,
    timeout: float | None = None,
    stop_on_cancel: bool = False,
) -> None:
    """Return once the deployment has succeeded.

    Args:
        timeout: Seconds; by default an hour, and whatever time the deployment waits by its settings.

    Raises:
        TaskError: It failed or was stopped, even if it was rolled back since; its rollback was followed.
        TimedOut: It has not ended; it goes on by itself.
    """
    within = time_for(deployment) if timeout is None else timeout
    start = wait.clock.now()
    how = "in place" if deployment.blue_green is None else "blue/green"
    log.say(f"{deployment.id} deploys {deployment.application} to group {deployment.group}, {how}")
    log.event("watching", deployment=deployment.id, group=deployment.group, status=deployment.status)
    log.stands(f"{deployment.id} goes on in CodeDeploy", watch_or_stop(deployment.id))
    try:
        ending = follow(code_deploy, deployment.id, {}, wait, log, within=within)
        if trouble := failure(ending):
            left = max(within - (wait.clock.now() - start), 0.0)
            log.stands("its rollback, if there is one, goes on in CodeDeploy")
            what = follow_rollback(code_deploy, ending.deployment, {}, wait, log, within=left)
            log.stands(what)
            raise TaskError(trouble)
    except Cancelled:
        if stop_on_cancel:
            log.stands(stop(deployment.id, code_deploy))
        raise
    seconds = wait.clock.now() - start
    log.say(f"{describe(ending.deployment)}, watched for {seconds:.0f} s, {log.calls()} AWS calls")


def find_deployment(code_deploy: CodeDeploy, deployment_id: str, region: str) -> Deployment:
    """Return the deployment of that id.

    Raises:
        Refused: There is none.
    """
    if found := code_deploy.known(deployment_id):
        return found
    what = f"CodeDeploy knows no deployment {deployment_id!r} in {region}"
    raise Refused(what, "Check the id and AWS_REGION")


def time_for(deployment: Deployment) -> float:
    """Return the seconds after which a deployment that is not over is taken to hang."""
    return USUALLY_OVER + (deployment.blue_green.waits if deployment.blue_green else 0.0)


def watch_or_stop(deployment_id: str) -> str:
    return (
        f"Watch it: gocd-tasks watch-deployment {deployment_id}; stop it: aws deploy stop-deployment "
        f"--auto-rollback-enabled --deployment-id {deployment_id}"
    )


def stop(deployment_id: str, code_deploy: CodeDeploy) -> str:
    """Stop a deployment and have it rolled back; return in words what became of it."""
    try:
        code_deploy.stop(code_deploy.deployment(deployment_id), roll_back=True)
    except AwsError as error:
        if error.code == ALREADY_ENDED:
            return f"{deployment_id} had ended by then"
        return f"{deployment_id} could not be stopped ({error.what}) and goes on in CodeDeploy"
    return f"{deployment_id} is being stopped and rolled back: the step that runs ends first"


def command(
    deployment_id: Annotated[
        str,
        typer.Argument(
            metavar="ID", envvar="DEPLOYMENT_ID", help="The deployment's id, such as d-Z7EZO1DZW."
        ),
    ],
    timeout: Timeout = None,
    stop_on_cancel: StopOnCancel = False,
    events: options.Events = None,
    color: options.ColorChoice = Color.AUTO,
) -> None:
    """Watch a CodeDeploy deployment, in place or blue/green, to its end; exit 1 unless it succeeds.

    Example: gocd-tasks watch-deployment d-Z7EZO1DZW
    """
    with running("watch-deployment", events, color) as log:
        aws = connect(log)
        code_deploy = CodeDeploy(aws)
        deployment = find_deployment(code_deploy, deployment_id, aws.region)
        watch_deployment(
            deployment,
            code_deploy,
            Wait(SystemClock(), log),
            log,
            timeout=timeout,
            stop_on_cancel=stop_on_cancel,
        )
