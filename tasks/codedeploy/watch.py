"""Watching one CodeDeploy deployment to its end, whoever started it."""

from tasks.aws.code_deploy import AlreadyEnded, CodeDeploy
from tasks.aws.deployment_state import Deployment
from tasks.aws.errors import AwsError
from tasks.codedeploy.follow import advice, describe, failure, follow, follow_rollback
from tasks.running.errors import Cancelled, Refused, TaskError
from tasks.running.next_command import gocd_tasks
from tasks.running.waiting import Wait

# Seconds. A blue/green upgrade takes 15 minutes; its hooks may take 10 each before CodeDeploy ends them.
USUALLY_OVER = 3600.0


def watch_deployment(
    deployment: Deployment,
    code_deploy: CodeDeploy,
    wait: Wait,
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
    log = wait.log
    within = time_for(deployment) if timeout is None else timeout
    start = wait.clock.now()
    how = "in place" if deployment.blue_green is None else "blue/green"
    log.say(f"{deployment.id} deploys {deployment.application} to group {deployment.group}, {how}")
    log.event("watching", deployment=deployment.id, group=deployment.group, status=deployment.status)
    log.stands(f"{deployment.id} goes on in CodeDeploy", watch_or_stop(deployment.id))
    try:
        ending = follow(code_deploy, deployment.id, {}, wait, within=within)
        if trouble := failure(ending):
            left = max(within - (wait.since(start)), 0.0)
            log.stands("its rollback, if there is one, goes on in CodeDeploy")
            what = follow_rollback(code_deploy, ending.deployment, {}, wait, within=left)
            log.stands(what)
            raise TaskError(trouble, advice(ending))
    except Cancelled:
        if stop_on_cancel:
            log.stands(stop(deployment.id, code_deploy))
        raise
    seconds = wait.since(start)
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
    watch = gocd_tasks("watch-deployment", deployment_id)
    stop = f"aws deploy stop-deployment --auto-rollback-enabled --deployment-id {deployment_id}"
    return f"Watch it: {watch}; stop it: {stop}"


def stop(deployment_id: str, code_deploy: CodeDeploy) -> str:
    """Stop a deployment and have it rolled back; return in words what became of it."""
    try:
        code_deploy.stop(code_deploy.deployment(deployment_id), roll_back=True)
    except AlreadyEnded:
        return f"{deployment_id} had ended by then"
    except AwsError as error:
        return f"{deployment_id} could not be stopped ({error.what}) and goes on in CodeDeploy"
    return f"{deployment_id} is being stopped and rolled back: the step that runs ends first"
