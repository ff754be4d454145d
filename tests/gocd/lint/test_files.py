"""What GoCD takes and does not come out as meant: machines left out, artifacts that nobody publishes."""

from pathlib import Path

import pytest

from gocd.finding import Finding, Level
from gocd.lint.files import lint
from tasks.pipelines.program import program

PROGRAM = program()
ROOT = Path(__file__).parents[3]

PIPELINE = """\
format_version: 10
pipelines:
  staging:
    group: apps
    environment_variables: {{GOCD_TASKS_LOAD_BALANCER: web, GOCD_TASKS_VIA: command{variables}}}
    materials: {{app: {{git: 'https://example.com/app'}}}}
    stages:
      - out:
          jobs:
            first:
              {job}
              tasks: [{first}]
      - in:
          {stage}
          jobs:
            second:
              tasks: [{second}]
"""
ONLY_ON_SUCCESS = "approval: {type: success, allow_only_on_success: true}"


def call(*words: str, more: str = "") -> str:
    return f"exec: {{command: gocd-tasks, arguments: [{', '.join(words)}]{more}}}"


OUT, IN = call("detach-instance", "A"), call("attach-instance", "A")
DEPLOY = call("deploy-artifact", "A", "app.zip")
START, FINISH = call("verify-traffic", "--start"), call("verify-traffic", "--finish", more=", run_if: any")
REPORT = "artifacts: [build: {source: out/report}]"
CONSOLE = "fetch: {stage: out, job: first, source: cruise-output/console.log, is_file: yes}"
PLAIN = {
    "variables": "",
    "job": "",
    "first": f"{OUT}, {DEPLOY}",
    "stage": ONLY_ON_SUCCESS,
    "second": IN,
}


def found(folder: Path, **changes: str) -> list[Finding]:
    file = folder / "a.gocd.yaml"
    file.write_text(PIPELINE.format(**{**PLAIN, **changes}))
    return lint([file], PROGRAM)


@pytest.mark.parametrize("file", sorted((ROOT / "pipelines").glob("*.gocd.yaml")), ids=lambda file: file.name)
def test_nothing_is_found_in_a_template(file: Path) -> None:
    assert lint([file], PROGRAM) == []


@pytest.mark.parametrize(
    "changes",
    [
        {},
        {"first": OUT, "second": IN},
        {"first": OUT, "second": "exec: {command: ls}", "stage": ""},
        {"first": call("deploy-artifact", "A", "app.zip", "--while-serving"), "second": IN},
        {"first": f"{START}, {OUT}, {DEPLOY}, {FINISH}"},
        {"job": f"tabs: {{T: report/a.html}}\n              {REPORT}"},
        {
            "job": "artifacts: [build: {source: dist/app.zip, destination: release}]",
            "second": f"fetch: {{stage: out, job: first, source: release/app.zip, is_file: true}}, {IN}",
        },
        {
            "job": "artifacts: [build: {source: dist/app.zip, destination: release}]",
            "second": f"fetch: {{stage: out, job: first, source: release}}, {IN}",
        },
        {
            "job": "artifacts: [build: {source: '**/*.zip'}]",
            "second": f"fetch: {{stage: out, job: first, source: any/where}}, {IN}",
        },
        {"second": f"{CONSOLE}, {IN}"},
        {"job": "timeout: 30", "variables": ", TOKEN_FILE: /etc/token, DB_PASSWORD: ''"},
    ],
)
def test_what_is_well_is_left_alone(changes: dict[str, str], tmp_path: Path) -> None:
    assert found(tmp_path, **changes) == []


@pytest.mark.parametrize(
    ("changes", "line", "said"),
    [
        ({"second": call("attach-instance", "B")}, 12, "A is taken out, and no attach-instance puts it back"),
        ({"first": DEPLOY}, 12, "a deployment to A, which no detach-instance has taken out before"),
        ({"first": f"{DEPLOY}, {OUT}"}, 12, "a deployment to A, which no detach-instance has taken out"),
        (
            {"stage": ""},
            13,
            "anybody may start stage 'in' after 'out' has failed; write 'approval: {type: suc",
        ),
        (
            {"stage": "approval: manual"},
            13,
            "has failed; write 'approval: {type: manual, allow_only_on_success",
        ),
        ({"first": f"{START}, {OUT}, {DEPLOY}"}, 12, "job 'first' begins traffic and does not judge it; end"),
        (
            {"second": f"{IN}, {FINISH}"},
            17,
            "job 'second' judges traffic that it has not begun; begin the job",
        ),
        (
            {"job": "tabs: {T: report.html}"},
            11,
            "tab 'T' shows 'report.html', and job 'first' publishes noth",
        ),
        (
            {"job": f"tabs: {{T: reports/a.html}}\n              {REPORT}"},
            11,
            "publishes nothing there; did you mean report?",
        ),
        (
            {"second": f"fetch: {{stage: out, job: first, source: app.zip, is_file: true}}, {IN}"},
            17,
            "a fetch of 'app.zip', which job 'first' does not publish",
        ),
        (
            {
                "job": "artifacts: [build: {source: dist/app.zip}]",
                "second": f"fetch: {{stage: out, job: first, source: app.zip}}, {IN}",
            },
            17,
            "'app.zip' would be fetched as a folder; write 'is_file: true'",
        ),
        ({"job": "timeout: 1800"}, 11, "for 1800 minutes without any output; a timeout is in minutes: 30"),
        ({"variables": ", DB_PASSWORD: geheim"}, 5, "DB_PASSWORD is in the repository and in every console"),
    ],
)
def test_what_hardly_anybody_means_is_a_warning(
    changes: dict[str, str], line: int, said: str, tmp_path: Path
) -> None:
    [finding] = found(tmp_path, **changes)

    assert (finding.level, finding.line) == (Level.WARNING, line)
    assert said in finding.text


def test_a_machine_that_another_file_puts_back_is_not_left_out(tmp_path: Path) -> None:
    texts = {
        "a": PIPELINE.format(**{**PLAIN, "second": "exec: {command: ls}"}),
        "b": PIPELINE.format(**{**PLAIN, "first": IN}).replace("staging:", "other:"),
    }
    for name, text in texts.items():
        (tmp_path / f"{name}.gocd.yaml").write_text(text)

    assert lint(sorted(tmp_path.glob("*.gocd.yaml")), PROGRAM) == []
    [alone] = lint([tmp_path / "a.gocd.yaml"], PROGRAM)
    assert "no attach-instance puts it back" in alone.what


def test_several_files_are_those_of_one_repository(tmp_path: Path) -> None:
    one = PIPELINE.format(**PLAIN)
    (tmp_path / "a.gocd.yaml").write_text(one)
    (tmp_path / "b.gocd.yaml").write_text(one.replace("format_version: 10", "format_version: 9"))
    [apart] = lint([tmp_path / "a.gocd.yaml", tmp_path / "b.gocd.yaml"], PROGRAM)
    (tmp_path / "b.gocd.yaml").write_text(one)
    [twice] = lint([tmp_path / "a.gocd.yaml", tmp_path / "b.gocd.yaml"], PROGRAM)

    assert (apart.file.name, apart.line) == ("b.gocd.yaml", 1)
    assert "format_version 9, where" in apart.what
    assert (twice.file.name, twice.line) == ("b.gocd.yaml", 3)
    assert "pipeline 'staging' is already defined on" in twice.what
