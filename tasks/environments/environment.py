"""An environment, found by whatever a person calls it: a stack, or an Auto Scaling group."""

from tasks.aws.api import Aws
from tasks.aws.cloned_group import GroupEntry, read_group
from tasks.aws.stack import Stack, find_stack
from tasks.running.errors import Refused

KINDS = ("stack", "group")


def look_up(aws: Aws, wanted: str) -> Stack | GroupEntry | None:
    """Return the one environment that *wanted* means, or None.

    Args:
        wanted: A name; ``stack:NAME`` and ``group:NAME`` settle a doubt.

    Raises:
        Refused: It means both.
    """
    kind, name = parted(wanted)
    stack = find_stack(aws, name) if kind != "group" else None
    group = read_group(aws, name) if kind != "stack" else None
    if stack and group:
        raise Refused(f"{wanted} means 2 things", f"Say which: stack:{name} or group:{name}")
    return stack or group


def find_environment(aws: Aws, wanted: str) -> Stack | GroupEntry:
    """Return the one environment that *wanted* means.

    Raises:
        Refused: It means none, or both a stack and a group.
    """
    if found := look_up(aws, wanted):
        return found
    raise missing(wanted, aws)


def missing(wanted: str, aws: Aws) -> Refused:
    """Return the error for a name that means nothing."""
    kind, name = parted(wanted)
    what = {"stack": "stack", "group": "Auto Scaling group"}.get(kind, "stack or Auto Scaling group")
    return Refused(f"no {what} is called {name} in {aws.region}")


def parted(wanted: str) -> tuple[str, str]:
    """Return the kind that *wanted* names, empty if it names none, and the name."""
    kind, colon, name = wanted.partition(":")
    return (kind, name) if colon and kind in KINDS else ("", wanted)
