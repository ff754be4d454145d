"""Whether a stack can be cloned as it is: what its template would make, ask for, and may do."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from tasks.aws.stack import LONGEST_BODY, LONGEST_FILE, Stack
from tasks.environments import state
from tasks.environments.parameters import Values
from tasks.environments.templates import parts_of
from tasks.running.errors import Refused
from tasks.running.quoting import clipped


@dataclass(frozen=True)
class Allowed:
    """What whoever clones has said that they mean.

    Args:
        new_state: That the clone has databases, buckets and volumes of its own, with nothing in them.
        fixed_names: That names written into the template are no hindrance.
        capabilities: What else CloudFormation has to be told that a template may do.
        bucket: Where a template goes that is too long for a call; empty for nowhere.
    """

    new_state: bool = False
    fixed_names: bool = False
    capabilities: Sequence[str] = ()
    bucket: str = ""


def judge(source: Stack, values: Values, allowed: Allowed) -> Iterator[str]:
    """Yield what a clone has that whoever makes it should know.

    Raises:
        Refused: Users would be led to it; or it would have data of its own, or ask for names that are taken,
            and nobody said that it may.
    """
    parts = list(parts_of(source, values.overridden))
    if ways := [each for part in parts for each in part.doors()]:
        raise Refused(
            f"a clone of {source.name} would stand before users at once, by {', '.join(ways)}",
            "Have the template make its own, or give another --parameter",
        )
    if (data := [each for part in parts for each in part.told(state.holding)]) and not allowed.new_state:
        raise Refused(
            f"a clone of {source.name} would have its own, empty, of what holds data: {', '.join(data)}",
            "Take it out of the template into a stack of its own, or say that you mean it: --allow-new-state",
        )
    if (fixed := [each for part in parts for each in part.fixed()]) and not allowed.fixed_names:
        raise Refused(
            f"a clone of {source.name} would ask for names that {source.name} has: {'; '.join(fixed)}",
            "Make them of AWS::StackName, or give another --parameter; if they are no hindrance: "
            "--allow-fixed-names",
        )
    yield from (f"holds data, and begins empty: {each}" for each in data)
    yield from (f"the same in both: {each}" for each in fixed)
    for each in sorted({name for part in parts for name in part.names.imported()}):
        yield f"goes on importing {each}, as {source.name} does"
    for name, value in source.resolved.items():
        was = f"for {source.name} it was {clipped(value, 80)}"
        yield f"parameter {name} is read anew from Systems Manager; {was}"


def check_length(text: str, source: Stack, allowed: Allowed) -> None:
    """See that a template which is too long for a call can go another way.

    Raises:
        Refused: It cannot.
    """
    size = len(text.encode())
    if size > LONGEST_FILE:
        what = f"the template of {source.name} has {size:,} bytes"
        raise Refused(f"{what}, and CloudFormation takes no more than {LONGEST_FILE:,}")
    if not allowed.bucket:
        raise Refused(
            f"the template of {source.name} has {size:,} bytes, and a call takes {LONGEST_BODY:,}",
            "Name a bucket that it can go through: --bucket",
        )


def capabilities_for(source: Stack, allowed: Allowed) -> list[str]:
    """What the source was given, which its clone may do as well, and what was said beside.

    Raises:
        Refused: The template needs another one.
    """
    granted = list(dict.fromkeys([*source.capabilities, *allowed.capabilities]))
    needed = list(source.summary.get("Capabilities", []))
    if source.transforms:
        needed.append("CAPABILITY_AUTO_EXPAND")
    # Whoever acknowledges names of IAM acknowledges the rest of it (API reference, CreateStack).
    known = {*granted, *(["CAPABILITY_IAM"] if "CAPABILITY_NAMED_IAM" in granted else [])}
    if missing := [each for each in dict.fromkeys(needed) if each not in known]:
        reason = source.summary.get("CapabilitiesReason", "its template has macros")
        raise Refused(
            f"a clone of {source.name} needs {', '.join(missing)} ({reason})",
            f"Say that it may: {' '.join(f'--capability {each}' for each in missing)}",
        )
    return granted
