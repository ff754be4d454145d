"""The command line as it is, told to those who look at calls of it and run none."""

from collections.abc import Iterator
from typing import Any

import typer

from gocd.lint.program import Check, Command, Parameter, Program, Rule
from tasks.cli import command_line
from tasks.running.folders import read_folder
from tasks.running.pipeline_files import read_pipeline_file

# What reads a value by looking at the files of this machine, where the call will not run.
_PLACES = (read_folder, read_pipeline_file)

# What commands refuse of their own, whatever the types of their options take.
RULES = {
    "deploy-artifact": (Rule(("ARTIFACT", "--rollback"), at_most=2),),
    "report": (Rule(("--events", "--jtl"), at_most=2),),
    "rolling-deploy": (Rule(("ARTIFACT",)), Rule(("--status-url",))),
    "sleep-settle": (Rule(("--seconds", "--probe-url")),),
    "switch-traffic": (
        Rule(("--load-balancer", "--listener", "--record")),
        Rule(("GREEN", "--back"), at_most=2),
    ),
    "verify-traffic": (
        Rule(("--start", "--finish", "--judge-so-far", "--jtl"), at_least=0),
        Rule(("PLAN", "--jtl"), at_least=0),
        Rule(("--start", "--duration"), at_least=0),
    ),
}


def program() -> Program:
    """Return every command, each with its options, its arguments and what their types refuse."""
    group: Any = typer.main.get_command(command_line())
    with typer.Context(group) as context:
        names = {name for each in group.get_params(context) for name in each.opts}
        return Program({each.name: each for each in _commands(group, "")}, frozenset(names))


def _commands(group: Any, before: str) -> Iterator[Command]:
    for word, each in group.commands.items():
        name = f"{before} {word}".strip()
        if hasattr(each, "commands"):
            yield from _commands(each, name)
        else:
            yield _command(name, each)


def _command(name: str, command: Any) -> Command:
    context = typer.Context(command, info_name=name)
    options: dict[str, Parameter] = {}
    arguments = []
    for each in command.get_params(context):
        is_option = each.param_type_name == "option"
        names = (*each.opts, *each.secondary_opts) if is_option else (str(each.metavar or each.name),)
        parameter = Parameter(
            names,
            _check(each, context),
            variable=each.envvar or "",
            is_flag=bool(getattr(each, "is_flag", False)),
            takes_many=bool(each.multiple if is_option else each.nargs == -1),
            is_needed=each.required,
        )
        if is_option:
            options |= dict.fromkeys(names, parameter)
        else:
            arguments.append(parameter)
    return Command(name, options, tuple(arguments), tuple(RULES.get(name, ())))


def _check(parameter: Any, context: typer.Context) -> Check:
    """What the type of *parameter* says of a value; of files nothing, which are another machine's."""
    reads = getattr(parameter.type, "func", None)
    is_file = isinstance(parameter.type, typer.models.TyperPath) or reads in _PLACES

    def wrong(value: str) -> str:
        try:
            if not (is_file and value):
                parameter.type.convert(value, parameter, context)
        except typer.BadParameter as problem:
            message = problem.message.rstrip(".")
            return message if message.startswith("takes ") else f"is given a wrong value: {message}"
        return ""

    return wrong
