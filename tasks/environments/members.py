"""What an environment consists of for those who deploy to it or lead users to it."""

from tasks.aws.api import Aws
from tasks.aws.cloned_group import GroupEntry, read_group
from tasks.aws.forward import name_of
from tasks.aws.instances import Instance, find_all, find_instance
from tasks.aws.stack import Stack
from tasks.environments.environment import find_environment, parted
from tasks.environments.fleet import Fleet
from tasks.environments.pair import named, role_of
from tasks.running.errors import Refused


def instances_of(aws: Aws, wanted: str) -> list[Instance]:
    """Return the instance that *wanted* means, or all of an environment.

    Args:
        wanted: What a person calls an instance; or ``stack:NAME``, ``group:NAME``, or the role of a pair.

    Raises:
        Refused: It means none, or not one thing.
    """
    if not (role_of(wanted) or parted(wanted)[0]):
        return [find_instance(aws, wanted)]
    environment = find_environment(aws, named(aws, wanted))
    groups, lone = _parts(aws, environment)
    ids = [each["InstanceId"] for group in groups for each in group.entry["Instances"]]
    found = find_all(aws, [*ids, *lone]) if ids or lone else []
    if not found:
        raise Refused(f"{environment.name} has no instances")
    return found


def target_group_of(aws: Aws, wanted: str) -> str:
    """Return the target group of the environment that *wanted* gives a role to; else what it says.

    Raises:
        Refused: The environment has none, or several.
    """
    if not role_of(wanted):
        return wanted
    environment = find_environment(aws, named(aws, wanted))
    groups, _ = _parts(aws, environment)
    own = Fleet.of(environment.all_resources()).target_groups if isinstance(environment, Stack) else ()
    arns = list(dict.fromkeys([*own, *(arn for group in groups for arn in group.target_groups)]))
    if len(arns) != 1:
        names = ", ".join(name_of(arn) for arn in arns) or "none"
        raise Refused(f"{environment.name} has not one target group but {names}", "Name the one you mean")
    return arns[0]


def _parts(aws: Aws, environment: Stack | GroupEntry) -> tuple[list[GroupEntry], list[str]]:
    """Return its Auto Scaling groups, and the ids of instances that are in none."""
    if isinstance(environment, GroupEntry):
        return [environment], []
    own = Fleet.of(environment.all_resources())
    return [each for name in own.groups if (each := read_group(aws, name))], list(own.instances)
