"""Deploy to the whole fleet behind a load balancer, batch by batch."""

from typing import Annotated

from tasks import options
from tasks.aws.api import Aws
from tasks.aws.balancer_lookup import find_load_balancer
from tasks.aws.fleet_directory import FleetDirectory, Machines
from tasks.aws.instances import Instance
from tasks.aws.load_balancer import LoadBalancer
from tasks.balancing.absences import PREFIX, Memory
from tasks.balancing.ending import Ending
from tasks.balancing.floor import AwsNeighbours, parse_floor
from tasks.balancing.lookup import through_groups
from tasks.deployers.deployer import Settings, find_deployer
from tasks.deployers.noted import Notes
from tasks.deployers.release import release_of
from tasks.frame import running
from tasks.hosts.idleness import SsmHosts
from tasks.locking.locks import Locking
from tasks.options import option
from tasks.rollout.batches import parse_batch
from tasks.rollout.deploying import Deploying
from tasks.rollout.fleet import SIGNATURE, Fleet
from tasks.rollout.foreseen import foresee
from tasks.rollout.proof import Proof
from tasks.rollout.proving import Proving
from tasks.rollout.questions import Questions
from tasks.rollout.rolling import plan_rollout, roll_out
from tasks.rollout.turn import Settle, Turn
from tasks.running.console import Color
from tasks.running.errors import Refused
from tasks.running.next_command import gocd_tasks
from tasks.running.numbers import count, seconds
from tasks.status.check import Check, check_of_version, parse_fields
from tasks.traffic.options import Traffic, TrafficSettle
from tasks.traffic.so_far import Users, ask_traffic


def command(
    load_balancer: options.FleetLoadBalancers,
    artifact: options.Artifact = None,
    words: options.Words = None,
    batch: Annotated[
        str, option("--batch", "Servers out at a time: a count, or a share of the fleet as 33%.")
    ] = "1",
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
    settle: Annotated[
        float, option("--settle", "Seconds between deploying to a batch and asking it how it is.", seconds())
    ] = 60,
    consecutive: Annotated[
        int | None,
        option(
            "--consecutive",
            "Settle on evidence: so many good answers in a row from every server; --settle is the longest.",
            count(1),
        ),
    ] = None,
    max_stopped: Annotated[
        int,
        option(
            "--max-stopped",
            "Servers deployed to that may be stopped at the end, as they do not have the release.",
            count(),
        ),
    ] = 3,
    resume: Annotated[
        bool,
        option("--resume/--again", "Skip servers that have the version already, or deploy to all again."),
    ] = True,
    leave_unknown: Annotated[
        bool,
        option(
            "--leave-unknown",
            "Deploy although a load balancer has addresses that are no instance's; they stay as they are.",
        ),
    ] = False,
    min_healthy: options.MinHealthy = "1",
    until_idle: options.UntilIdle = False,
    require_drain: options.RequireDrain = 0,
    lag: options.Lag = None,
    connections_within: options.ConnectionsWithin = None,
    traffic: Traffic = None,
    traffic_settle: TrafficSettle = 20,
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
    with running("rolling-deploy", events, color) as task:
        size = parse_batch(batch)
        if not version or not (artifact or dry_run):
            raise Refused("give the ARTIFACT to deploy and its --version")
        if not status_url:
            raise Refused("give --status-url; a rollout goes by what every server answers there")
        floor = parse_floor(min_healthy, AwsNeighbours(task.aws))
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
            asked=True,
        )
        deployer = find_deployer(via)(settings, task.aws)
        questions = _questions(status_url, version, expect_json or [])
        if not (questions.proves_version or deployer.keeps_records):
            raise Refused(
                f"nothing would prove the version: --via {via} leaves no record",
                "Give --expect-json, for example version={version}",
            )
        task.log.again = f"Look at what it names, then run again: {gocd_tasks(*task.words)}"
        asked = _balancers(task.aws, load_balancer)
        names = [balancer.address for balancer in asked]
        release = release_of(application, version, artifact or "")
        memory = Memory(task.aws, by=SIGNATURE)
        fleet = Fleet(
            asked,
            FleetDirectory(task.aws, PREFIX),
            memory,
            through=lambda instances: through_groups(task.aws, instances, asked, task.log),
            leave_unknown=leave_unknown,
        )
        clock = task.wait.clock
        turn = Turn(
            release=release,
            deployer=deployer,
            questions=questions,
            floor=floor,
            memory=memory,
            wait=task.wait,
            settle=Settle(settle, consecutive),
            status_timeout=status_timeout,
            ending=Ending(SsmHosts(task.aws, "draining"), until_idle, lag, connections_within),
            require_drain=require_drain,
            note=Notes(task.aws, clock.wall, task.log),
            users=Users(ask_traffic(traffic, clock), traffic_settle),
        )
        proof = Proof(release, deployer, questions, started=clock.wall(), began=clock.now())
        locking = Locking(lock, lock_wait, task.name, task.aws, task.wait)
        if dry_run:
            locking.tell(names)
            if not artifact:
                task.log.say("no ARTIFACT is given, so whether it can be deployed is not looked at")
            task.log.steps(foresee(plan_rollout(fleet, size, turn), turn, again=not resume).steps)
            return
        with locking.held(names) as locks:
            deploying = Deploying(
                turn,
                proof,
                again=not resume,
                lock=lambda balancers: locks.cover(balancer.address for balancer in balancers),
            )
            proving = Proving(turn, proof, Machines(task.aws), max_stopped)
            roll_out(plan_rollout(fleet, size, turn), fleet, deploying, proving)


def _balancers(aws: Aws, wanted: list[str]) -> list[LoadBalancer]:
    found = [find_load_balancer(aws, name) for name in wanted]
    return list({balancer.address: balancer for balancer in found}.values())


def _questions(url: str, version: str, pairs: list[str]) -> Questions:
    def alive(instance: Instance) -> Check:
        return check_of_version(url, [], instance, version)

    def deployed(instance: Instance) -> Check:
        return check_of_version(url, pairs, instance, version)

    parse_fields(pairs)
    return Questions(
        alive, deployed, proves_version=any("{version}" in pair or version in pair for pair in pairs)
    )
