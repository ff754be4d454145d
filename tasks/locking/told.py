"""What is said of a lock that somebody holds, or held."""

from tasks.locking.deployment_lock import Holding, span
from tasks.locking.owner import Owner
from tasks.running.next_command import gocd_tasks


def told_of(name: str, there: Holding, here: Owner) -> str:
    """Say who holds a lock, since when and until when; or why it is free all the same."""
    since = f"since {there.since:%Y-%m-%d %H:%M:%S} UTC ({span(there.seconds)})"
    if there.unread:
        release = gocd_tasks("lock", "release", name, "--force")
        return f"locked by {there.who}, {since}, until it is released: {release}"
    if there.expired:
        return f"free, as {there.who} was not renewed for {span(there.look.age)}"
    until = f"until {there.until:%Y-%m-%d %H:%M:%S} UTC"
    if there.owner.is_whole_run:
        yours = " (your own)" if there.owner.same_run(here) else ""
        return f"locked by {there.who}{yours}, {since}, {until} at most"
    if there.owner.process_is_gone(here):
        return f"free, as the process of {there.who} is gone"
    return f"locked by {there.who}, {since}, {until} unless renewed"
