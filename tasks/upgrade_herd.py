"""Upgrade HERD to a version, blue/green, and prove that this version answers."""

import os
import re
from typing import Annotated

from tasks import options
from tasks.frame import running
from tasks.herd.build_info import BuildInfo
from tasks.herd.stack import Herd
from tasks.herd.upgrade import Upgrade, plan_upgrade, upgrade_herd
from tasks.options import option
from tasks.running.console import Color
from tasks.running.errors import Refused

VERSION = re.compile(r"[A-Za-z0-9][A-Za-z0-9._+-]*")


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
    ca_bundle: Annotated[str | None, option("--ca-bundle", "CAs to trust for buildInfo, in PEM.")] = None,
    deployment_id: Annotated[
        str | None, option("--deployment-id", "Watch this deployment, started before; start none.")
    ] = None,
    timeout: options.DeploymentTimeout = None,
    stop_on_cancel: options.StopOnCancel = False,
    dry_run: options.DryRun = False,
    events: options.Events = None,
    color: options.ColorChoice = Color.AUTO,
) -> None:
    """Upgrade HERD through its Lambda function, watch the deployment, and prove the version by buildInfo.

    HERD_USER and HERD_PASSWORD log in to buildInfo. Run again, it joins an upgrade that is under way.

    Example: gocd-tasks upgrade-herd --mdl-instance mdl140 --environment dev --version 0.84.0
    --build-info-url https://herd.example.com/herd-app/rest/buildInfo
    """
    with running("upgrade-herd", events, color) as task:
        herd = Herd(mdl_instance, environment)
        if not VERSION.fullmatch(version):
            raise Refused(f"{version!r} cannot be a version of HERD")
        build_info = BuildInfo(build_info_url, _login(), ca_bundle or "")
        upgrade = Upgrade(herd, function or herd.function, version, build_info)
        plan = plan_upgrade(upgrade, task.aws, task.wait, deployment_id=deployment_id or "")
        if dry_run:
            plan.check(task.aws)
            task.log.steps(plan.steps)
            return
        upgrade_herd(plan, task.aws, task.wait, timeout=timeout, stop_on_cancel=stop_on_cancel)


def _login() -> tuple[str, str] | None:
    user, password = os.environ.get("HERD_USER", ""), os.environ.get("HERD_PASSWORD", "")
    if bool(user) != bool(password):
        raise Refused("HERD_USER and HERD_PASSWORD go together; only one of them is set")
    return (user, password) if user else None
