"""The file that some values make of a template."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence

import yaml

from gocd.errors import GoCDError
from gocd.nearest import nearest
from gocd.shown import shown
from gocd.templates.machines import Machine, counted, in_order, ordinal
from gocd.templates.marks import ONCE, Words, fill
from gocd.templates.record import made_with
from gocd.templates.scalars import literal, scalar
from gocd.templates.values import Values

FORMAT_VERSION = 10

_GATE = re.compile(
    r"^    stages:\n      - (.+):\n(?:          #.*\n)*          approval: manual$", re.MULTILINE
)
# A parameter at the top of a file: its name, an anchor, and its value.
_PARAMETER = re.compile(r"^      ([\w.-]+):( &\w+)? (.*)$", re.MULTILINE)


def text_of(values: Values) -> str:
    """Return the file that *values* make of their template.

    Raises:
        GoCDError: It has no parameter of a name that was given one, or an option gives that one.
    """
    template = values.of
    machines = in_order(values.instances or template.machines)
    balancers = values.load_balancers or (template.load_balancer,)
    words = {
        "name": scalar(values.name or template.name),
        "group": scalar(values.group or "deployment"),
        "format_version": str(values.format_version or FORMAT_VERSION),
        "made_with": made_with(values),
        "load_balancer": scalar(" ".join(balancers)),
        "load_balancers": counted(len(balancers), "load balancer"),
        "own_command": "".join(f", {literal(word)}" for word in _own(values)),
        "farm": template.name,
        **_of_all(machines),
    }
    way = values.via or "ssm"
    by_hand = template.starts_itself and not values.automatic
    repeated = {
        template.name: ONCE,
        way: ONCE,
        "by_hand": ONCE if by_hand else (),
        "words": [{"word": literal(word)} for word in values.command],
        **_of_each(machines),
    }
    return _with_parameters(fill(template.text, words, repeated), values)


def parameters_of(values: Values) -> dict[str, str]:
    """Return the parameters of the file that *values* make, in their order."""
    text = text_of(values)
    return {found[1]: yaml.safe_load(found[3]) for found in _PARAMETER.finditer(*_top(text))}


def gate_of(text: str) -> str:
    """Return the first stage of the file *text*, if a person has to start it; or else nothing."""
    found = _GATE.search(text)
    return str(yaml.safe_load(found[1])) if found else ""


def _own(values: Values) -> Sequence[str]:
    return ("--via", "command", "--", *values.command) if values.command else ()


def _of_all(machines: list[Machine]) -> Words:
    number = len(machines)
    who = {1: "the machine answers", 2: "both machines answer"}.get(number, "all machines answer")
    changing = sum(len(each.stages) for each in machines)
    return {
        "machines": counted(number, "machine"),
        "in_turn": ", one after the other" if number > 1 else "",
        "as_others_serve": "" if number > 1 else ", as others serve",
        "changing": counted(changing, "stage"),
        "who": who,
        "verify": "verify".ljust(_widest(machines)),
    }


def _of_each(machines: list[Machine]) -> Mapping[str, Sequence[Words]]:
    """What is said of machines, one after the other."""
    each = [_of_one(machine) for machine in machines]
    changing = [
        {"stage": scalar(stage), "job": job, "folder": folder, "does": does}
        for machine in machines
        for (stage, job), folder, does in zip(
            machine.stages.items(), machine.folders, _done_to(machine), strict=True
        )
    ]
    widest = _widest(machines)
    overview = [{**stage, "stage": stage["stage"].ljust(widest)} for stage in changing]
    return {"each": each, "first": each[:1], "later": each[1:], "changing": changing, "overview": overview}


def _done_to(machine: Machine) -> Sequence[str]:
    """What its stages do."""
    if machine.number > 1:
        return [f"detach, deploy and attach the {machine.parameter} machine"]
    return ["detach the first machine, deploy to it", "attach it again"]


def _widest(machines: list[Machine]) -> int:
    """Of the names of stages, in a list of them."""
    return max([len("verify"), *(len(scalar(stage)) for machine in machines for stage in machine.stages)])


def _of_one(machine: Machine) -> Words:
    which = "The machine that goes first: instance id, Name tag, private IP or private DNS name."
    names = [scalar(stage) for stage in machine.stages]
    return {
        "parameter": machine.parameter,
        "machine": scalar(machine.name),
        "which": which if machine.number == 1 else "The machine after it.",
        "out": names[0],
        "in": names[-1],
        "only": names[0],
    }


def _with_parameters(text: str, values: Values) -> str:
    known = [found[1] for found in _PARAMETER.finditer(*_top(text))]
    by_option = {"load_balancer": "--load-balancer"}
    count = len(values.instances or values.of.machines)
    by_option |= {ordinal(number): "--instances" for number in range(1, count + 1)}
    for name in values.parameters:
        if name in by_option:
            raise GoCDError(f"the parameter {name} is given by {by_option[name]}")
        if name not in known:
            guess = nearest(name, known) or f"there are: {', '.join(known)}"
            raise GoCDError(f"the template {values.template} has no parameter {shown(name)!r}; {guess}")

    def given(found: re.Match[str]) -> str:
        name, anchor, value = found[1], found[2] or "", found[3]
        return (
            f"      {name}:{anchor} {scalar(values.parameters[name]) if name in values.parameters else value}"
        )

    start, end = _top(text)[1:]
    return text[:start] + _PARAMETER.sub(given, text[start:end]) + text[end:]


def _top(text: str) -> tuple[str, int, int]:
    """*text*, with where its parameters begin and end."""
    start = text.index("\n    parameters:\n")
    return text, start, text.index("\n\n", start)
