"""Options come from the command line or from the variable of their name; a misspelt one is refused."""

import subprocess
from collections.abc import Iterator
from typing import Any

import pytest
import typer

from gocd.rehearsal.standin_aws.world import World
from gocd.task_calls import FLAGS
from gocd.task_variables import KNOWN, PREFIX, nearest, variable
from tasks.cli import command_line
from tests.program import PROGRAM, CommandLine
from tests.tasks.conftest import MakeBalancer
from tests.tasks.test_cli import one_error

APP: Any = typer.main.get_command(command_line())
DETACH = ("detach-instance", "Staging-1", "--load-balancer", "staging")


def parameters(command: Any = APP, name: str = "") -> Iterator[tuple[str, Any]]:
    """Each parameter of each command, and of each of the commands of a command."""
    for word, each in getattr(command, "commands", {}).items():
        yield from parameters(each, f"{name} {word}".strip())
    if not hasattr(command, "commands"):
        yield from ((name, parameter) for parameter in command.params)


def called(parameter: Any) -> str:
    return str(parameter.opts[0] if parameter.param_type_name == "option" else parameter.metavar)


def without_aws(*words: str, **variables: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [PROGRAM, *words], env=variables, capture_output=True, text=True, check=False, timeout=60
    )


@pytest.mark.parametrize(
    ("command", "parameter"),
    [pytest.param(name, each, id=f"{name} {called(each)}") for name, each in parameters()],
)
def test_every_option_and_argument_has_its_own_variable_and_no_other(command: str, parameter: Any) -> None:
    # The words after -- are a command line of the site's own, which no variable could hold.
    own = None if called(parameter) == "[-- CMD...]" else variable(called(parameter))

    assert parameter.envvar == own, command


def test_the_list_of_known_variables_is_that_of_all_commands() -> None:
    assert {each.envvar for _, each in parameters()} - {None} == {PREFIX + name for name in KNOWN}


def test_the_options_that_stand_alone_in_a_pipeline_are_those_of_all_commands() -> None:
    words: dict[bool, set[str]] = {True: set(), False: set()}
    for _, each in parameters():
        words[getattr(each, "is_flag", False)].update((*each.opts, *each.secondary_opts))

    assert words[True] - words[False] | {"--help"} == FLAGS


@pytest.mark.parametrize(
    ("option", "name"),
    [
        ("--load-balancer", "GOCD_TASKS_LOAD_BALANCER"),
        ("--resume/--again", "GOCD_TASKS_RESUME"),
        ("INSTANCE", "GOCD_TASKS_INSTANCE"),
        ("COMMAND...", "GOCD_TASKS_COMMAND"),
    ],
)
def test_a_variable_is_named_as_its_option_in_capitals_after_the_prefix(option: str, name: str) -> None:
    assert variable(option) == name


@pytest.mark.parametrize(
    ("written", "meant"),
    [
        ("MIN_HEALTY", "MIN_HEALTHY"),
        ("LOADBALANCER", "LOAD_BALANCER"),
        ("MAX_GAPS", "MAX_GAP"),
        ("LOCKWAIT", "LOCK_WAIT"),
        ("min_healthy", None),
        ("TEA", None),
    ],
)
def test_the_nearest_name_is_sought_without_the_prefix(written: str, meant: str | None) -> None:
    assert nearest(PREFIX + written) == (meant and PREFIX + meant)


def test_a_misspelt_variable_is_refused_with_the_right_one_before_anything_is_asked(
    cloud: World, gocd_tasks: CommandLine
) -> None:
    done = gocd_tasks(*DETACH, GOCD_TASKS_MIN_HEALTY="1")

    assert (done.returncode, done.stdout) == (2, "")
    assert one_error(done) == (
        "error: no command knows GOCD_TASKS_MIN_HEALTY, which the environment has; nothing was changed. "
        "Did you mean GOCD_TASKS_MIN_HEALTHY?"
    )
    assert cloud.journal.calls == []


def test_every_misspelt_variable_is_named_at_once() -> None:
    line = one_error(without_aws("lock", "status", GOCD_TASKS_VERSON="2", GOCD_TASKS_LOKC="none"))

    assert "no command knows GOCD_TASKS_LOKC, GOCD_TASKS_VERSON, which" in line
    assert line.endswith("Did you mean GOCD_TASKS_LOCK, GOCD_TASKS_VERSION?")


def test_a_variable_like_no_other_leads_to_the_help() -> None:
    line = one_error(without_aws("sleep-settle", "--seconds", "0", GOCD_TASKS_TEA="green"))

    assert line.endswith("; nothing was changed. See: gocd-tasks sleep-settle --help")


def test_what_another_command_knows_is_fine() -> None:
    others = {"GOCD_TASKS_BUCKET": "releases", "GOCD_TASKS_MDL_INSTANCE": "mdl", "GOCD_TASKS_FORCE": "x"}
    done = without_aws("sleep-settle", "--seconds", "0", **others)

    assert (done.returncode, done.stdout, done.stderr) == (0, "settled: quiet for 0 s\n", "")


def test_what_another_command_knows_is_known_without_importing_it() -> None:
    script = """
import sys
from tasks.cli import COMMANDS, run
run(["sleep-settle", "--seconds", "0"])
print(*(name for name, module in COMMANDS.items() if module in sys.modules))
"""
    done = subprocess.run(
        [PROGRAM.with_name("python"), "-c", script],
        env={"GOCD_TASKS_RATE": "20", "GOCD_TASKS_LOAD_BALANCER": "staging"},
        capture_output=True,
        text=True,
        check=True,
    )

    assert done.stdout.splitlines()[-1] == "sleep-settle"


def test_an_empty_variable_counts_as_absent_however_it_is_spelt() -> None:
    done = without_aws("sleep-settle", "--seconds", "0", GOCD_TASKS_MIN_HEALTY="", GOCD_TASKS_COLOR="")

    assert (done.returncode, done.stderr) == (0, "")


def test_help_is_given_whatever_the_environment_has() -> None:
    done = without_aws("detach-instance", "--help", GOCD_TASKS_MIN_HEALTY="1")

    assert done.returncode == 0
    assert "[env var: GOCD_TASKS_MIN_HEALTHY; default: 1]" in " ".join(done.stdout.split())


def test_a_word_for_the_sites_own_command_asks_for_no_help() -> None:
    words = ("deploy-artifact", "A", "app", "--via", "command", "--", "own", "--help")

    assert "no command knows" in one_error(without_aws(*words, GOCD_TASKS_MIN_HEALTY="1"))


def test_a_variable_without_the_prefix_has_no_effect(gocd_tasks: CommandLine, behind: MakeBalancer) -> None:
    behind("application")
    bare = dict.fromkeys(KNOWN, "nonsense")
    settled = without_aws("sleep-settle", "--seconds", "0", **bare)
    detached = gocd_tasks(*DETACH, "--dry-run", **bare)
    nothing_given = gocd_tasks("check-status", **bare)

    assert (settled.returncode, settled.stdout, settled.stderr) == (0, "settled: quiet for 0 s\n", "")
    assert detached.stderr == ""
    assert detached.returncode == 0
    assert "Staging-1: would leave staging" in detached.stdout
    assert "Missing option --url (or GOCD_TASKS_URL in the environment)" in one_error(nothing_given)


@pytest.mark.parametrize(
    ("variables", "line"),
    [
        ({"TIMEOUT": "5m"}, "GOCD_TASKS_TIMEOUT takes seconds, 0 or more, not '5m'"),
        (
            {"COLOR": "red"},
            "Invalid value for GOCD_TASKS_COLOR: 'red' is not one of 'auto', 'always', 'never'",
        ),
        ({"DRY_RUN": "perhaps"}, "Invalid value for GOCD_TASKS_DRY_RUN: 'perhaps' is not a valid boolean"),
    ],
)
def test_what_is_wrong_in_a_variable_is_blamed_on_the_variable(variables: dict[str, str], line: str) -> None:
    done = without_aws(*DETACH, **{PREFIX + name: value for name, value in variables.items()})

    assert done.returncode == 2
    assert one_error(done).startswith(f"error: {line}")


@pytest.mark.parametrize(
    ("words", "environment", "version"),
    [
        ((), {}, None),
        ((), {"GO_PIPELINE_LABEL": "3.1"}, "3.1"),
        ((), {"GO_PIPELINE_LABEL": ""}, None),
        ((), {"GO_PIPELINE_LABEL": "3.1", "GOCD_TASKS_VERSION": "2.0"}, "2.0"),
        (("--version", "1.0"), {"GO_PIPELINE_LABEL": "3.1", "GOCD_TASKS_VERSION": "2.0"}, "1.0"),
    ],
)
def test_a_version_is_by_default_the_label_of_the_running_pipeline(
    words: tuple[str, ...],
    environment: dict[str, str],
    version: str | None,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    for name in ("GO_PIPELINE_LABEL", "GOCD_TASKS_VERSION"):
        monkeypatch.setenv(name, environment.get(name, ""))
    context = APP.commands["deploy-artifact"].make_context("deploy-artifact", ["Staging-1", *words])

    assert context.params["version"] == version
