"""Watch one CodeDeploy deployment to its end, whoever started it."""

from typing import Annotated

from tasks import options
from tasks.aws.code_deploy import CodeDeploy
from tasks.codedeploy.watch import find_deployment, watch_deployment
from tasks.frame import running
from tasks.options import argument
from tasks.running.console import Color


def command(
    deployment_id: Annotated[
        str,
        argument("DEPLOYMENT_ID", "The deployment's id, such as d-Z7EZO1DZW."),
    ],
    timeout: options.DeploymentTimeout = None,
    stop_on_cancel: options.StopOnCancel = False,
    events: options.Events = None,
    color: options.ColorChoice = Color.AUTO,
) -> None:
    """Watch a CodeDeploy deployment, in place or blue/green, to its end; exit 1 unless it succeeds.

    Example: gocd-tasks watch-deployment d-Z7EZO1DZW
    """
    with running("watch-deployment", events, color) as task:
        code_deploy = CodeDeploy(task.aws)
        deployment = find_deployment(code_deploy, deployment_id, task.aws.region)
        watch_deployment(deployment, code_deploy, task.wait, timeout=timeout, stop_on_cancel=stop_on_cancel)
