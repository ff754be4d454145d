"""A name that nobody ever locked, while something is locked: it may be meant for that."""

import difflib
from collections.abc import Sequence

from tasks.locking.deployment_lock import DeploymentLock, Holding
from tasks.running.errors import Refused
from tasks.running.next_command import gocd_tasks
from tasks.running.quoting import listed

# Locks in one line, before it says how many more there are.
TOLD = 4


def refuse_mistaken(name: str, locks: Sequence[DeploymentLock]) -> None:
    """See that *name*, which nobody ever locked, is not meant for a lock that somebody holds.

    Without a kind, as in ``target-group:staging``, it is none of those that commands take by themselves.

    Args:
        locks: All that there are.

    Raises:
        Refused: It may well be.
    """
    held = held_of(locks)
    near = nearest(name, held)
    if held and (near or ":" not in name):
        advice = f"Did you mean {near}? {gocd_tasks('lock', 'release', near)}" if near else ""
        raise Refused(f"no lock was ever called {name}; {told(held)}", advice or "Name one of these")


def held_of(locks: Sequence[DeploymentLock]) -> dict[str, Holding]:
    """Return who holds which of *locks*; those that are free are left out."""
    looked = ((lock.name, lock.look()[1]) for lock in locks)
    return {name: there for name, there in looked if there and not there.expired}


def told(held: dict[str, Holding]) -> str:
    """Say what is locked."""
    return f"locked: {listed((f'{name} (by {there.words})' for name, there in held.items()), TOLD, '; ')}"


def nearest(name: str, held: dict[str, Holding]) -> str:
    """Return the lock that is probably meant by *name*; empty if there is none like it."""
    same = [each for each in held if each.partition(":")[2].lower() == name.rpartition(":")[2].lower()]
    tails = {each.partition(":")[2]: each for each in held}
    near = difflib.get_close_matches(name, [*held, *tails], n=1, cutoff=0.8)
    return (same or [tails.get(each, each) for each in near] or [""])[0]
