"""What gocd is told of the command line is what the command line does."""

import os
from pathlib import Path
from typing import Any

import pytest
import typer

from gocd.finding import Level
from gocd.lint.calls import read_calls
from gocd.lint.variables import wrong_variables
from gocd.pipeline import Exec, Job, Pipeline, Stage, Variables
from gocd.task_calls import FLAGS, PROGRAM
from tasks.cli import COMMANDS, command_line
from tasks.pipelines.program import program
from tests.program import CommandLine

GROUP: Any = typer.main.get_command(command_line())
KNOWN = program()

CALLS = [
    "detach-instance A --load-balancer web",
    "detach-instance A --load-balancer web --load-balancer other --until-idle",
    "detach-instance A",
    "detach-instance --load-balancer web",
    "detach-instance A B --load-balancer web",
    "detach-instance A --load-balancer web --min-healthy 50% --lock-wait 1.5",
    "detach-instance A --load-balancer web --lock-wait -1",
    "detach-instance A --load-balancer web --lock-wait soon",
    "detach-instance A --load-balancer web --dry-run=yes",
    "detach-instance A --load-balancr web",
    "detach-instance A --load-balancer",
    "detach-instance A --load-balancer web --color red",
    "deploy-artifact A app.tar.gz --via command -- put {private_ip} --force",
    "deploy-artifact A app.tar.gz --application a/../b --keep-releases 1",
    "sleep-settle --seconds 60",
    "sleep-settle --seconds 1e9",
    "sleep-settle 60",
    "verify-traffic plan.jmx --property host=x --duration 5",
    "verify-traffic --max-error-rate 101",
    "rolling-deploy app.tar.gz --load-balancer web --status-url http://x/ --again",
    "lock acquire target-group:web --for 7200",
    "lock acquire",
    "lock status",
    "lock release x y",
    "report --events events --out report",
    "report --out=",
    "upgrade-herd --mdl-instance x",
    "iam-policy",
    "iam-policy lock report",
    "pipeline lint a.gocd.yaml --format xml",
    "check-status --url http://{private_ip}/ --expect-status two",
]


def of(*tasks: Exec, variables: dict[str, str] | None = None) -> Pipeline:
    job = Job("job", tasks)
    return Pipeline("p", "g", (), (Stage("s", (job,)),), variables=Variables(variables or {}), file=Path("f"))


@pytest.mark.parametrize("line", CALLS)
def test_what_is_found_wrong_with_a_call_is_what_the_command_refuses(line: str) -> None:
    words = line.split()
    found = read_calls(of(Exec(PROGRAM, tuple(words))), KNOWN).findings
    command, name = GROUP, []
    while hasattr(command, "commands"):
        name.append(words.pop(0))
        command = command.commands[name[-1]]
    refused = None
    try:
        command.make_context(" ".join(name), words)
    except typer.TyperException as problem:
        refused = problem

    assert bool(found) is bool(refused), (found, refused and refused.format_message())


def test_every_command_and_every_option_is_known() -> None:
    known = [(name, option) for each in KNOWN.commands.values() for name, option in each.options.items()]
    flags = {name for name, option in known if option.is_flag}
    valued = {name for name, option in known if not option.is_flag}

    assert {name.split()[0] for name in KNOWN.commands} == set(COMMANDS)
    assert flags - valued | {"--help"} == FLAGS
    assert "--help" in KNOWN.options


@pytest.mark.parametrize(
    ("name", "value", "said"),
    [
        ("GOCD_TASKS_LOCK_WAIT", "soon", "GOCD_TASKS_LOCK_WAIT takes seconds, 0 or more, not 'soon'"),
        ("GOCD_TASKS_COLOR", "red", "GOCD_TASKS_COLOR is given a wrong value: 'red' is not one of"),
        (
            "GOCD_TASKS_DRY_RUN",
            "perhaps",
            "GOCD_TASKS_DRY_RUN is given a wrong value: 'perhaps' is not a valid",
        ),
        ("GOCD_TASKS_DRY_RUN", "yes", ""),
        ("GOCD_TASKS_LOAD_BALANCER", "web other", ""),
        ("GOCD_TASKS_MAX_ERRORS", "many", ""),
    ],
)
def test_a_variable_is_held_against_the_commands_that_take_it(name: str, value: str, said: str) -> None:
    call = Exec(PROGRAM, ("detach-instance", "A", "--load-balancer", "web"))
    pipeline = of(call, variables={name: value})
    found = list(wrong_variables(pipeline, read_calls(pipeline, KNOWN).read))

    assert [(each.level, each.what[: len(said)]) for each in found] == ([(Level.ERROR, said)] if said else [])


def test_files_are_those_of_the_agent_and_not_looked_for() -> None:
    call = Exec(PROGRAM, ("rehearse", "nowhere.gocd.yaml", "--folder", "pyproject.toml"))

    assert read_calls(of(call), KNOWN).findings == ()


REFUSED = [
    "deploy-artifact A --via command --version 1",
    "report --title x",
    "rolling-deploy --load-balancer web --via ssm --version 1 --status-url http://x/",
    "rolling-deploy app.zip --load-balancer web --via ssm --version 1",
    "sleep-settle",
    "sleep-settle --seconds 1 --probe-url http://x/",
    "switch-traffic green",
    "switch-traffic green --load-balancer web --record www.example.com",
    "switch-traffic --load-balancer web",
    "verify-traffic --start --finish",
    "verify-traffic plan.jmx --jtl a.jtl",
    "verify-traffic --start --duration 5",
]


@pytest.mark.parametrize("line", REFUSED)
def test_what_does_not_go_together_is_what_the_command_itself_refuses(line: str, tmp_path: Path) -> None:
    found = read_calls(of(Exec(PROGRAM, tuple(line.split()))), KNOWN).findings
    done = CommandLine({"PATH": os.environ["PATH"]}, tmp_path)(*line.split())

    assert len(found) == 1
    assert (done.returncode, done.stdout) == (2, ""), done.stderr


def test_every_rule_is_among_these() -> None:
    lines = {each.split()[0] for each in REFUSED}

    assert {name for name, command in KNOWN.commands.items() if command.rules} == lines
    assert sum(len(each.rules) for each in KNOWN.commands.values()) <= len(REFUSED)
