"""Load balancers, found by whatever a person calls them, and the kinds of them by what is registered."""

from collections.abc import Callable, Collection, Iterable, Sequence

from tasks.aws.api import Aws
from tasks.aws.instances import Instance
from tasks.aws.load_balancer import LoadBalancer, LoadBalancerKind
from tasks.running.errors import Refused
from tasks.running.plugins import find, find_all
from tasks.running.promised import make_promised

GROUP = "gocd_tasks.load_balancers"
CALLED = "load balancer kind"

# The kind that comes first, and that messages name without its prefix.
USUAL = "target-group"

# In place of a name, where an instance is named beside it.
ALL = "all"
ALL_IS_OF_ONE = "all means every load balancer that one instance is in, and no instance is named here"

MakeKind = Callable[[Aws], LoadBalancerKind]


def find_load_balancers(
    aws: Aws, wanted: Iterable[str], instance: Instance, remembered: Iterable[str] = ()
) -> list[LoadBalancer]:
    """Return every load balancer that *wanted* means, each once.

    Args:
        wanted: Names, ARNs, ``KIND:NAME``; or ``all``: every one that *instance* is registered with, and
            those it is *remembered* to have been taken out of.

    Raises:
        Refused: A name means nothing, or two things.
    """
    found: dict[str, LoadBalancer] = {}
    known = set(remembered)
    for name in wanted:
        # A name that meant one thing when the instance was taken out of it means that still.
        meant = [address for address in known if address.partition(":")[2] == name]
        if name == ALL:
            balancers = _all(aws, instance, known)
        else:
            balancers = [find_load_balancer(aws, meant[0] if len(meant) == 1 else name)]
        found |= {balancer.address: balancer for balancer in balancers}
    return list(found.values())


def find_holding(aws: Aws, instance: Instance, besides: Collection[str] = ()) -> list[LoadBalancer]:
    """Return every load balancer that *instance* is registered with or still draining from.

    It takes one call for all target groups, one for all classic load balancers, and one for each of them
    that is in its VPC.

    Args:
        besides: The addresses of some that are not asked.
    """
    return [
        balancer
        for kind in _kinds(aws)
        for balancer in kind.all()
        if balancer.address not in besides and balancer.holds(instance)
    ]


def find_load_balancer(aws: Aws, wanted: str) -> LoadBalancer:
    """Return the one load balancer that *wanted* means.

    Raises:
        Refused: It means nothing, or two things.
    """
    matches = _meant(aws, wanted)
    if len(matches) > 1:
        raise _several(wanted, matches)
    return matches[0]


def find_counting(aws: Aws, wanted: str) -> list[LoadBalancer]:
    """Return what *wanted* means: one load balancer, or all target groups of one.

    Raises:
        Refused: It means nothing, or two things.
    """
    matches = _meant(aws, wanted)
    if len(matches) > 1 and len({tuple(match.metrics().dimensions.items()) for match in matches}) > 1:
        raise _several(wanted, matches)
    return matches


def _meant(aws: Aws, wanted: str) -> list[LoadBalancer]:
    kind, colon, name = wanted.partition(":")
    if colon and kind != "arn":
        asked = f"{CALLED} {kind} (in {wanted})"
        matches = list(_kind(find(GROUP, kind, asked), aws, asked).named(name))
    else:
        matches = [match for each in _kinds(aws) for match in each.meant_by(wanted)]
    if not matches and wanted == ALL:
        raise Refused(ALL_IS_OF_ONE, f"Name those that are meant. {_existing(aws)}")
    if not matches:
        raise Refused(f"no target group or load balancer is called {wanted} in {aws.region}", _existing(aws))
    return matches


def _several(wanted: str, matches: Sequence[LoadBalancer]) -> Refused:
    several = " or ".join(sorted(match.address for match in matches))
    return Refused(f"{wanted} means {len(matches)} things", f"Say which: {several}")


def kinds(aws: Aws) -> dict[str, LoadBalancerKind]:
    """Return every kind of load balancer by its name, the usual one first."""
    makes: dict[str, MakeKind] = find_all(GROUP, CALLED)
    names = sorted(makes, key=lambda kind: (kind != USUAL, kind))
    return {kind: _kind(makes[kind], aws, f"{CALLED} {kind}") for kind in names}


def _kinds(aws: Aws) -> list[LoadBalancerKind]:
    return list(kinds(aws).values())


def _kind(make: MakeKind, aws: Aws, asked: str) -> LoadBalancerKind:
    kind: LoadBalancerKind = make_promised(make, (aws,), LoadBalancerKind, asked)
    return kind


def _all(aws: Aws, instance: Instance, known: set[str]) -> list[LoadBalancer]:
    for address in known:
        # One of a kind that is not installed here must not be passed over.
        kind, _, _ = address.partition(":")
        find(GROUP, kind, f"{CALLED} {kind} (in {address}, which {instance.name} was taken out of)")
    found = [
        balancer
        for kind in _kinds(aws)
        for balancer in kind.all()
        if balancer.address in known or balancer.holds(instance)
    ]
    if not found:
        raise Refused(
            f"{instance.name} is registered with no load balancer, and none is remembered for it",
            f"Name the one that is meant. {_existing(aws)}",
        )
    return found


def every_name(aws: Aws) -> list[str]:
    """Return the names of all load balancers, as they are told apart."""
    return [
        name
        for kind in _kinds(aws)
        for name in sorted(each.address.removeprefix(f"{USUAL}:") for each in kind.all())
    ]


def _existing(aws: Aws) -> str:
    names = every_name(aws)
    return f"There are: {', '.join(names[:10])}" if names else "There are none here at all"
