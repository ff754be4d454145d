"""Which servers go together, in what order, and whether the load balancers can spare so many."""

import itertools
import math
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace

from tasks.aws.load_balancer import LoadBalancer, Member, Roster, State
from tasks.balancing.batch import Batch
from tasks.balancing.floor import Floor, FloorBroken
from tasks.balancing.share import Share, parse_share
from tasks.rollout.fleet import Server
from tasks.running.errors import Refused


def parse_batch(text: str) -> Share:
    """Read ``--batch``: a whole number, or a percentage such as ``33%``.

    Raises:
        Refused: It is neither, or zero.
    """
    return parse_share("--batch", text, "2", "33%", least=1)


def batch_size(batch: Share, fleet: int) -> int:
    """Return the count for a fleet of so many: the nearest one, halves down, and never none."""
    if not batch.percent:
        return batch.number
    return max(1, math.ceil(fleet * batch.number / 100 - 0.5))


def batch_of(servers: Iterable[Server]) -> Batch:
    """Return the instances of *servers*, in their order."""
    return Batch(tuple(server.instance for server in servers))


def in_order(servers: Iterable[Server]) -> list[Server]:
    """Those that serve nobody first, then the others, a batch from as many zones as there are.

    Were a healthy one taken while another is not, that might leave none.
    """
    by_rank: dict[int, list[Server]] = {}
    for server in sorted(servers, key=lambda each: (each.instance.name, each.instance.id)):
        by_rank.setdefault(_rank(server), []).append(server)
    return [server for rank in sorted(by_rank) for server in _zones_in_turn(by_rank[rank])]


def next_batch(servers: Sequence[Server], size: int) -> list[Server]:
    """Return up to *size* that are behind the same load balancers as the first, so that they leave as one."""
    places = servers[0].places
    return [server for server in servers if server.places == places][:size]


def batches(servers: Sequence[Server], size: int) -> Iterator[list[Server]]:
    """Yield the batches that these *servers*, in their order, make."""
    left = list(servers)
    while left:
        batch = next_batch(left, size)
        yield batch
        taken = {server.instance.id for server in batch}
        left = [server for server in left if server.instance.id not in taken]


def check_fits(servers: Sequence[Server], size: int, balancers: Sequence[LoadBalancer], floor: Floor) -> None:
    """Refuse a batch that would break the floor even with everyone else healthy.

    Raises:
        Refused: It would; the message has the largest one that would not.
    """
    problem = _too_large(servers, size, balancers, floor)
    if problem is None:
        return
    fits = next(
        (each for each in range(size - 1, 0, -1) if not _too_large(servers, each, balancers, floor)), 0
    )
    what = f"--batch {size} is too large: {problem.what}"
    if fits:
        raise Refused(what, f"The largest that fits: --batch {fits}")
    raise Refused(f"not even one server can be spared: {problem.what}", problem.advice)


def _too_large(
    servers: Sequence[Server], size: int, balancers: Sequence[LoadBalancer], floor: Floor
) -> FloorBroken | None:
    for balancer in balancers:
        here = [server for server in servers if balancer.address in server.places]
        everyone = Roster(tuple(_well(server, balancer) for server in here))
        for batch in batches(here, size):
            leaving = [server.instance for server in batch]
            try:
                floor.check(balancer, everyone, Batch(tuple(leaving)))
            except FloorBroken as problem:
                return problem
    return None


def _well(server: Server, balancer: LoadBalancer) -> Member:
    known = server.members.get(balancer.address)
    zone = server.instance.zone
    if known is None:
        return Member(server.instance.id, State.SERVING, zone=zone)
    return replace(known.wholly(State.SERVING), zone=known.zone or zone)


def _rank(server: Server) -> int:
    if server.away:
        return 0
    return {State.UNHEALTHY: 1, State.JOINING: 2, State.UNKNOWN: 3}.get(server.state, 4)


def _zones_in_turn(servers: list[Server]) -> list[Server]:
    zones: dict[str, list[Server]] = {}
    for server in servers:
        zones.setdefault(server.instance.zone, []).append(server)
    turns = itertools.zip_longest(*(zones[zone] for zone in sorted(zones)))
    return [server for turn in turns for server in turn if server]
