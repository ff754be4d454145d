"""What GoCD refuses and what it takes, kind by kind: each is one change to a file that it takes."""

from pathlib import Path

import pytest

from gocd.finding import Level
from gocd.reading.pipelines import Reading, read_files

PIPELINE = """\
  {name}:
    group: apps
    {pipeline}
    materials: {materials}
    stages:
      - one:
          {stage}
          jobs:
            deploy:
              {job}
              tasks: {tasks}
"""
PLAIN = {
    "name": "staging",
    "pipeline": "",
    "materials": "{app: {git: 'https://example.com/app'}}",
    "stage": "",
    "job": "",
    "tasks": "[exec: {command: ls}]",
}


def text(version: str = "10", root: str = "", **changed: str) -> str:
    head = f"format_version: {version}\n" if version else ""
    return f"{head}{root}\npipelines:\n" + PIPELINE.format(**{**PLAIN, **changed})


def read(folder: Path, *texts: str) -> Reading:
    files = [folder / f"{number}.gocd.yaml" for number, _ in enumerate(texts)]
    for file, content in zip(files, texts, strict=True):
        file.write_text(content, encoding="utf-8")
    return read_files(files)


def whole(changes: dict[str, str]) -> str:
    return text(**changes)


LONG = "a" * 256
_INDENTED = "\n                "
NO_ARGUMENT = _INDENTED.join(("", "- exec:", "    command: ls", "    arguments:", "      - #{a}"))


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"name": "'#{a}'", "pipeline": "parameters: {a: b}"}, "GoCD replaces no parameter there"),
        ({"materials": "{'a b': {git: u}}"}, "'a b' cannot be the name of a material"),
        ({"materials": f"{{{LONG}: {{git: u}}}}"}, "cannot be the name of a material"),
        ({"pipeline": "parameters: {a: 1, A: 2}"}, "parameter 'A' is already defined"),
        ({"pipeline": "label_template: '${app[:0]}'"}, "cuts 'app' to no characters"),
        ({"pipeline": "label_template: '${env:}'"}, "names 'env:'"),
        ({"pipeline": "timer: {spec: '0 0 22 * * *'}"}, "must have '?'"),
        ({"pipeline": "timer: {spec: '0 0 25 * * ?'}"}, "'25' is no hour"),
        ({"pipeline": "secure_variables: {A: plain}"}, "not what GoCD encrypted; encrypt it"),
        ({"pipeline": "secure_variables: {A: '{{SECRET:[a][b]}}'}"}, "a secret of a plugin is given under"),
        ({"pipeline": "environment_variables: {' A': b}"}, "begins or ends with a blank"),
        ({"pipeline": "template: '#{a}'"}, "cannot be the name of a template"),
        ({"materials": "{a: {git: u, destination: d}, b: {git: v, destination: d/e}}"}, "one, or nested"),
        ({"materials": "{a: {git: u, destination: d}, b: {git: v, destination: ./d}}"}, "one, or nested"),
        ({"materials": "{a: {pipeline: p, stage: s}, b: {pipeline: P, stage: s}}"}, "already defined"),
        ({"materials": "{a: {pipeline: staging, stage: one}}"}, "wait for each other: staging <- staging"),
        ({"materials": "{a: {tfs: u}}"}, "none of the keys that say what it is"),
        ({"materials": "{a: {p4: 'h:1'}}"}, "has no view"),
        ({"materials": "{a: {git: -u}}"}, "no URL that GoCD takes"),
        ({"job": "resources: [\u00e9]"}, "cannot be a resource"),
        ({"job": "elastic_profile_id: ''"}, "elastic_profile_id of job 'deploy' is empty"),
        ({"tasks": "[plugin: {options: {a: b}}]"}, "a plugin task has no configuration"),
        ({"tasks": "[plugin: {configuration: {id: x}}]"}, "configuration has no version"),
        ({"tasks": "[ant: {working_directory: ../x}]"}, "leads out of the job's folder"),
        ({"root": "environments: {e: {pipelines: [other]}}"}, "holds pipeline 'other', which is in no file"),
        ({"materials": "{a: {hg: 'https://h/r####b', branch: c}}"}, "has a branch in its URL as well"),
        (
            {"version": "1", "pipeline": "locking: true\n    lock_behavior: none"},
            "locking and a lock_behavior",
        ),
        (
            {"tasks": NO_ARGUMENT},
            "an argument that is nothing at all",
        ),
        ({"tasks": "[exec: {command: ls, is_file: perhaps}]"}, "is_file must be true or false"),
        ({"tasks": "[exec: {command: ls, options: x}]"}, "options must be a mapping"),
        (
            {"tasks": "[plugin: {configuration: {id: x, version: 1}, secure_options: {a: plain}}]"},
            "secure option 'a' is not what GoCD encrypted",
        ),
        ({"materials": "{a: {git: u, filter: x}}"}, "filter of material 'a' must be a mapping, not 'x'"),
        ({"root": "environments: x"}, "environments must be a mapping, not 'x'"),
        ({"version": "12"}, "'12' is not a format_version; write 'format_version: 10'"),
        ({"version": "11", "tasks": "[]"}, "a job has no tasks"),
    ],
)
def test_gocd_refuses(changes: dict[str, str], said: str, tmp_path: Path) -> None:
    reading = read(tmp_path, whole(changes))

    assert reading.pipelines == ()
    assert said in reading.errors[0].text
    assert reading.errors[0].line > 0


@pytest.mark.parametrize(
    "changes",
    [
        *({"version": version} for version in ("", "1", "4", "9", "11")),
        {"pipeline": "environment_variables:", "job": "artifacts:"},
        {"job": "resources:", "stage": "fetch_materials:"},
        {"tasks": "[exec: {command: ls, arguments: }]"},
        {"tasks": "[ant: ]"},
        {"pipeline": "label_template: '${count}-${ENV:A}'"},
        {"job": "run_instances: ALL"},
        {"job": "resources: []\n              elastic_profile_id: small"},
        {"job": "artifacts: [build: {source: x}, test: {source: x}]"},
        {"job": "tabs: {'#{a}': x}", "pipeline": "parameters: {a: report}"},
        {"root": "environments: {e: {pipelines: [staging]}, E: {}}"},
        {"root": "environments: {e: {environment_variables: {A: 'a#b'}}}"},
        {"root": "environments:"},
        {"pipeline": "timer: {spec: '0 0/15 6-22 ? * MON-FRI'}"},
        {"pipeline": "secure_variables: {A: 'AES:aXY=:ZGF0YQ==', B: ''}"},
    ],
)
def test_gocd_takes(changes: dict[str, str], tmp_path: Path) -> None:
    reading = read(tmp_path, whole(changes))

    assert reading.findings == ()
    assert len(reading.pipelines) == 1


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"pipeline": "colour: red"}, "unknown key 'colour' in pipeline 'staging'"),
        ({"stage": "aproval: manual"}, "did you mean approval?"),
        ({"stage": "tasks: []"}, "unknown key 'tasks' in stage 'one'"),
        ({"pipeline": "locking: true"}, "unknown key 'locking'"),
        ({"tasks": "[exec: {command: 'ls -l'}]"}, "put its arguments in arguments"),
        ({"tasks": "[exec: {command: ls, run_if: Any}]"}, "did you mean any?"),
        ({"tasks": "[exec: {command: ls, timeout: 5}]"}, "no timeout of its own"),
        ({"tasks": "[{exec: {command: ls}, run_if: any}]"}, "begin an item of its own with '- run_if:'"),
        ({"tasks": "[]"}, "GoCD runs 'echo'"),
        ({"pipeline": "template: t"}, "does not read the stages"),
    ],
)
def test_what_gocd_takes_and_does_not_do_is_a_warning(
    changes: dict[str, str], said: str, tmp_path: Path
) -> None:
    reading = read(tmp_path, whole(changes))

    [finding] = reading.findings
    assert finding.level is Level.WARNING
    assert said in finding.text
    assert (finding.line, finding.column) > (1, 1)
    assert len(reading.pipelines) == 1


@pytest.mark.parametrize("second", ["---\na: b\n", "---\na: [b\n", "...\n  a: {b\n"])
def test_a_second_document_is_a_warning_whatever_is_in_it(second: str, tmp_path: Path) -> None:
    [finding] = read(tmp_path, text() + second).findings

    assert "a second document" in finding.what


def test_locking_of_the_first_format_is_a_lock_behavior(tmp_path: Path) -> None:
    for version, expected in (("1", "lockOnFailure"), ("", "lockOnFailure"), ("2", "none")):
        [pipeline] = read(tmp_path, text(version=version, pipeline="locking: true")).pipelines
        assert pipeline.lock_behavior == expected


def test_all_files_have_one_format_version(tmp_path: Path) -> None:
    other = text(version="3", name="production")

    [finding] = read(tmp_path, text(), other).errors

    assert finding.what.startswith("format_version 3, where")
    assert len(read(tmp_path, text(), text(version="", name="production")).pipelines) == 2


def test_a_file_may_hold_environments_only(tmp_path: Path) -> None:
    alone = "format_version: 10\nenvironments: {live: {pipelines: [staging, elsewhere]}}\n"
    reading = read(tmp_path, alone)

    assert (reading.pipelines, reading.findings) == ((), ())
    assert [each.name for each in reading.environments] == ["live"]

    [pipeline] = read(tmp_path, text(), alone.replace(", elsewhere", "")).pipelines
    assert pipeline.environment is not None


@pytest.mark.parametrize(
    ("other", "said"),
    [
        ({"name": "Staging"}, "pipeline 'Staging' is already defined"),
        (
            {"materials": "{up: {pipeline: staging, stage: two}}"},
            "names stage 'two', which is not in 'staging'",
        ),
        ({"materials": "{app: {git: 'https://example.com/app', auto_update: no}}"}, "another auto_update"),
        (
            {
                "materials": "{up: {pipeline: staging, stage: one}}",
                "tasks": "[fetch: {pipeline: staging, stage: one, job: deploi, source: x}]",
            },
            "a fetch from job 'deploi', which stage 'one' does not have; did you mean deploy?",
        ),
    ],
)
def test_what_files_say_of_each_other_is_held(other: dict[str, str], said: str, tmp_path: Path) -> None:
    reading = read(tmp_path, text(), text(**{"name": "production", **other}))

    assert said in reading.errors[0].text


def test_groups_differ_in_more_than_case(tmp_path: Path) -> None:
    other = text(name="production").replace("group: apps", "group: Apps")

    assert "differs from group 'apps' in case only" in read(tmp_path, text(), other).errors[0].text


def test_everything_wrong_is_found_at_once(tmp_path: Path) -> None:
    tasks = "[exec: {}, exec: {command: ls, working_directory: /}, exec: {command: ls}]"

    assert len(read(tmp_path, text(tasks=tasks)).errors) == 2
