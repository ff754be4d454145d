"""Connections that are still open to those whom nobody is led to any more, such as websockets.

Weights leave a connection where it is, and no load balancer counts for a target group alone what is open
(Application Load Balancers guide, CloudWatch metrics: ActiveConnectionCount is of a load balancer). The
hosts know.
"""

from collections.abc import Callable

from tasks.hosts.idleness import Idleness
from tasks.running.errors import TimedOut
from tasks.running.waiting import Missing, Wait

# Seconds between two looks: each is a command on every host.
AGAIN = 15.0


def tell_held(name: str, seen: Idleness, then: str, wait: Wait) -> None:
    """Say how many are open, and what becomes of them."""
    if seen.connections is None:
        wait.log.say(f"{name}: whether connections such as websockets are open is not known ({seen.why})")
    elif seen.connections:
        wait.log.say(f"{name}: {_open(seen)}, such as websockets, which no load balancer counts; {then}")
    else:
        wait.log.say(f"{name}: no connection open on its hosts")


def let_end(name: str, look: Callable[[], Idleness], delay: float, wait: Wait) -> None:
    """Give connections that are open the time to end that a deregistration gives, and tell of it.

    Args:
        delay: Seconds.
    """
    seen = look()
    tell_held(name, seen, f"they get {delay:.0f} s, its deregistration delay, and are cut then", wait)
    if not seen.connections:
        return

    def again() -> Idleness | Missing:
        now = look()
        return Missing(f"{name}: {_open(now)}") if now.connections else now

    try:
        wait.until_done(again, pace=lambda _: AGAIN, within=delay, usually=delay)
        wait.log.say(f"{name}: no connection open any more")
    except TimedOut as late:
        wait.log.say(f"{late.what}; they are cut when its instances go")


def _open(seen: Idleness) -> str:
    return f"{seen.connections} connection{'' if seen.connections == 1 else 's'} still open on its hosts"
