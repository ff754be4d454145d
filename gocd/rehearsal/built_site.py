"""The site of one rehearsal, built in the stand-in AWS: instances, load balancers and buckets."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import cycle
from pathlib import Path

from gocd.errors import GoCDError
from gocd.pipeline import Pipeline
from gocd.rehearsal.plan import Kind, Platform
from gocd.rehearsal.sample.release import build_release
from gocd.rehearsal.site import Fleet, Site
from gocd.rehearsal.standin_aws.control.wire import ACCOUNT
from gocd.rehearsal.standin_aws.load_balancer import LoadBalancer
from gocd.rehearsal.standin_aws.machines import powershell
from gocd.rehearsal.standin_aws.machines.instances import Instance, Service
from gocd.rehearsal.standin_aws.world import World
from gocd.rehearsal.standin_gocd.materials import Upstream

# AWS's own defaults, in seconds, and the least that its API takes.
DRAIN, CHECK_INTERVAL, LEAST_INTERVAL = 300, 30, 5

# The Auto Scaling group of a fleet, which gives its name to each of its members.
GROUP = "fleet"


@dataclass(frozen=True)
class BuiltSite:
    """What there is; *faulty* is the instance that a fault is about."""

    instances: Sequence[Instance]
    load_balancers: Sequence[LoadBalancer]
    faulty: Instance

    @property
    def front(self) -> LoadBalancer:
        """The load balancer that users come through."""
        return self.load_balancers[0]


def check_windows(site: Site) -> None:
    """See that *site* can be one of Windows hosts here.

    Raises:
        GoCDError: This machine has no PowerShell, or what the site deploys with is not for Windows here.
    """
    if site.herd:
        raise GoCDError("HERD runs on Linux; rehearse it without --platform windows")
    if site.deployment_groups:
        raise GoCDError("the stand-in's Windows hosts have no CodeDeploy agent; rehearse --via ssm on them")
    powershell.required()


def build_site(
    aws: World, site: Site, kind: Kind, version: str, speed: float, platform: Platform = "linux"
) -> BuiltSite:
    """Make what *site* names, every instance serving *version* behind every load balancer.

    A fault is about the first instance that is named, or one amid a fleet.

    Args:
        speed: Divides what AWS makes people wait for: drains and the time between health checks.
        platform: What the instances run.
    """
    service = replace(sample_service(site, version, aws.folder), platform=platform.capitalize())
    zones = cycle(aws.zones[:2])
    fleet = site.fleet or Fleet(by_hand=0, members=0)
    names = [*site.instances, *fleet.names]
    instances = [aws.launch(name, zone=next(zones), service=service) for name in names]
    make_buckets(aws, site)
    _deployment_groups(aws, site)
    balancers = [_load_balancer(aws, name, site, kind, instances, speed) for name in site.load_balancers]
    if fleet.members:
        # As small as it may be, so that a member can go to Standby only where its minimum size is lowered.
        instances += aws.auto_scaling_group(
            GROUP,
            size=fleet.members,
            min_size=fleet.members,
            zones=aws.zones[:2],
            service=service,
            load_balancers=balancers,
            health_check_type="ELB",
        )
    return BuiltSite(instances, balancers, instances[len(instances) // 2 if site.fleet else 0])


def make_buckets(aws: World, site: Site) -> None:
    """Make the buckets that *site* names."""
    for bucket in site.buckets:
        place = {"LocationConstraint": site.region}
        aws.client("s3").create_bucket(Bucket=bucket, CreateBucketConfiguration=place)


def _load_balancer(
    aws: World, wanted: str, site: Site, kind: Kind, instances: Sequence[Instance], speed: float
) -> LoadBalancer:
    name = wanted.rpartition(":")[2]
    drain = max(1, round(DRAIN / speed))
    interval = max(LEAST_INTERVAL, round(CHECK_INTERVAL / speed))
    if wanted.startswith("classic:") or (kind == "classic" and ":" not in wanted):
        return aws.classic(
            name,
            instances=instances,
            port=site.port,
            health_path=site.health_path,
            draining=drain,
            interval=interval,
            cross_zone=True,
        )
    return aws.target_group(
        name,
        kind="network" if kind == "network" else "application",
        instances=instances,
        port=site.port,
        health_path=site.health_path,
        deregistration_delay=drain,
        interval=interval,
        cross_zone=True if kind == "network" else None,
    )


def _deployment_groups(aws: World, site: Site) -> None:
    client = aws.client("codedeploy")
    for application in {group.application for group in site.deployment_groups}:
        client.create_application(applicationName=application)
    for group in site.deployment_groups:
        client.create_deployment_group(
            applicationName=group.application,
            deploymentGroupName=group.name,
            serviceRoleArn=f"arn:aws:iam::{ACCOUNT}:role/code-deploy",
            ec2TagFilters=[
                {"Key": "Name", "Value": name, "Type": "KEY_AND_VALUE"} for name in group.instances
            ],
        )


def sample_service(site: Site, version: str, folder: Path) -> Service:
    """The sample service as a deployment of *version* leaves it on an instance of *site*."""
    release = f"{site.install_to}/releases/{version}"
    return Service(
        exec_start=[
            *("{python}", "{install_to}/current/service.py"),
            *("--host", "{private_ip}", "--port", "{port}"),
        ],
        unit=site.unit,
        port=site.port,
        install_to=site.install_to,
        archives={release: build_release(version, folder / "built")},
        links={f"{site.install_to}/current": f"releases/{version}"},
    )


def upstream_runs(pipeline: Pipeline, version: str, release: Path, folder: Path) -> dict[str, Upstream]:
    """The runs of other pipelines that *pipeline* starts from, which published *release* as *version*."""
    for _, _, fetch in pipeline.fetch_tasks():
        if fetch.upstream in ("", pipeline.name):
            continue
        source = folder / fetch.upstream / fetch.stage / fetch.job / fetch.source
        if not fetch.is_file:
            source /= release.name
        source.parent.mkdir(parents=True, exist_ok=True)
        source.write_bytes(release.read_bytes())
    names = {fetch.upstream for _, _, fetch in pipeline.fetch_tasks()} - {"", pipeline.name}
    names |= {material.pipeline for material in pipeline.materials if material.kind == "dependency"}
    return {name: Upstream(version, artifacts=folder / name) for name in names}
