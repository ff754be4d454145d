"""Put a release on an instance, start it, and have the new version prove itself there."""

import os
import shlex
import sys
from typing import Annotated

from gocd.job import Job
from tasks import options
from tasks.aws.instances import Instance, find_instance
from tasks.check_status import ExpectJson, StatusTimeout, Version, values_of
from tasks.clock import SystemClock
from tasks.console import Color
from tasks.deployment import Deployer, Release, Settings, find_deployer
from tasks.errors import Refused, TaskError, TimedOut
from tasks.log import Log
from tasks.lookup import connect
from tasks.memory import Memory
from tasks.options import argument, option
from tasks.placeholders import fill
from tasks.running import running
from tasks.status_check import StatusCheck, parse_fields, wait_for_status
from tasks.waiting import Wait


def deploy_artifact(
    release: Release,
    instance: Instance,
    deployer: Deployer,
    check: StatusCheck | None,
    wait: Wait,
    log: Log,
    *,
    status_timeout: float = 60,
) -> None:
    """Deploy *release* and return once *check* has seen it answer on the instance itself.

    Args:
        check: What to ask the instance; None asks nothing.
        status_timeout: Seconds until it must answer as expected.

    Raises:
        TaskError: The release is not running, or does not answer as it should.
    """
    start = wait.clock.now()
    deployer.deploy(release, instance, wait, log)
    if check:
        try:
            wait_for_status(check, instance.name, wait, status_timeout, log)
        except TimedOut as late:
            raise TaskError(f"{release.version} was installed but is not well: {late.what}") from None
    seconds = wait.clock.now() - start
    log.say(f"{instance.name}: deployed {release.version} in {seconds:.0f} s, {log.calls()} AWS calls")
    log.event("deployed", instance=instance.name, version=release.version)


def command(
    instance: options.Instance,
    artifact: Annotated[str, argument("ARTIFACT", "The release: a .tar.gz on this agent.")],
    words: Annotated[
        list[str] | None,
        argument("[-- CMD...]", "For --via command: {instance_id} {name} {private_ip} {artifact} {version}."),
    ] = None,
    version: Version = None,
    via: Annotated[str, option("--via", "How: ssm, command, or one that a site has added.")] = "ssm",
    application: Annotated[str, option("--application", "The folder in the bucket.")] = "app",
    bucket: Annotated[str | None, option("--bucket", "ssm: the S3 bucket that it passes through.")] = None,
    install_to: Annotated[
        str | None, option("--install-to", "ssm: the folder on the instance, holding releases/ and current.")
    ] = None,
    restart: Annotated[
        str | None, option("--restart", "ssm: the command on the instance that starts the release.")
    ] = None,
    keep_releases: Annotated[int, option("--keep-releases", "ssm: how many stay there.", min=2)] = 5,
    deploy_timeout: Annotated[float, option("--deploy-timeout", "Seconds for the placing.", min=30)] = 900,
    status_url: Annotated[
        str | None, option("--status-url", "Then ask this, such as http://{private_ip}:8080/_status.")
    ] = None,
    expect_json: ExpectJson = None,
    status_timeout: StatusTimeout = 60,
    dry_run: options.DryRun = False,
    events: options.Events = None,
    color: options.ColorChoice = Color.AUTO,
) -> None:
    """Put a release on an instance, start it, and prove there that the new version answers.

    Example: gocd-tasks deploy-artifact Staging-1 app-2.0.tar.gz --version 2.0 --bucket releases
    --install-to /srv/app --restart "systemctl restart app"
    --status-url http://{private_ip}:8080/_status --expect-json version={version}
    """
    with running("deploy-artifact", events, color) as log:
        if not version:
            raise Refused("give --version; there is no pipeline label to take it from")
        aws = connect(log)
        settings = Settings(bucket, install_to, restart, keep_releases, deploy_timeout, words or [])
        deployer = find_deployer(via)(settings, aws)
        found = find_instance(aws, instance)
        if found.state != "running":
            raise Refused(f"{found.name} is {found.state}", "Start it first")
        release = _release(application, version, artifact)
        values = values_of(found, version)
        check = None
        if status_url:
            fields = parse_fields([fill(pair, values) for pair in expect_json or []])
            check = StatusCheck(fill(status_url, values), fields=fields)
        deployer.check(release, found)
        if dry_run:
            log.say(f"{found.name}: would get {version} via {via}" + (f", then {check.url}" if check else ""))
            return
        log.stands(*_left_behind(found, Memory(aws, found), version))
        deploy_artifact(
            release, found, deployer, check, Wait(SystemClock(), log), log, status_timeout=status_timeout
        )


def _release(application: str, version: str, artifact: str) -> Release:
    job = Job.from_environment(os.environ)
    return Release(
        application,
        version,
        artifact,
        pipeline=job.locator if job else "",
        triggered_by=job.trigger_user if job else os.environ.get("USER", ""),
    )


def _left_behind(instance: Instance, memory: Memory, version: str) -> tuple[str, str]:
    """Say what a failed or cancelled deployment leaves: it never puts the instance back."""
    given = [word for word in sys.argv[1:] if word != "deploy-artifact"]
    if not any(word.split("=")[0] == "--version" for word in given):
        given = ["--version", version, *given]
    again = shlex.join(["gocd-tasks", "deploy-artifact", *given])
    if not memory.addresses:
        return f"{instance.name} may have either version", f"Run again: {again}"
    out_of = ", ".join(memory.addresses)
    back = shlex.join(["gocd-tasks", "attach-instance", instance.name, "--load-balancer", "all"])
    return f"{instance.name} stays out of {out_of}", f"Run again: {again} and then: {back}"
