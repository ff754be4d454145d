"""Mistakes that people make in a copy of a template, each told with its line and the right word."""

from dataclasses import dataclass
from pathlib import Path

import pytest

from gocd.finding import Level
from gocd.lint.files import lint
from tasks.pipelines.program import program

TEMPLATE = (Path(__file__).parents[3] / "pipelines" / "staging.gocd.yaml").read_text(encoding="utf-8")
PROGRAM = program()
ERROR, WARNING = Level.ERROR, Level.WARNING


@dataclass(frozen=True)
class Mistake:
    """*before* as it is in the template, *after* as somebody wrote it, and what is to be told of it.

    Args:
        at: Where it is to be mended, if not where *after* begins.
    """

    before: str
    after: str
    level: Level
    what: str
    instead: str
    at: str = ""


MISTAKES = {
    "indented too little": Mistake(
        "      load_balancer:", "     load_balancer:", ERROR, "is indented by 5 blanks", "same indentation"
    ),
    "a tab": Mistake(
        "      load_balancer:", "\tload_balancer:", ERROR, "a tab, which YAML does not take", "write blanks"
    ),
    "no colon": Mistake(
        "group: deployment", "group deployment", ERROR, "no colon after 'group'", "write 'group: deployment'"
    ),
    "no blank after a colon": Mistake(
        "load_balancer: staging",
        "load_balancer:staging",
        ERROR,
        "no blank after the colon",
        "write 'load_",
    ),
    "a quote left open": Mistake(
        'min_healthy: "1"', 'min_healthy: "1', ERROR, "a quote that is not closed", "close it on its line"
    ),
    "a brace without quotes": Mistake(
        'status_url: "http://{private_ip}:8080/_status"',
        "status_url: {private_ip}:8080/_status",
        ERROR,
        "a value that begins with '{' is a mapping",
        "write '{private_ip}:8080/_status'",
    ),
    "a parameter without quotes, in a list": Mistake(
        'detach-instance, "#{first}"]', "detach-instance, #{first}]", ERROR, "is a comment", '"#{first}"'
    ),
    "a parameter without quotes, as a value": Mistake(
        'GOCD_TASKS_MIN_HEALTHY: "#{min_healthy}"',
        "GOCD_TASKS_MIN_HEALTHY: #{min_healthy}",
        WARNING,
        "'#{min_healthy}' is a comment, which leaves the value empty",
        "put the value in quotes",
    ),
    "a # in a value": Mistake(
        "    group: deployment",
        "    group: deployment\n    tracking_tool: {link: 'https://t/${ID}', regex: '#(\\d+)'}",
        ERROR,
        "a lone '#' in '#(\\d+)'",
        "write '##' for '#'",
        at="    tracking_tool",
    ),
    "a key twice": Mistake(
        "    group: deployment",
        "    group: deployment\n    group: web",
        ERROR,
        "duplicate key 'group'",
        "already",
        at="    group: web",
    ),
    "a key near the right one": Mistake(
        "clean_workspace: true", "clean_workspaces: true", WARNING, "silently ignores", "clean_workspace?"
    ),
    "jobs beside their key": Mistake(
        "          jobs:\n            attach:",
        "          jobs:\n          attach:",
        WARNING,
        "unknown key 'attach'",
        "below 'jobs:'",
        at="          attach:",
    ),
    "no group": Mistake(
        "    group: deployment\n", "", ERROR, "has no group", "write 'group: NAME'", "  staging:\n"
    ),
    "a run_if of another system": Mistake(
        "run_if: any", "run_if: always", WARNING, "'always' is not a run_if", "passed, failed, any"
    ),
    "a parameter misspelt": Mistake(
        '"port=#{traffic_port}"',
        '"port=#{trafic_port}"',
        ERROR,
        "'trafic_port'",
        "traffic_port?",
    ),
    "a stage misspelt in a fetch": Mistake(
        "fetch: {stage: Staging-1-in,",
        "fetch: {stage: Staging-1-inn,",
        ERROR,
        "'Staging-1-inn'",
        "Staging-1-in?",
    ),
    "an artifact misspelt in a fetch": Mistake(
        "job: attach, source: events/", "job: attach, source: event/", WARNING, "'event/", "publishes events"
    ),
    "a command misspelt": Mistake(
        "arguments: [detach-instance,",
        "arguments: [detach-instanse,",
        ERROR,
        "gocd-tasks has no command 'detach-instanse'",
        "did you mean detach-instance?",
    ),
    "an option misspelt": Mistake(
        "[sleep-settle, --seconds,", "[sleep-settle, --second,", ERROR, "no option '--second'", "--seconds?"
    ),
    "an argument left out": Mistake(
        '[attach-instance, "#{first}"]',
        "[attach-instance]",
        ERROR,
        "attach-instance needs INSTANCE",
        "give it",
    ),
    "a variable misspelt": Mistake(
        "GOCD_TASKS_MIN_HEALTHY:",
        "GOCD_TASKS_MIN_HEALTY:",
        ERROR,
        "no command knows the variable GOCD_TASKS_MIN_HEALTY",
        "did you mean GOCD_TASKS_MIN_HEALTHY?",
    ),
    "a value with its unit": Mistake(
        'settle_seconds: "60"',
        "settle_seconds: 60s",
        ERROR,
        "--seconds takes seconds, 0 or more, not '60s'",
        "",
    ),
    "a value out of range": Mistake(
        'traffic_rate: "20"', 'traffic_rate: "-20"', ERROR, "takes requests per second, 0.001 or more", ""
    ),
    "a command with its arguments": Mistake(
        "command: gocd-tasks\n                    arguments: [verify-traffic, --finish]",
        "command: gocd-tasks verify-traffic --finish",
        WARNING,
        "would be the program's whole name",
        "put its arguments in arguments",
    ),
    "a timeout in seconds": Mistake(
        "timeout: 30", "timeout: 1800", WARNING, "for 1800 minutes without any output", "in minutes: 30"
    ),
    "a material without its folder": Mistake(
        "    materials:\n",
        "    materials:\n      one: {git: 'https://example.com/one'}\n"
        "      two: {git: 'https://example.com/two', destination: two}\n",
        ERROR,
        "material 'one' has no destination",
        "each needs a destination",
        at="      one: {git",
    ),
    "a secret in plain text": Mistake(
        "    environment_variables:\n",
        "    secure_variables:\n      PASSWORD: geheim\n    environment_variables:\n",
        ERROR,
        "secure variable 'PASSWORD' is not what GoCD encrypted",
        "encrypt it by POST /go/api/admin/encrypt",
        at="      PASSWORD",
    ),
    "a pipeline that waits for itself": Mistake(
        "    materials:\n",
        "    materials:\n      itself: {pipeline: staging, stage: verify}\n",
        ERROR,
        "pipelines that wait for each other: staging <- staging",
        "",
        at="      itself",
    ),
    "a lock of another spelling": Mistake(
        "unlockWhenFinished", "unlock_when_finished", ERROR, "is not a lock_behavior", "unlockWhenFinished?"
    ),
    "a format of the future": Mistake(
        "format_version: 10",
        "format_version: 12",
        ERROR,
        "is not a format_version",
        "write 'format_version: 10'",
    ),
    "a machine put back under another name": Mistake(
        '[attach-instance, "#{first}"]',
        "[attach-instance, Staging-l]",
        WARNING,
        "Staging-1 is taken out",
        "did you mean Staging-l?",
        at='[detach-instance, "#{first}"]',
    ),
}


@pytest.mark.parametrize("mistake", MISTAKES.values(), ids=MISTAKES)
def test_a_typical_mistake_is_told_with_its_line_and_the_right_word(mistake: Mistake, tmp_path: Path) -> None:
    assert mistake.before in TEMPLATE
    file = tmp_path / "ours.gocd.yaml"
    text = TEMPLATE.replace(mistake.before, mistake.after, 1)
    file.write_text(text, encoding="utf-8")
    line = text[: text.index(mistake.at or mistake.after)].count("\n") + 1
    findings = [(each.level, each.line, each.what, each.instead) for each in lint([file], PROGRAM)]

    assert [
        each
        for each in findings
        if each[:2] == (mistake.level, line) and mistake.what in each[2] and mistake.instead in each[3]
    ], findings


def test_the_template_itself_has_none(tmp_path: Path) -> None:
    (tmp_path / "ours.gocd.yaml").write_text(TEMPLATE, encoding="utf-8")

    assert lint([tmp_path / "ours.gocd.yaml"], PROGRAM) == []
