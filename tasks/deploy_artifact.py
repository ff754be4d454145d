"""Put a release on an instance, start it, and have the new version prove itself there."""

from collections.abc import Collection
from functools import partial
from typing import Annotated

import typer

from tasks import options
from tasks.aws.balancer_lookup import find_holding
from tasks.aws.instances import Instance, find_instance
from tasks.balancing.absences import Memory
from tasks.balancing.users import refuse_users
from tasks.deployers.aftermath import Aftermath, deploy_again
from tasks.deployers.deploy import deploy, plan_deploy
from tasks.deployers.deployer import Settings, find_deployer
from tasks.deployers.noted import Notes
from tasks.deployers.release import release_of
from tasks.deployers.rollback import Destination, plan_rollback, roll_back
from tasks.environments.members import instances_of
from tasks.frame import running
from tasks.locking.locks import Locking
from tasks.options import argument, option
from tasks.running.console import Color
from tasks.running.errors import Refused
from tasks.running.next_command import gocd_tasks
from tasks.status.check import Check, check_of_version, parse_fields


def command(
    context: typer.Context,
    instance: Annotated[
        str,
        argument(
            "INSTANCE",
            "Instance id, Name tag, private IP or private DNS name; must mean one. Or all of an environment: "
            "stack:NAME, group:NAME, or green:A,B for the clone among two that take turns.",
        ),
    ],
    artifact: options.Artifact = None,
    words: options.Words = None,
    version: options.Version = None,
    via: options.Via = "ssm",
    application: options.Application = "app",
    bucket: options.Bucket = None,
    install_to: options.InstallTo = None,
    restart: options.Restart = None,
    restart_within: options.RestartWithin = None,
    windows_install_to: options.WindowsInstallTo = None,
    windows_restart: options.WindowsRestart = None,
    owner: options.Owner = None,
    keep_releases: options.KeepReleases = 5,
    deployment_group: options.DeploymentGroup = None,
    deploy_timeout: options.DeployTimeout = 900,
    status_url: options.StatusUrl = None,
    expect_json: options.ExpectJson = None,
    status_timeout: options.StatusTimeout = 60,
    rollback: Annotated[
        bool,
        option("--rollback", "Go back to the release before, or to --version; needs no ARTIFACT."),
    ] = False,
    no_rollback: Annotated[
        bool, option("--no-rollback", "Keep a release that is not well, for a look.")
    ] = False,
    while_serving: options.WhileServing = False,
    lock: options.LockChoice = "auto",
    lock_wait: options.LockWait = 0,
    dry_run: options.DryRun = False,
    events: options.Events = None,
    color: options.ColorChoice = Color.AUTO,
) -> None:
    """Put a release on an instance, start it, and prove there that the new version answers.

    A release that does not start, or does not answer as expected, is taken off again and the one before it
    comes back. --rollback does that by hand, one release further back each time; with --version it is safe
    to repeat. An instance that users are on is refused.

    Example: gocd-tasks deploy-artifact Staging-1 app-2.0.tar.gz --version 2.0 --bucket releases
    --install-to /srv/app --restart "systemctl restart app"
    --status-url http://{private_ip}:8080/_status --expect-json version={version}
    """
    with running("deploy-artifact", events, color) as task:
        to = _version_to_go_back_to(context, version) if rollback else ""
        _check_request(artifact, version, rollback=rollback, no_rollback=no_rollback)
        settings = Settings(
            bucket=bucket,
            install_to=install_to,
            restart=restart,
            restart_within=restart_within,
            windows_install_to=windows_install_to,
            windows_restart=windows_restart,
            owner=owner or "",
            keep_releases=keep_releases,
            within=deploy_timeout,
            words=words or [],
            deployment_group=deployment_group,
            application=application,
            asked=bool(status_url),
        )
        deployer = find_deployer(via)(settings, task.aws)
        instances = instances_of(task.aws, instance)
        for each in instances:
            if each.state != "running":
                raise Refused(f"{each.name} is {each.state}", each.to_run)
        memory = Memory(task.aws, instances)
        task.log.steps(memory.doubts)
        again = deploy_again(task.words, to if rollback else version or "", rollback=rollback)

        def check_of(found: Instance, version: str) -> Check | None:
            return check_of_version(status_url, expect_json or [], found, version) if status_url else None

        def no_users(found: Instance, besides: Collection[str]) -> None:
            if not while_serving:
                otherwise = gocd_tasks(task.name, "--while-serving", *task.words[1:])
                refuse_users(
                    found,
                    lambda: find_holding(task.aws, found, besides),
                    memory,
                    task.log,
                    otherwise=otherwise,
                )

        notes = Notes(task.aws, task.wait.clock.wall, task.log)
        destinations = [
            Destination(
                instance=found,
                via=via,
                deployer=deployer,
                check_of=partial(check_of, found),
                aftermath=Aftermath(found, Memory(task.aws, [found]).addresses, again),
                status_timeout=status_timeout,
                note=notes,
                no_users=partial(no_users, found),
            )
            for found in instances
        ]
        # What cannot be asked is refused before anything else is looked at.
        parse_fields(expect_json or [])
        for found in instances:
            check_of(found, to or version or "")
        names = [name for there in destinations for name in there.aftermath.out_of or [_lock(there)]]
        locking = Locking(lock, lock_wait, task.name, task.aws, task.wait)
        release = release_of(application, version or "", artifact or "")

        if dry_run:
            locking.tell(names)
            for there in destinations:
                plan = plan_rollback(there, to) if rollback else plan_deploy(release, there)
                task.log.steps(plan.steps)
            return
        with locking.held(names) as locks:
            if locks.contended:
                memory.learn([find_instance(task.aws, found.id) for found in instances])
            if rollback:
                going_back = [plan_rollback(there, to) for there in destinations]
                locks.check()
                for each_back in going_back:
                    back = roll_back(each_back, task.wait)
                    name = each_back.destination.instance.name
                    task.log.say(f"{name}: went back to {back}, {task.log.calls()} AWS calls")
                return
            deploying = [plan_deploy(release, there, rollback=not no_rollback) for there in destinations]
            locks.check()
            for each_deploy in deploying:
                deploy(each_deploy, task.wait)


def _lock(there: Destination) -> str:
    return f"instance:{there.instance.id}"


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
    named = source is not None and source.name in ("COMMANDLINE", "ENVIRONMENT")
    return version or "" if named else ""
