"""Which of two environments that take turns is blue, and which green: looked at, and written nowhere.

``blue:A,B`` and ``green:A,B`` stand for the one of the two that they are. A clone tells whose clone it is, by
an id that no second one of the same name has; so green is green until blue is gone, whoever serves by then.
"""

from dataclasses import dataclass

from tasks.aws.api import Aws
from tasks.aws.cloned_group import CLONE_OF, GroupEntry
from tasks.aws.stack import Stack
from tasks.environments.environment import look_up
from tasks.running.errors import Refused

ROLES = ("blue", "green")


Environment = Stack | GroupEntry


@dataclass(frozen=True)
class Pair:
    """Who is which.

    Args:
        blue: Who is left, or is going to be.
        green: Who takes over, or has.
    """

    blue: str
    green: str

    def of(self, role: str) -> str:
        return self.blue if role == "blue" else self.green


def named(aws: Aws, wanted: str, *, before: bool = False) -> str:
    """Return the name of the environment that *wanted* means, which is its own if it names no pair.

    Args:
        before: Whether green is yet to be made: who is there alone is blue then, and not green that was left.

    Raises:
        Refused: It names a pair of which nobody can tell who is which.
    """
    asked = role_of(wanted)
    if asked is None:
        return wanted
    role, names = asked
    return find_pair(aws, names, before=before).of(role)


def role_of(wanted: str) -> tuple[str, tuple[str, str]] | None:
    """Return the role and the two names that *wanted* gives; None if it is one name.

    Raises:
        Refused: It gives a role and not two names.
    """
    role, colon, names = wanted.partition(":")
    if not colon or role not in ROLES:
        return None
    two = [each.strip() for each in names.split(",")]
    if len(two) != 2 or not all(two) or two[0] == two[1]:
        raise Refused(f"{wanted} names no two environments", f"Write {role}:ONE,OTHER")
    return role, (two[0], two[1])


def find_pair(aws: Aws, names: tuple[str, str], *, before: bool) -> Pair:
    """Return which of two environments is which.

    Raises:
        Refused: Nobody can tell: none is there, or neither is a clone of the other.
    """
    found = {name: there for name in names if (there := look_up(aws, name))}
    one, other = names
    if not found:
        raise Refused(f"neither {one} nor {other} is there, in {aws.region}")
    if len(found) == 1:
        [(name, there)] = found.items()
        gone = other if name == one else one
        if before:
            return Pair(blue=name, green=gone)
        if CLONE_OF not in there.tags:
            raise Refused(
                f"{name} is there alone, and no clone, so nobody is green",
                f"First: gocd-tasks clone-environment blue:{one},{other} --name green:{one},{other}",
            )
        return Pair(blue=gone, green=name)
    for blue, green in (names, (other, one)):
        if found[green].tags.get(CLONE_OF) == _id(found[blue]):
            return Pair(blue, green)
    raise Refused(
        f"{one} and {other} are there, and neither is a clone of the other", "Name the one you mean"
    )


def _id(environment: Environment) -> str:
    return environment.id if isinstance(environment, Stack) else environment.arn
