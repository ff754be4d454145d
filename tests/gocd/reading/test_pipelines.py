import re
from pathlib import Path

import pytest

from gocd.errors import GoCDError, PipelineError
from gocd.pipeline import (
    Approval,
    Artifact,
    Environment,
    Exec,
    Fetch,
    Material,
    OtherTask,
    Pipeline,
    RunIf,
    Variables,
)
from gocd.reading.pipelines import read_parameters, read_pipelines

HEAD = """\
format_version: 10
pipelines:
  staging:
    group: apps
    materials:
      app: {git: "https://example.com/app.git"}
"""
STAGES = """\
    stages:
      - one:
          jobs:
            deploy:
              tasks:
                - exec: {command: "true"}
"""


def pipeline(text: str, folder: Path, **parameters: str) -> Pipeline:
    file = folder / "x.gocd.yaml"
    file.write_text(text, encoding="utf-8")
    (only,) = read_pipelines(file, parameters)
    return only


def with_tasks(tasks: str) -> str:
    lines = "".join(f"                {line}\n" for line in tasks.splitlines())
    return (
        HEAD
        + "    stages:\n      - one:\n          jobs:\n            deploy:\n              tasks:\n"
        + lines
    )


def with_job(keys: str) -> str:
    return HEAD + STAGES + "".join(f"              {line}\n" for line in keys.splitlines())


def with_stage(keys: str) -> str:
    return HEAD + STAGES + "".join(f"          {line}\n" for line in keys.splitlines())


def fetching(keys: str) -> str:
    return f"- fetch: {{stage: one, job: deploy, {keys}}}"


def with_keys(keys: str) -> str:
    return HEAD + "".join(f"    {line}\n" for line in keys.splitlines()) + STAGES


def refused(text: str, folder: Path, said: str) -> int:
    """The line that is blamed, once the message has been found to hold *said*."""
    with pytest.raises(PipelineError, match=re.escape(said)) as caught:
        pipeline(text, folder)
    assert str(caught.value) == f"{folder / 'x.gocd.yaml'}:{caught.value.line}: {caught.value.text}"
    return caught.value.line


def test_a_small_pipeline_gets_gocds_defaults(tmp_path: Path) -> None:
    read = pipeline(HEAD + STAGES, tmp_path)

    (stage,) = read.stages
    (job,) = stage.jobs
    assert (read.name, read.group, read.label_template, read.lock_behavior) == (
        "staging",
        "apps",
        "${COUNT}",
        "none",
    )
    assert read.materials == (Material("app", "git", "https://example.com/app.git", "master", line=6),)
    assert (stage.approval, stage.fetch_materials, stage.clean_workspace) == (Approval(), True, False)
    assert job.tasks == (Exec("true", line=12),)
    assert (job.timeout, job.run_instances, job.variables) == (None, None, Variables())


def test_tasks_are_read_with_run_if_on_cancel_and_lines(tmp_path: Path) -> None:
    tasks = """\
- exec: {command: bash, arguments: [-c, "exit 1"], working_directory: sub}
- exec:
    command: tidy
    run_if: any
    on_cancel:
      exec: {command: kill-it}
- script: echo hi
- plugin: {configuration: {id: p, version: 1}, run_if: failed}"""

    (job,) = pipeline(with_tasks(tasks), tmp_path).stages[0].jobs

    assert job.tasks == (
        Exec("bash", ("-c", "exit 1"), "sub", line=12),
        Exec("tidy", run_if=RunIf.ANY, on_cancel=Exec("kill-it", line=17), line=13),
        OtherTask("script", line=18),
        OtherTask("plugin", RunIf.FAILED, line=19),
    )


def test_exec_tasks_are_all_command_lines_those_on_cancel_too(tmp_path: Path) -> None:
    tasks = "- exec: {command: a, arguments: [1], on_cancel: {exec: {command: b}}}\n- script: c\n"
    tasks += "- exec: {command: d}"

    found = pipeline(with_tasks(tasks), tmp_path).exec_tasks()

    assert [(stage.name, job.name, task.description) for stage, job, task in found] == [
        ("one", "deploy", "a 1"),
        ("one", "deploy", "b"),
        ("one", "deploy", "d"),
    ]


def test_a_stage_with_tasks_of_its_own_is_one_job_of_the_same_name(tmp_path: Path) -> None:
    text = HEAD + "    stages:\n      - one:\n          timeout: 5\n          environment_variables: {A: 1}\n"
    text += "          tasks: [{exec: {command: a}}]\n"

    (stage,) = pipeline(text, tmp_path).stages

    assert [(job.name, job.timeout) for job in stage.jobs] == [("one", 5)]
    assert stage.variables == Variables({"A": "1"})


def test_nested_lists_from_anchors_are_flattened(tmp_path: Path) -> None:
    text = with_tasks("- *common\n- [[{exec: {command: c}}]]").replace(
        "pipelines:", "common:\n  tasks: &common [{exec: {command: a}}, {exec: {command: b}}]\npipelines:", 1
    )

    (job,) = pipeline(text, tmp_path).stages[0].jobs

    assert [task.description for task in job.tasks] == ["a", "b", "c"]


def test_a_job_is_read_with_everything_it_publishes(tmp_path: Path) -> None:
    keys = """\
timeout: 0
resources: [linux, java-17]
run_instances: 2
tabs: {Report: r/report.html}
artifacts:
  - build: {source: out/*.html, destination: r}
  - test: {source: junit.xml}
  - external: {id: image, store_id: hub}"""

    (job,) = pipeline(with_job(keys), tmp_path).stages[0].jobs

    assert (job.timeout, job.resources, job.run_instances) == (0, ("linux", "java-17"), 2)
    assert job.tabs == {"Report": "r/report.html"}
    assert job.artifacts == (
        Artifact("build", "out/*.html", "r", line=18),
        Artifact("test", "junit.xml", line=19),
        Artifact("external", "image", line=20),
    )


@pytest.mark.parametrize(
    ("approval", "expected"),
    [
        ("auto", Approval()),
        ("success", Approval()),
        ("manual", Approval(manual=True)),
        ("{type: manual, allow_only_on_success: yes, users: [anna]}", Approval(True, True, ("anna",))),
    ],
)
def test_approvals_are_a_word_or_a_map(approval: str, expected: Approval, tmp_path: Path) -> None:
    assert pipeline(with_stage(f"approval: {approval}"), tmp_path).stages[0].approval == expected


def test_parameters_are_replaced_in_strings_and_not_in_names(tmp_path: Path) -> None:
    text = HEAD.replace("apps", "apps-x") + "    parameters: {lb: 'web#1', settle_seconds: 60}\n"
    text += "    environment_variables: {LB: '#{lb}', HASH: '##'}\n" + STAGES.replace('"true"', '"run-#{lb}"')

    read = pipeline(text, tmp_path, settle_seconds="2")

    assert read.group == "apps-x"
    assert read.variables == Variables({"LB": "web#1", "HASH": "#"})
    assert [task.command for _, _, task in read.exec_tasks()] == ["run-web#1"]
    assert read.parameters == {"lb": "web#1", "settle_seconds": "2"}
    assert read_parameters(tmp_path / "x.gocd.yaml") == {"staging": {"lb": "web#1", "settle_seconds": "60"}}


def test_an_override_of_a_parameter_nobody_has_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(GoCDError, match=r"has no parameter 'settle_second'; did you mean settle_seconds?"):
        pipeline(with_keys("parameters: {settle_seconds: 60}"), tmp_path, settle_second="2")


def test_an_override_goes_to_those_pipelines_of_a_file_that_have_the_parameter(tmp_path: Path) -> None:
    file = tmp_path / "x.gocd.yaml"
    first = with_keys("parameters: {a: 1}\nenvironment_variables: {A: '#{a}'}")
    file.write_text(first + (HEAD + STAGES).split("pipelines:\n")[1].replace("staging", "other"))

    staging, other = read_pipelines(file, {"a": "2"})

    assert (staging.variables.plain, other.parameters) == ({"A": "2"}, {})


def test_the_environment_a_file_puts_its_pipeline_in_is_known(tmp_path: Path) -> None:
    environments = "environments:\n  live: {pipelines: [Staging], environment_variables: {E: 1}}\n"

    assert pipeline(HEAD + STAGES + environments, tmp_path).environment == Environment(
        "live", Variables({"E": "1"})
    )


def test_a_secret_parameter_makes_its_variable_secure(tmp_path: Path) -> None:
    read = pipeline(with_keys('environment_variables: {P: "{{SECRET:[vault][key]}}", Q: 1}'), tmp_path)

    assert read.variables == Variables({"Q": "1"}, {"P": "{{SECRET:[vault][key]}}"})


def test_fetches_from_earlier_stages_and_from_upstream_are_read(tmp_path: Path) -> None:
    text = HEAD + "      dist: {pipeline: build, stage: dist}\n" + STAGES
    text += "      - two:\n          tasks:\n"
    text += "            - fetch: {stage: one, job: deploy, source: out}\n"
    upstream_fetch = "{pipeline: far/build, stage: s, job: j, source: app.tgz, is_file: true, destination: d}"
    text += f"            - fetch: {upstream_fetch}\n"

    own, upstream = (fetch for _, _, fetch in pipeline(text, tmp_path).fetch_tasks())

    assert own == Fetch("one", "deploy", "out", line=16)
    assert (upstream.upstream, upstream.is_file, upstream.destination) == ("far", True, "d")


@pytest.mark.parametrize("word", ["a/../b", "./a", "a/b/", ".a", "a..b"])
def test_a_place_that_stays_inside_may_be_written_in_any_way(word: str, tmp_path: Path) -> None:
    keys = f"artifacts: [{{build: {{source: x, destination: {word}}}}}]"
    (job,) = pipeline(with_job(keys), tmp_path).stages[0].jobs

    assert [artifact.destination for artifact in job.artifacts] == [word]
    exec_task = f"- exec: {{command: a, working_directory: {word}}}"
    (task,) = pipeline(with_tasks(exec_task), tmp_path).exec_tasks()
    assert task[2].working_directory == word


@pytest.mark.parametrize(
    ("keys", "what"),
    [
        ("pipeline: ../build, stage: s, job: j", "pipeline '..'"),
        ("pipeline: build, stage: ../../s, job: j", "stage '../../s'"),
        ("pipeline: build, stage: s, job: /tmp", "job '/tmp'"),
    ],
)
def test_a_fetch_from_upstream_names_what_can_have_such_a_name(keys: str, what: str, tmp_path: Path) -> None:
    text = HEAD + "      dist: {pipeline: build, stage: dist}\n" + STAGES
    text += f"      - two:\n          tasks:\n            - fetch: {{{keys}, source: a}}\n"

    assert refused(text, tmp_path, f"a fetch from {what}, which cannot be the name of one") == 16


@pytest.mark.parametrize(
    ("tasks", "line", "said"),
    [
        ("- exec: {arguments: [a]}", 12, "an exec task has no command"),
        ("- exec: {command: ''}", 12, "command of an exec task is empty"),
        ("- exec:\n    command: a\n    arguments: -c", 14, "arguments must be a list, not '-c'"),
        ("- exec: {command: a, working_directory: /tmp}", 12, "leads out of the job's folder"),
        ("- exec: {command: a, working_directory: ../b}", 12, "leads out of the job's folder"),
        ("- exec: {command: a, working_directory: a/../../b}", 12, "leads out of the job's folder"),
        (
            fetching("source: a, destination: ../../b"),
            12,
            "destination '../../b' leads out of the job's folder",
        ),
        (fetching("source: a, destination: a/../../b"), 12, "leads out of the job's folder"),
        (fetching("source: a, destination: /b"), 12, "leads out of the job's folder"),
        (fetching("source: a, destination: ~/b"), 12, "leads out of the job's folder"),
        (fetching("source: a, destination: 'C:\\b'"), 12, "leads out of the job's folder"),
        (fetching("source: a, destination: '..\\b'"), 12, "leads out of the job's folder"),
        (fetching("source: ../../a"), 12, "source '../../a' leads out of what its job published"),
        (fetching("source: /a"), 12, "source '/a' leads out of what its job published"),
        ("- exec: {command: bash, arguments: [-c,\n    'echo $#']}", 13, "a lone '#'"),
        ("- script: |\n    #!/bin/bash", 13, "a lone '#' in '#!/bin/bash'"),
        (
            "- plugin: {configuration: {id: p, version: 1}, options: {a: '#{x}'}}",
            12,
            "parameter 'x' in '#{x}' is not defined",
        ),
        ("- exec: {command: a, arguments: ['#{x}']}", 12, "parameter 'x' in '#{x}' is not defined"),
        ("- exce: {command: a}", 12, "unknown kind of task 'exce'; did you mean exec?"),
        ("- exec", 12, "a task must be a mapping, not 'exec'"),
        (
            "- exec: {command: a, on_cancel: {exec: {command: b, on_cancel: {exec: {command: c}}}}}",
            12,
            "cannot have an on_cancel of its own",
        ),
        ("- fetch: {stage: one, job: deploy, source: a}", 12, "'one', which is not an earlier stage"),
        ("- fetch: {pipeline: up, stage: s, job: j, source: a}", 12, "'up', which is no material"),
        ("- fetch: {stage: s, job: j}", 12, "a fetch task has no source"),
        ("- fetch: {stage: s, job: j, source: a, is_file: maybe}", 12, "is_file must be true or false"),
    ],
)
def test_a_wrong_task_is_refused(tasks: str, line: int, said: str, tmp_path: Path) -> None:
    assert refused(with_tasks(tasks), tmp_path, said) == line


@pytest.mark.parametrize(
    ("keys", "said"),
    [
        ("timeout: 1.5", "timeout must be a whole number, not '1.5'"),
        ("timeout: -1", "timeout must be 0 or more"),
        ("run_instances: 0", "run_instances must be a number above 0, or all"),
        ("resources: [a]\nelastic_profile_id: b", "either resources or an elastic_profile_id"),
        ("resources: ['a/b']", "'a/b' cannot be a resource"),
        ("tabs: {VerificationReport: a.html}", "'VerificationReport' cannot be the name of a tab"),
        ("tabs: {Report: 'a b.html'}", "has a space in it"),
        ("artifacts: [{log: {source: a}}]", "'log' is not a kind of artifact"),
        ("artifacts: [{build: {destination: a}}]", "a build artifact has no source"),
        ("artifacts: [{build: {source: a, destination: ../b}}]", "leads out of the job's artifacts"),
        ("artifacts: [{build: {source: a, destination: b/../../c}}]", "leads out of the job's artifacts"),
        ("artifacts: [{test: {source: a, destination: ../c}}]", "leads out of the job's artifacts"),
        ("artifacts: [{build: {source: a, destination: /../c}}]", "leads out of the job's artifacts"),
        ("artifacts: [{build: {source: a, destination: .}}]", "'.' is no path that GoCD takes"),
        ("artifacts: [{build: {source: a, destination: b.}}]", "'b.' is no path that GoCD takes"),
        ("artifacts: [{build: {source: a}}, {build: {source: a}}]", "artifact 'a' is already on line"),
        (
            "environment_variables: {A: 1}\nsecure_variables: {a: ''}",
            "variable 'a' is already defined on line",
        ),
        ("environment_variables: [A]", "environment_variables must be a mapping, not a list"),
    ],
)
def test_a_wrong_job_is_refused(keys: str, said: str, tmp_path: Path) -> None:
    assert refused(with_job(keys), tmp_path, said) > 12


@pytest.mark.parametrize(
    ("keys", "said"),
    [
        ("approval: maybe", "'maybe' is not an approval"),
        ("approval: {type: auto}", "'auto' is not an approval type"),
        ("approval: {users: [a]}", "an approval has no type"),
        ("clean_workspace: tRuE", "clean_workspace must be true or false, not 'tRuE'"),
    ],
)
def test_a_wrong_stage_is_refused(keys: str, said: str, tmp_path: Path) -> None:
    assert refused(with_stage(keys), tmp_path, said) == 13


@pytest.mark.parametrize(
    ("keys", "said"),
    [
        ("lock_behavior: lockOnFail", "'lockOnFail' is not a lock_behavior; did you mean lockOnFailure?"),
        ("label_template: 2.0", "label_template '2.0' needs a token such as ${COUNT}"),
        ("label_template: '${ap}'", "label_template names 'ap', which is no material"),
        ("label_template: '#1-${COUNT}'", "a lone '#'"),
        ("display_order: first", "display_order must be a whole number, not 'first'"),
        ("timer: {spec: '0 4 * * *'}", "a timer needs 6 or 7, seconds first"),
        ("tracking_tool: {link: 'https://x/', regex: a}", "holds ${ID}"),
        ("parameters: {.a: 1}", "'.a' cannot be the name of a parameter"),
        ("environment_variables: {A: [1]}", "variable 'A' must be text, not a list"),
    ],
)
def test_a_wrong_pipeline_is_refused(keys: str, said: str, tmp_path: Path) -> None:
    assert refused(with_keys(keys), tmp_path, said) == 7


@pytest.mark.parametrize(
    ("materials", "said"),
    [
        ("{}", "the pipeline has no materials"),
        ("{a: {branch: main}}", "material 'a' has none of the keys that say what it is"),
        ("{a: {type: gti, url: u}}", "'gti' is not a kind of material; did you mean git?"),
        ("{a: {type: git}}", "material 'a' has no url"),
        ("{a: {pipeline: p}}", "material 'a' has no stage"),
        ("{a: {git: u, ignore: [x], includes: [y]}}", "GoCD takes one of them"),
        ("{a: {git: 'https://me:x@h/r', username: me}}", "a user in its URL and a username"),
        ("{a: {git: u}, b: {type: configrepo, destination: b}}", "material 'a' has no destination"),
        ("{a: {git: u, destination: a}, A: {git: u, destination: b}}", "material 'A' is already defined"),
        ("{a: {git: u, destination: ../../../b}}", "'../../../b' leads out of the job's folder"),
        ("{a: {git: u, destination: /b}}", "destination '/b' leads out of the job's folder"),
        ("{a: {git: u, destination: .}}", "'.' is no path that GoCD takes"),
        ("{a: {type: configrepo, destination: ../b}}", "leads out of the job's folder"),
        ("{a: {git: u, shallow_clone: maybe}}", "shallow_clone must be true or false"),
    ],
)
def test_a_wrong_material_is_refused(materials: str, said: str, tmp_path: Path) -> None:
    text = HEAD.partition("    materials:")[0] + f"    materials: {materials}\n" + STAGES

    assert refused(text, tmp_path, said) == 5


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (HEAD.replace("    group: apps\n", "") + STAGES, "pipeline 'staging' has no group"),
        (HEAD, "pipeline 'staging' has no stages"),
        (HEAD + "    stages: []\n", "the pipeline has no stages"),
        (HEAD + "    stages:\n      - one: {approval: manual}\n", "stage 'one' has no jobs"),
        (HEAD + "    stages:\n      - one: {jobs: {}}\n", "stage 'one' has no jobs"),
        (HEAD + "    stages:\n      - one: {jobs: {a: {timeout: 1}}}\n", "job 'a' has no tasks"),
        (HEAD + "    stages:\n      - one:\n", "stage 'one' must be a mapping, not nothing"),
        (HEAD + STAGES + STAGES.replace("    stages:\n", ""), "stage 'one' is already defined on line 8"),
        (HEAD + STAGES.replace("deploy", "a-runInstance-1"), "cannot be the name of a job"),
        ((HEAD + STAGES).replace("staging", ".staging"), "'.staging' cannot be the name of a pipeline"),
        ((HEAD + STAGES).replace("10", "12"), "'12' is not a format_version"),
        (
            "format_version: 10\npipeline: {}\n",
            "unknown key 'pipeline' in a pipeline file; did you mean pipelines?",
        ),
        ("- a\n", "a pipeline file must be a mapping, not a list"),
    ],
)
def test_a_wrong_file_is_refused(text: str, said: str, tmp_path: Path) -> None:
    assert refused(text, tmp_path, said) > 0
