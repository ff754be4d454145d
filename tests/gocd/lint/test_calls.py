"""Calls of gocd-tasks are held against the command line that there is, here a small one."""

from pathlib import Path

import pytest

from gocd.finding import Level
from gocd.lint.files import lint
from gocd.lint.program import Command, Parameter, Program

FINE = "environment_variables: {GOCD_TASKS_LOAD_BALANCER: web}"
PIPELINE = """\
format_version: 10
pipelines:
  staging:
    group: apps
    parameters: {{machine: A, wait: "{wait}"}}
    {variables}
    materials: {{app: {{git: 'https://example.com/app'}}}}
    stages:
      - one:
          tasks:
            - exec: {{command: ls, arguments: ['#{{machine}}', '#{{wait}}']}}
            - exec:
                command: gocd-tasks
                arguments: {words}
"""


def number(value: str) -> str:
    return "" if value.isdigit() else f"takes a number, not '{value}'"


def text(_: str) -> str:
    return ""


def option(name: str, variable: str = "", **more: object) -> dict[str, Parameter]:
    return {name: Parameter((name,), more.pop("wrong", text), variable, **more)}  # type: ignore[arg-type]


def command(name: str, *options: dict[str, Parameter], arguments: tuple[Parameter, ...] = ()) -> Command:
    return Command(name, {each: one[each] for one in options for each in one}, arguments)


INSTANCE = Parameter(("INSTANCE",), text, "GOCD_TASKS_INSTANCE", is_needed=True)
PROGRAM = Program(
    {
        "detach": command(
            "detach",
            option("--load-balancer", "GOCD_TASKS_LOAD_BALANCER", takes_many=True, is_needed=True),
            option("--timeout", "GOCD_TASKS_TIMEOUT", wrong=number),
            option("--force", is_flag=True),
            arguments=(INSTANCE,),
        ),
        "report": command("report", arguments=(Parameter(("FILE...",), text, takes_many=True),)),
        "lock take": command("lock take", arguments=(Parameter(("NAME",), text, is_needed=True),)),
        "lock free": command("lock free"),
    },
    frozenset({"--help", "--version"}),
)


def found(folder: Path, words: str, variables: str = FINE, wait: str = "1") -> list[tuple[str, int, str]]:
    file = folder / "a.gocd.yaml"
    file.write_text(PIPELINE.format(words=words, variables=variables, wait=wait))
    return [(each.level.value, each.line, each.text) for each in lint([file], PROGRAM)]


@pytest.mark.parametrize(
    "words",
    [
        "[detach, A]",
        "[detach, --force, A, --timeout, 5]",
        "[detach, A, --timeout=5, --load-balancer, --web]",
        "[detach, --, A]",
        "[detach, --help]",
        "[--version]",
        "[report]",
        "[report, a, b, c]",
        "[lock, take, x]",
        "[lock, --help]",
        "[detach, '#{machine}', --timeout, '#{wait}']",
    ],
)
def test_a_call_that_the_command_line_takes_is_well(words: str, tmp_path: Path) -> None:
    assert found(tmp_path, words) == []


@pytest.mark.parametrize(
    ("words", "said"),
    [
        ("[detatch, A]", "gocd-tasks has no command 'detatch'; did you mean detach?"),
        ("[xyz]", "gocd-tasks has no command 'xyz'; there are detach, lock, report"),
        ("[--verbose, detach, A]", "gocd-tasks has no option '--verbose'; its commands come first"),
        ("[lock, tak, x]", "lock has no command 'tak'; did you mean take?"),
        ("[lock]", "lock needs a command; there are take, free"),
        ("[detach, A, --load-balancr, web]", "no option '--load-balancr'; did you mean --load-balancer?"),
        ("[detach, A, -f]", "detach has no option '-f'"),
        ("[detach, A, --force=yes]", "--force takes no value; write '--force' alone"),
        ("[detach, A, --timeout]", "--timeout needs a value"),
        ("[detach, A, --timeout, 5m]", "detach: --timeout takes a number, not '5m'"),
        ("[detach, A, --timeout=5m]", "detach: --timeout takes a number, not '5m'"),
        ("[detach]", "detach needs INSTANCE; give it here, or as GOCD_TASKS_INSTANCE among"),
        ("[detach, A, B]", "detach takes no argument 'B'; it takes INSTANCE"),
        ("[lock, free, x]", "lock free takes no argument 'x'; it takes options alone"),
    ],
)
def test_what_the_command_line_refuses_is_an_error(words: str, said: str, tmp_path: Path) -> None:
    [(level, line, told)] = found(tmp_path, words)

    assert (level, line) == ("error", 14)
    assert said in told


@pytest.mark.parametrize(
    ("words", "variables", "said"),
    [
        ("[detach, A]", "", "detach needs --load-balancer; give it here, or as GOCD_TASKS_LOAD_BALANCER"),
        ("[detach, A, --timeout, --force]", FINE, "'--force' would be the value of --timeout"),
        ("[]", FINE, "gocd-tasks without a command prints its help"),
    ],
)
def test_what_it_may_take_and_does_not_mean_is_a_warning(
    words: str, variables: str, said: str, tmp_path: Path
) -> None:
    told = [text for level, _, text in found(tmp_path, words, variables) if level == "warning"]

    assert len(told) == 1
    assert said in told[0]


def test_a_value_out_of_a_parameter_is_told_where_the_parameter_has_it(tmp_path: Path) -> None:
    told = found(tmp_path, "[detach, A, --timeout, '#{wait}']", wait="1m")

    assert told == [("error", 5, "detach: --timeout takes a number, not '1m'")]


@pytest.mark.parametrize(
    ("script", "lines"),
    [
        ("set -e; gocd-tasks detach A && gocd-tasks detatch B", [14]),
        ("|\n  gocd-tasks detach A\n  gocd-tasks detatch B\n", [16]),
        ("|\n  for each in A B; do\n    gocd-tasks detach $each --timeot 5\n  done\n", [16]),
        ("|\n  ##  gocd-tasks detatch\n  echo gocd-tasks detatch\n  pip install gocd-tasks\n", []),
        ("|\n  sudo -u deploy gocd-tasks detatch\n  X=1 timeout 5 gocd-tasks detatch\n", [15, 16]),
        ("|\n  gocd-tasks detach $ARGUMENTS\n  gocd-tasks $COMMAND\n", []),
        ("|\n  gocd-tasks detach A --timeout $SECONDS 2>&1 | tee log\n", []),
        ("echo 'unfinished", []),
    ],
)
def test_calls_in_a_shell_are_told_by_their_own_lines(script: str, lines: list[int], tmp_path: Path) -> None:
    file = tmp_path / "a.gocd.yaml"
    body = script.replace("\n", "\n                    ").rstrip()
    written = body if script.startswith("|") else f'"{script}"'
    plain = PIPELINE.format(words="X", variables=FINE, wait="1").replace("gocd-tasks\n", "bash\n")
    file.write_text(plain.replace("X", f"\n                  - -ec\n                  - {written}"))
    findings = lint([file], PROGRAM)

    shift = 2  # the list's own lines
    assert [each.line - shift for each in findings] == lines
    assert all(each.level is Level.ERROR for each in findings)


@pytest.mark.parametrize(
    ("variables", "said"),
    [
        ("GOCD_TASKS_LOAD_BALANCR: web", "error: no command knows the variable GOCD_TASKS_LOAD_BALANCR; did"),
        ("GOCD_TASKS_LOAD_BALANCR: ''", "warning: no command knows the variable"),
        (
            "GOCD_TASK_LOAD_BALANCER: web",
            "warning: no command takes anything from the variable GOCD_TASK_LOAD",
        ),
        ("gocd_tasks_load_balancer: web", "warning: no command takes anything from the variable gocd_tasks"),
        ("GOCD_TASKS_TIMEOUT: soon", "error: GOCD_TASKS_TIMEOUT takes a number, not 'soon'"),
        ("GOCD_TASKS_TIMEOUT: '#{wait}'", ""),
        ("GOCD_TASKS_TIMEOUT: ''", ""),
        ("GOCD_TASKS_REGION: 'of another command'", ""),
        ("GOCD_TASKS_PARAMETER_PASSWORD: x", "warning: the value of GOCD_TASKS_PARAMETER_PASSWORD is in the"),
        ("GOCD_HOME: /go", ""),
    ],
)
def test_variables_are_held_against_the_options(variables: str, said: str, tmp_path: Path) -> None:
    told = found(tmp_path, "[detach, A, --load-balancer, x]", f"environment_variables: {{{variables}}}")

    assert [f"{level}: {text}"[: len(said)] for level, _, text in told] == ([said] if said else [])


@pytest.mark.parametrize("level", ["pipeline", "stage", "job", "environment"])
def test_a_variable_reaches_a_call_from_wherever_it_is_set(level: str, tmp_path: Path) -> None:
    place = dict.fromkeys(("pipeline", "stage", "job", "environment"), "")
    place[level] = "environment_variables: {GOCD_TASKS_TIMEOUT: soon, GOCD_TASKS_LOAD_BALANCER: web}"
    (tmp_path / "a.gocd.yaml").write_text(
        f"""\
format_version: 10
environments:
  e:
    pipelines: [staging]
    {place["environment"]}
pipelines:
  staging:
    group: apps
    {place["pipeline"]}
    materials: {{app: {{git: 'https://example.com/app'}}}}
    stages:
      - one:
          {place["stage"]}
          jobs:
            two:
              {place["job"]}
              tasks:
                - exec: {{command: /usr/bin/gocd-tasks, arguments: [detach, A]}}
"""
    )
    [finding] = lint([tmp_path / "a.gocd.yaml"], PROGRAM)

    lines = {"environment": 5, "pipeline": 9, "stage": 13, "job": 16}
    assert (finding.line, finding.what) == (lines[level], "GOCD_TASKS_TIMEOUT takes a number, not 'soon'")


def test_a_call_that_an_error_elsewhere_is_beside_is_looked_at_all_the_same(tmp_path: Path) -> None:
    told = found(tmp_path, "[detatch]", "secure_variables: {A: plain}")

    assert [text[:10] for _, _, text in told] == ["secure var", "gocd-tasks"]


@pytest.mark.parametrize("name", ["gocd-task", "gocd_tasks", "/opt/bin/gocdtasks", "Gocd-Tasks"])
def test_a_program_that_is_named_almost_as_ours_is_a_warning(name: str, tmp_path: Path) -> None:
    file = tmp_path / "a.gocd.yaml"
    plain = PIPELINE.format(words="[detach]", variables=FINE, wait="1")
    file.write_text(plain.replace("command: gocd-tasks", f"command: {name}"))
    [finding] = lint([file], PROGRAM)

    assert (finding.level, finding.line, finding.instead) == (Level.WARNING, 13, "did you mean gocd-tasks?")


def test_an_environment_in_a_file_of_its_own_is_looked_at_too(tmp_path: Path) -> None:
    variables = "GOCD_TASKS_LOAD_BALANCR: web, DB_PASSWORD: geheim, GOCD_TASKS_TIMEOUT: soon"
    (tmp_path / "e.gocd.yaml").write_text(
        f"format_version: 10\nenvironments:\n  e:\n    pipelines: [staging]\n"
        f"    environment_variables: {{{variables}}}\n"
    )
    (tmp_path / "p.gocd.yaml").write_text(PIPELINE.format(words="[detach, A]", variables=FINE, wait="1"))
    alone = lint([tmp_path / "e.gocd.yaml"], PROGRAM)
    together = lint([tmp_path / "p.gocd.yaml", tmp_path / "e.gocd.yaml"], PROGRAM)

    assert [(each.level.value, each.what.split()[-1]) for each in alone] == [
        ("warning", "GOCD_TASKS_LOAD_BALANCR"),
        ("warning", "read"),
    ]
    assert {(each.file.name, each.line) for each in together} == {("e.gocd.yaml", 5)}
    assert [each.level.value for each in together] == ["error", "warning", "error"]
