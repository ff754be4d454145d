"""The site of a pipeline that upgrades HERD: a sample HERD, and what can go wrong with it."""

from __future__ import annotations

from dataclasses import replace

from gocd.errors import GoCDError
from gocd.rehearsal.built_site import CHECK_INTERVAL, DRAIN, LEAST_INTERVAL, BuiltSite
from gocd.rehearsal.injected_faults import BAD_RELEASE, VALIDATE_FAILS
from gocd.rehearsal.sample.herd.revision import BREAKAGES
from gocd.rehearsal.sample.herd.stack import build_herd
from gocd.rehearsal.site import HerdStack
from gocd.rehearsal.standin_aws.world import World

# Faults that befall an upgrade of HERD, and what is wrong with the new version then; the others are about
# instances that are detached and attached.
FAULTS = {
    **dict.fromkeys(("", "throttle", "agent-killed"), ""),
    **{BAD_RELEASE + name: name for name in BREAKAGES},
    VALIDATE_FAILS: "no-namespaces",
}


def check_herd_fault(fault: str) -> None:
    """Raise GoCDError if *fault* is none that an upgrade of HERD can have."""
    if fault not in FAULTS:
        raise GoCDError(f"fault {fault} cannot befall an upgrade of HERD")


def build_herd_site(
    aws: World, stack: HerdStack, versions: tuple[str, str], fault: str, speed: float
) -> BuiltSite:
    """Stand HERD up as *stack* names it, with the first of *versions*; *fault* befalls the second.

    Args:
        speed: Divides what AWS makes people wait for: drains and the time between health checks.
    """
    herd = build_herd(
        aws,
        stack.mdl_instance,
        stack.environment,
        version=versions[0],
        requested=versions[1],
        broken=FAULTS[fault],
        deregistration_delay=max(1, round(DRAIN / speed)),
        interval=max(LEAST_INTERVAL, round(CHECK_INTERVAL / speed)),
    )
    front = replace(herd.balancer, url=herd.build_info_url)
    return BuiltSite([herd.instance], [front], herd.instance)
