"""Put a release on an instance, start it, and have the new version prove itself there."""

import os
from typing import Annotated

import typer

from tasks import deploy_options, options
from tasks.aws.instances import Instance, find_instance
from tasks.balancing.absences import Memory
from tasks.balancing.lookup import connect
from tasks.deployers.deployer import Deployer, GoesBack, Release, ReleaseFailed, Settings, find_deployer
from tasks.deployers.left_behind import LeftBehind, run_again
from tasks.deployers.release import release_of
from tasks.deployers.rollback import CheckOf, go_back, what_runs_instead
from tasks.frame import running
from tasks.locking.locks import locked
from tasks.options import option
from tasks.running.clock import SystemClock
from tasks.running.console import Color
from tasks.running.errors import Refused, TaskError, TimedOut
from tasks.running.log import Log
from tasks.running.waiting import Wait
from tasks.status.check import Check, find_check, parse_fields, wait_for_status
from tasks.status.placeholders import fill, values_of


def deploy_artifact(
    release: Release,
    instance: Instance,
    deployer: Deployer,
    check_of: CheckOf,
    wait: Wait,
    log: Log,
    left: LeftBehind,
    *,
    status_timeout: float = 60,
    rollback: bool = True,
) -> None:
    """Deploy *release* and return once its check has seen it answer on the instance itself.

    Args:
        check_of: What to ask the instance for a version; None asks nothing.
        status_timeout: Seconds until it must answer as expected.
        rollback: Whether a release that is not well goes, and the one before it comes back.

    Raises:
        TaskError: The release is not running, or does not answer as it should.
    """
    start = wait.clock.now()
    left.tell(log, f"{instance.name} may have either version")
    try:
        deployer.deploy(release, instance, wait, log)
    except ReleaseFailed as failed:
        left.tell(log, failed.runs)
        raise
    left.tell(log, f"{release.version} is installed")
    if check := check_of(release.version):
        try:
            wait_for_status(check, instance.name, wait, status_timeout, log)
        except TimedOut as late:
            log.say(f"{instance.name}: {release.version} is not well")
            runs = f"{release.version} stays for a look (--no-rollback)"
            if rollback:
                runs = what_runs_instead(
                    *(release, instance, deployer, check_of, wait, log, left), status_timeout=status_timeout
                )
            left.tell(log, runs)
            raise TaskError(f"{release.version} was installed but is not well: {late.what}") from None
    seconds = wait.clock.now() - start
    log.say(f"{instance.name}: deployed {release.version} in {seconds:.0f} s, {log.calls()} AWS calls")
    log.event("deployed", instance=instance.name, version=release.version)


def command(
    context: typer.Context,
    instance: options.Instance,
    artifact: deploy_options.Artifact = None,
    words: deploy_options.Words = None,
    version: options.Version = None,
    via: deploy_options.Via = "ssm",
    application: deploy_options.Application = "app",
    bucket: deploy_options.Bucket = None,
    install_to: deploy_options.InstallTo = None,
    restart: deploy_options.Restart = None,
    keep_releases: deploy_options.KeepReleases = 5,
    deployment_group: deploy_options.DeploymentGroup = None,
    deploy_timeout: deploy_options.DeployTimeout = 900,
    status_url: deploy_options.StatusUrl = None,
    expect_json: options.ExpectJson = None,
    status_timeout: options.StatusTimeout = 60,
    rollback: Annotated[
        bool,
        option("--rollback", "Go back to the release before, or to --version; needs no ARTIFACT."),
    ] = False,
    no_rollback: Annotated[
        bool, option("--no-rollback", "Keep a release that is not well, for a look.")
    ] = False,
    lock: options.LockChoice = "auto",
    lock_wait: options.LockWait = 0,
    dry_run: options.DryRun = False,
    events: options.Events = None,
    color: options.ColorChoice = Color.AUTO,
) -> None:
    """Put a release on an instance, start it, and prove there that the new version answers.

    A release that does not start, or does not answer as expected, is taken off again and the one before it
    comes back. --rollback does that by hand, one release further back each time; with --version it is safe
    to repeat.

    Example: gocd-tasks deploy-artifact Staging-1 app-2.0.tar.gz --version 2.0 --bucket releases
    --install-to /srv/app --restart "systemctl restart app"
    --status-url http://{private_ip}:8080/_status --expect-json version={version}
    """
    with running("deploy-artifact", events, color) as log:
        to = _version_to_go_back_to(context, version) if rollback else ""
        _check_request(artifact, version, rollback=rollback, no_rollback=no_rollback)
        aws = connect(log)
        settings = Settings(
            *(bucket, install_to, restart, keep_releases, deploy_timeout, words or []),
            deployment_group=deployment_group,
            application=application,
        )
        deployer = find_deployer(via)(settings, aws)
        found = find_instance(aws, instance)
        if found.state != "running":
            raise Refused(f"{found.name} is {found.state}", "Start it first")

        def check_of(version: str) -> Check | None:
            values = values_of(found, version)
            fields = parse_fields([fill(pair, values) for pair in expect_json or []])
            return find_check(fill(status_url, values), fields=fields) if status_url else None

        check = check_of(to or version or "")
        left = LeftBehind(
            found, Memory(aws, [found]).addresses, run_again(to if rollback else version or "", rollback)
        )
        then = f", then {check.url}" if check else ""
        wait = Wait(SystemClock(), log)
        names = left.out_of or [f"instance:{found.id}"]
        with locked(names, lock, lock_wait, "deploy-artifact", aws, wait, log, dry_run=dry_run) as locks:
            if rollback:
                if not isinstance(deployer, GoesBack):
                    raise Refused(f"--via {via} cannot go back", "Deploy the earlier version again instead")
                deployer.check_back(to, found)
                if dry_run:
                    log.say(f"{found.name}: would go back to {to or 'the release before'} via {via}{then}")
                    return
                locks.check()
                left.tell(log, f"{found.name} may have either version")
                back = go_back(
                    deployer, found, check_of, wait, log, left, to=to, status_timeout=status_timeout
                )
                log.say(f"{found.name}: went back to {back}, {log.calls()} AWS calls")
                return
            release = release_of(application, version or "", artifact or "")
            deployer.check(release, found)
            if dry_run:
                log.say(f"{found.name}: would get {version} via {via}{then}")
                return
            locks.check()
            deploy_artifact(
                *(release, found, deployer, check_of, wait, log, left),
                status_timeout=status_timeout,
                rollback=not no_rollback,
            )


def _check_request(artifact: str | None, version: str | None, *, rollback: bool, no_rollback: bool) -> None:
    if rollback and no_rollback:
        raise Refused("--rollback and --no-rollback cannot go together")
    if not rollback and not artifact:
        raise Refused("give the ARTIFACT to deploy, or --rollback")
    if not rollback and not version:
        raise Refused("give --version; there is no pipeline label to take it from")


def _version_to_go_back_to(context: typer.Context, version: str | None) -> str:
    """The version that a person named; a pipeline's label names what it deploys, not what it goes back to."""
    source = context.get_parameter_source("version")
    named = bool(os.environ.get("VERSION")) or (source is not None and source.name == "COMMANDLINE")
    return version or "" if named else ""
