"""The values that a stack's clone is given: the source's, others that were asked for, and the unseen ones."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from gocd.task_variables import PARAMETER
from tasks.aws.stack import Stack
from tasks.running.errors import Refused
from tasks.status.pairs import read_pairs


@dataclass(frozen=True)
class Values:
    """The value of each parameter.

    Args:
        overridden: Those that are others than the source's.
        unseen: Those that CloudFormation does not tell, and nobody else shall.
    """

    all: Mapping[str, str]
    overridden: frozenset[str]
    unseen: frozenset[str]

    @property
    def request(self) -> list[dict[str, str]]:
        return [{"ParameterKey": name, "ParameterValue": value} for name, value in self.all.items()]

    @property
    def seen(self) -> dict[str, str]:
        return {name: value for name, value in self.all.items() if name not in self.unseen}


def values_for(stack: Stack, pairs: Sequence[str], environment: Mapping[str, str]) -> Values:
    """Return what a clone of *stack* is given.

    Args:
        pairs: ``NAME=VALUE`` each.
        environment: Has ``GOCD_TASKS_PARAMETER_NAME`` for what CloudFormation does not tell.

    Raises:
        Refused: A name is no parameter's, or an unseen value is given nowhere.
    """
    declared = {
        each["ParameterKey"]: bool(each.get("NoEcho")) for each in stack.summary.get("Parameters", [])
    }
    given = read_pairs("--parameter", pairs)
    if unknown := sorted(given.keys() - declared.keys()):
        has = f"It has {', '.join(sorted(declared))}" if declared else "It has none"
        raise Refused(f"{stack.name} has no parameter {', '.join(unknown)}", has)
    unseen = {name for name, hidden in declared.items() if hidden}
    known = {name.upper(): value for name, value in environment.items()}
    for name in sorted(unseen - given.keys()):
        if value := known.get(_variable(name)):
            given[name] = value
    if missing := sorted(unseen - given.keys()):
        what = f"{stack.name} does not tell the value of {', '.join(missing)} (NoEcho)"
        advice = f"Give it in the environment, as a secure variable: {', '.join(map(_variable, missing))}"
        raise Refused(what, advice)
    values = {name: given.get(name, stack.parameters.get(name, "")) for name in declared}
    others = {name for name in given if given[name] != stack.parameters.get(name)}
    return Values(values, frozenset(others - unseen), frozenset(unseen))


def _variable(name: str) -> str:
    return PARAMETER + name.upper()
