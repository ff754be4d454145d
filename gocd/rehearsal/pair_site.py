"""The site of a pipeline whose environments take turns: the first of them, behind users' load balancer."""

from __future__ import annotations

from gocd.errors import GoCDError
from gocd.rehearsal.built_site import (
    CHECK_INTERVAL,
    DRAIN,
    LEAST_INTERVAL,
    BuiltSite,
    make_buckets,
    sample_service,
)
from gocd.rehearsal.injected_faults import BAD_RELEASE
from gocd.rehearsal.site import Site
from gocd.rehearsal.standin_aws.world import World

# How many instances an environment has.
SIZE = 2

# Faults that can befall it; the others are about instances that are detached and attached.
FAULTS = ("throttle", BAD_RELEASE)


def check_pair_site(kind: str, platform: str, fault: str) -> None:
    """Raise GoCDError if environments that take turns cannot be rehearsed so."""
    if kind != "application":
        raise GoCDError("environments that take turns are rehearsed behind an application load balancer")
    if platform != "linux":
        raise GoCDError("environments that take turns are rehearsed on Linux; leave out --platform")
    if fault and not fault.startswith(FAULTS):
        raise GoCDError(f"fault {fault} cannot befall environments that take turns")


def build_pair_site(aws: World, site: Site, version: str, speed: float) -> BuiltSite:
    """Make the first environment of *site*'s pair, an Auto Scaling group whose image serves *version*.

    Args:
        speed: Divides what AWS makes people wait for: drains and the time between health checks.
    """
    assert site.pair
    first, _ = site.pair
    make_buckets(aws, site)
    # Who is left is to be seen silent by its own figures.
    aws.parts.elb.counts.begin()
    front = aws.target_group(
        first,
        balancer=site.load_balancers[0].partition(":")[0],
        port=site.port,
        health_path=site.health_path,
        deregistration_delay=max(1, round(DRAIN / speed)),
        interval=max(LEAST_INTERVAL, round(CHECK_INTERVAL / speed)),
    )
    instances = aws.auto_scaling_group(
        first,
        size=SIZE,
        min_size=SIZE,
        max_size=2 * SIZE,
        zones=aws.zones[:2],
        service=sample_service(site, version, aws.folder),
        load_balancers=[front],
        health_check_type="ELB",
    )
    return BuiltSite(instances, [front], instances[0])
