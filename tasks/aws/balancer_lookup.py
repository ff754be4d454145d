"""Load balancers, found by whatever a person calls them."""

from collections.abc import Container, Iterable
from typing import Any

from tasks.aws.api import Aws
from tasks.aws.classic_elb import ClassicLoadBalancer
from tasks.aws.errors import AwsError
from tasks.aws.instances import Instance
from tasks.aws.load_balancer import LoadBalancer, State
from tasks.aws.target_group import TargetGroup
from tasks.running.errors import Refused

UNKNOWN = {"LoadBalancerNotFound", "TargetGroupNotFound", "AccessPointNotFound", "ValidationError"}


def find_load_balancers(
    aws: Aws, wanted: Iterable[str], instance: Instance, remembered: Iterable[str] = ()
) -> list[LoadBalancer]:
    """Return every load balancer that *wanted* means, each once.

    Args:
        wanted: Names, ARNs, ``classic:NAME``, ``target-group:NAME``; or ``all``: every one that
            *instance* is registered with, and those it is *remembered* to have been taken out of.

    Raises:
        Refused: A name means nothing, or two things.
    """
    found: dict[str, LoadBalancer] = {}
    known = set(remembered)
    for name in wanted:
        # A name that meant one thing when the instance was taken out of it means that still.
        meant = [address for address in known if address.partition(":")[2] == name]
        if name == "all":
            balancers = _all(aws, instance, known)
        else:
            balancers = [find_load_balancer(aws, meant[0] if len(meant) == 1 else name)]
        found |= {balancer.address: balancer for balancer in balancers}
    return list(found.values())


def find_load_balancer(aws: Aws, wanted: str) -> LoadBalancer:
    """Return the one load balancer that *wanted* means.

    Raises:
        Refused: It means nothing, or two things.
    """
    kind, _, name = wanted.partition(":")
    if kind == "arn":
        matches = _by_arn(aws, wanted)
    elif kind == "classic":
        matches = _classic(aws, name)
    elif kind == "target-group":
        matches = _target_groups(aws, Names=[name])
    else:
        groups = {group.address: group for group in _target_groups(aws, Names=[wanted])}
        groups |= {group.address: group for group in _behind(aws, Names=[wanted])}
        matches = [*_classic(aws, wanted), *groups.values()]
    if len(matches) == 1:
        return matches[0]
    if matches:
        several = " or ".join(match.address for match in matches)
        raise Refused(f"{wanted} means {len(matches)} things", f"Say which: {several}")
    raise Refused(f"no target group or load balancer is called {wanted} in {aws.region}", _existing(aws))


def _by_arn(aws: Aws, arn: str) -> list[LoadBalancer]:
    if ":targetgroup/" in arn:
        return _target_groups(aws, TargetGroupArns=[arn])
    return _behind(aws, LoadBalancerArns=[arn])


def _classic(aws: Aws, name: str) -> list[LoadBalancer]:
    entries = _found(aws, "elb", "describe_load_balancers", LoadBalancerNames=[name])
    return [ClassicLoadBalancer(aws, entry) for entry in entries.get("LoadBalancerDescriptions", [])]


def _target_groups(aws: Aws, **question: Any) -> list[LoadBalancer]:
    entries = _found(aws, "elbv2", "describe_target_groups", **question)
    return [TargetGroup(aws, entry) for entry in entries.get("TargetGroups", [])]


def _behind(aws: Aws, **question: Any) -> list[LoadBalancer]:
    """Return the target groups of the load balancers that *question* finds."""
    entries = _found(aws, "elbv2", "describe_load_balancers", **question)
    return [
        group
        for entry in entries.get("LoadBalancers", [])
        for group in _target_groups(aws, LoadBalancerArn=entry["LoadBalancerArn"])
    ]


def _found(aws: Aws, service: str, operation: str, **question: Any) -> dict[str, Any]:
    try:
        return aws.call(service, operation, **question)
    except AwsError as error:
        if error.code in UNKNOWN:
            return {}
        raise


def _all(aws: Aws, instance: Instance, known: Container[str]) -> list[LoadBalancer]:
    groups: list[LoadBalancer] = [
        TargetGroup(aws, entry)
        for entry in aws.pages("elbv2", "describe_target_groups", "TargetGroups")
        if entry["TargetType"] in ("instance", "ip")
    ]
    classics: list[LoadBalancer] = [
        ClassicLoadBalancer(aws, entry)
        for entry in aws.pages("elb", "describe_load_balancers", "LoadBalancerDescriptions")
    ]
    found = [
        balancer
        for balancer in [*groups, *classics]
        if balancer.address in known or balancer.roster(instance).of(instance).state is not State.OUT
    ]
    if not found:
        raise Refused(f"{instance.name} is registered with no load balancer, and none is remembered for it")
    return found


def _existing(aws: Aws) -> str:
    groups = [
        group["TargetGroupName"] for group in aws.pages("elbv2", "describe_target_groups", "TargetGroups")
    ]
    classics = [
        f"classic:{entry['LoadBalancerName']}"
        for entry in aws.pages("elb", "describe_load_balancers", "LoadBalancerDescriptions")
    ]
    names = sorted(groups) + sorted(classics)
    return f"There are: {', '.join(names[:10])}" if names else "There are none here at all"
