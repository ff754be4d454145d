"""Deploy to the whole fleet behind a load balancer, batch by batch."""

import shlex
import sys
from typing import Annotated

from tasks import deploy_options, options
from tasks.aws.balancer_lookup import find_load_balancer
from tasks.aws.connect import Aws
from tasks.aws.fleet_directory import FleetDirectory, Machines
from tasks.aws.instances import Instance
from tasks.aws.load_balancer import LoadBalancer
from tasks.balancing.absences import PREFIX, Memory
from tasks.balancing.floor import parse_floor
from tasks.balancing.idle_drain import DrainUntilIdle
from tasks.balancing.lookup import connect, through_groups
from tasks.balancing.neighbours import AwsNeighbours
from tasks.deployers.deployer import KeepsRecords, Settings, find_deployer
from tasks.deployers.release import release_of
from tasks.frame import running
from tasks.hosts.idleness import SsmHosts
from tasks.locking.locks import locked
from tasks.options import option
from tasks.rollout.batches import parse_batch
from tasks.rollout.deploying import Deploying
from tasks.rollout.fleet import SIGNATURE, Fleet
from tasks.rollout.proof import Proof
from tasks.rollout.proving import Proving
from tasks.rollout.questions import Questions
from tasks.rollout.rolling import rolling_deploy
from tasks.rollout.turn import Settle, Turn
from tasks.running.clock import SystemClock
from tasks.running.console import Color
from tasks.running.errors import Refused
from tasks.running.waiting import Wait
from tasks.status.check import Check, find_check, parse_fields
from tasks.status.placeholders import fill, values_of


def command(
    load_balancer: options.LoadBalancers,
    artifact: deploy_options.Artifact = None,
    words: deploy_options.Words = None,
    batch: Annotated[
        str, option("--batch", "Servers out at a time: a count, or a share of the fleet as 33%.")
    ] = "1",
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
    settle: Annotated[
        float, option("--settle", "Seconds between deploying to a batch and asking it how it is.", min=0)
    ] = 60,
    consecutive: Annotated[
        int | None,
        option(
            "--consecutive",
            "Settle on evidence: so many good answers in a row from every server; --settle is the longest.",
            min=1,
        ),
    ] = None,
    max_stopped: Annotated[
        int,
        option("--max-stopped", "Servers without the release that may be stopped at the end.", min=0),
    ] = 3,
    resume: Annotated[
        bool,
        option("--resume/--again", "Skip servers that have the version already, or deploy to all again."),
    ] = True,
    min_healthy: options.MinHealthy = "1",
    until_idle: options.UntilIdle = False,
    lock: options.LockChoice = "auto",
    lock_wait: options.LockWait = 0,
    dry_run: options.DryRun = False,
    events: options.Events = None,
    color: options.ColorChoice = Color.AUTO,
) -> None:
    """Deploy to the whole fleet behind a load balancer, batch by batch, and prove every server after.

    Run again after a halt or a kill, it goes on where it stopped.

    Example: gocd-tasks rolling-deploy app-2.0.tar.gz --load-balancer fleet --batch 33% --version 2.0
    --bucket releases --install-to /srv/app --restart "systemctl restart app"
    --status-url http://{private_ip}:8080/_status --expect-json version={version}
    """
    with running("rolling-deploy", events, color) as log:
        size = parse_batch(batch)
        if not artifact or not version:
            raise Refused("give the ARTIFACT to deploy and its --version")
        if not status_url:
            raise Refused("give --status-url; a rollout goes by what every server answers there")
        aws = connect(log)
        floor = parse_floor(min_healthy, AwsNeighbours(aws))
        settings = Settings(
            *(bucket, install_to, restart, keep_releases, deploy_timeout, words or []),
            deployment_group=deployment_group,
            application=application,
        )
        deployer = find_deployer(via)(settings, aws)
        questions = _questions(status_url, version, expect_json or [])
        if not questions.proves_version and not isinstance(deployer, KeepsRecords):
            raise Refused(
                f"nothing would prove the version: --via {via} leaves no record",
                "Give --expect-json, for example version={version}",
            )
        log.again = f"Look at what it names, then run again: {shlex.join(['gocd-tasks', *sys.argv[1:]])}"
        wait = Wait(SystemClock(), log)
        asked = _balancers(aws, load_balancer)
        names = [balancer.address for balancer in asked]
        release = release_of(application, version, artifact)
        started = wait.clock.wall()
        with locked(names, lock, lock_wait, "rolling-deploy", aws, wait, log, dry_run=dry_run) as locks:
            memory = Memory(aws, by=SIGNATURE)
            fleet = Fleet(
                *(asked, FleetDirectory(aws, PREFIX), memory),
                through=lambda instances: through_groups(aws, instances, asked, log),
            )
            turn = Turn(
                *(release, deployer, questions, floor, memory, wait, log),
                *(Settle(settle, consecutive), status_timeout),
                DrainUntilIdle(SsmHosts(aws, "draining"), log) if until_idle else None,
            )
            proof = Proof(release, deployer, questions, started)
            deploying = Deploying(
                *(turn, proof),
                again=not resume,
                lock=lambda balancers: locks.cover(balancer.address for balancer in balancers),
            )
            proving = Proving(turn, proof, Machines(aws), max_stopped)
            rolling_deploy(fleet, size, deploying, proving, log, dry_run=dry_run)


def _balancers(aws: Aws, wanted: list[str]) -> list[LoadBalancer]:
    if "all" in wanted:
        raise Refused("--load-balancer all is for one instance; name the load balancers of the fleet")
    found = [find_load_balancer(aws, name) for name in wanted]
    return list({balancer.address: balancer for balancer in found}.values())


def _questions(url: str, version: str, pairs: list[str]) -> Questions:
    def alive(instance: Instance) -> Check:
        return find_check(fill(url, values_of(instance, version)))

    def deployed(instance: Instance) -> Check:
        values = values_of(instance, version)
        return find_check(fill(url, values), fields=parse_fields([fill(pair, values) for pair in pairs]))

    parse_fields(pairs)
    return Questions(
        alive, deployed, proves_version=any("{version}" in pair or version in pair for pair in pairs)
    )
