"""Whether an instance is back on all of the ports that it had in a load balancer."""

from tasks.aws.load_balancer import Member, State
from tasks.aws.target import Port
from tasks.balancing.absences import Absence


def ports_of(member: Member, away: Absence | None) -> tuple[Port, ...]:
    """The ports that it belongs on; none where the load balancer has none of its own, or nobody knows."""
    return away.ports if away else member.ports


def missing_ports(member: Member, away: Absence | None) -> tuple[Port, ...]:
    """Those of them that it is not registered on, or is leaving."""
    registered = member.of_ports(*(set(State) - {State.LEAVING}))
    return tuple(port for port in ports_of(member, away) if port not in registered)


def is_whole(member: Member, away: Absence | None) -> bool:
    """Whether it is healthy on every port that it was healthy on, or, was it on none, on every one it had."""
    unwell = away.unwell if away else ()
    awaited = {port for port in ports_of(member, away) if port not in unwell}
    return member.state is State.SERVING and awaited <= set(member.of_ports(State.SERVING))
