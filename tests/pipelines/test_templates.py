"""The templates are valid GoCD, say only what GoCD reads, and call commands that exist."""

import re
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
import typer
import yaml

from gocd.pipeline import Exec, Pipeline, RunIf
from gocd.reading.pipelines import read_parameters, read_pipelines
from gocd.task_calls import TaskCall, task_calls
from gocd.task_variables import KNOWN, PREFIX
from tasks.cli import command_line

PIPELINES = Path(__file__).parents[2] / "pipelines"
TEMPLATES = sorted(PIPELINES.glob("*.gocd.yaml"))
STAGED = [path for path in TEMPLATES if path.name in ("staging.gocd.yaml", "production.gocd.yaml")]


@pytest.fixture(params=TEMPLATES, ids=lambda path: path.name)
def template(request: pytest.FixtureRequest) -> Pipeline:
    [pipeline] = read_pipelines(request.param)
    return pipeline


@pytest.fixture(params=STAGED, ids=lambda path: path.name)
def staged(request: pytest.FixtureRequest) -> Pipeline:
    [pipeline] = read_pipelines(request.param)
    return pipeline


def written(template: Pipeline) -> dict[str, Any]:
    """What the file says, before any parameter is put in."""
    pipelines: dict[str, dict[str, Any]] = yaml.safe_load(template.file.read_text())["pipelines"]
    return pipelines[template.name]


def parse(call: TaskCall, monkeypatch: pytest.MonkeyPatch) -> None:
    """Have the real command line read *call*; it raises what a user would be told."""
    for name, value in {**call.variables, "GO_PIPELINE_LABEL": "2.0"}.items():
        # What a pipeline declares empty is given at its trigger.
        monkeypatch.setenv(name, value or "0.84.0")
    group = typer.main.get_command(command_line())
    command = group.commands[call.task]  # type: ignore[attr-defined]
    command.make_context(call.task, list(call.words[1:]))


def test_both_farms_have_their_template() -> None:
    assert [path.name for path in STAGED] == ["production.gocd.yaml", "staging.gocd.yaml"]


def test_every_call_is_one_that_the_command_line_takes(
    template: Pipeline, monkeypatch: pytest.MonkeyPatch
) -> None:
    calls = list(task_calls(template))
    assert calls
    for call in calls:
        parse(call, monkeypatch)


def test_a_call_with_a_wrong_option_would_be_noticed(monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(typer.TyperException, match="--load-balancr"):
        parse(TaskCall(("detach-instance", "A", "--load-balancr", "x"), {}), monkeypatch)


def test_every_variable_is_one_of_ours_that_some_command_knows_or_of_aws(template: Pipeline) -> None:
    jobs = [job for stage in template.stages for job in stage.jobs]
    variables = [template.variables, *(stage.variables for stage in template.stages)]
    names = {name for each in (*variables, *(job.variables for job in jobs)) for name in each.names}

    assert names - {PREFIX + known for known in KNOWN} == {"AWS_REGION"}


def test_every_value_of_a_site_is_a_parameter(template: Pipeline) -> None:
    declared = next(iter(read_parameters(template.file).values()))
    # A pipeline upstream is named in the material as well, which no parameter reaches.
    own = [name for name in declared if not name.endswith(("_pipeline", "_stage"))]
    changed = {name: f"other-{name.replace('_', '-')}" for name in own}
    [other] = read_pipelines(template.file, changed)

    text = repr([task for _, _, task in other.exec_tasks()]) + repr(list(other.fetch_tasks()))
    text += repr(other.variables) + repr(other.materials)
    assert [name for name in own if f"other-{name.replace('_', '-')}" not in text] == []


def test_every_parameter_is_explained_in_one_line(template: Pipeline) -> None:
    lines = template.file.read_text().splitlines()
    own = [
        at for at, line in enumerate(lines) if re.match(rf"      ({'|'.join(template.parameters)}): ", line)
    ]

    assert len(own) == len(template.parameters)
    assert [lines[at] for at in own if not lines[at - 1].startswith("      # ")] == []


# GoCD holds what a config repository's pipelines refer to against its rules before parameters are put in.
# Source: server/.../GoConfigRepoConfigDataSource.java and a real server, which refused '#{build_pipeline}'
def test_pipelines_upstream_are_named_plainly_and_in_one_place(template: Pipeline) -> None:
    for name, material in written(template)["materials"].items():
        if "pipeline" in material:
            of = "staging" if name == "staging" else "build"
            assert material["pipeline"] == template.parameters[f"{of}_pipeline"]
            assert material["stage"] == template.parameters.get(f"{of}_stage", "verify")
            # An alias of the parameter's own value: who changes that changes both.
            assert f"pipeline: *{of}_pipeline" in template.file.read_text()


# Source: GoCD's AutoBuild.java, isValidBuildCause, and SchedulingCheckerService.java, canAutoTriggerProducer
def test_nothing_runs_before_a_person_has_started_it(template: Pipeline) -> None:
    materials = written(template)["materials"].values()

    assert template.stages[0].approval.manual or all(each.get("ignore_for_scheduling") for each in materials)


def test_nobody_goes_on_by_hand_after_a_stage_that_failed(template: Pipeline) -> None:
    assert [each.name for each in template.stages[1:] if not each.approval.allow_only_on_success] == []


def test_what_is_fetched_is_a_file_as_a_folder_takes_gocd_five_seconds(template: Pipeline) -> None:
    fetches = [fetch for _, _, fetch in template.fetch_tasks()]

    assert fetches
    assert [fetch.description for fetch in fetches if not fetch.is_file] == []


def test_the_report_is_of_all_events_and_all_traffic_that_were_published(template: Pipeline) -> None:
    fetched = {(fetch.stage, fetch.job, fetch.source) for _, _, fetch in template.fetch_tasks()}
    files = {"events": "events/events.jsonl", "traffic": "traffic/results.jtl"}
    for stage in template.stages:
        for job in stage.jobs:
            published = {each.source for each in job.artifacts} & {*files}
            if stage.name == "contract" or job.name == "traffic":
                # Nothing is done to users there; what only measures has its record.
                published -= {"events"}
            assert {(stage.name, job.name, files[each]) for each in published} <= fetched


def test_stage_one_detaches_and_deploys_stage_two_attaches_stage_three_does_it_all(
    staged: Pipeline,
) -> None:
    first, second = staged.parameters["first"], staged.parameters["second"]
    told: dict[str, list[str]] = {}
    for stage, _, task in staged.exec_tasks():
        words = task.arguments
        if words[0] == "verify-traffic":
            continue
        told.setdefault(stage.name, []).append(
            " ".join(words[:2]) if words[0] != "sleep-settle" else words[0]
        )

    assert list(told.values())[:3] == [
        [f"detach-instance {first}", "sleep-settle", f"deploy-artifact {first}"],
        [f"attach-instance {first}", "sleep-settle"],
        [
            f"detach-instance {second}",
            "sleep-settle",
            f"deploy-artifact {second}",
            f"attach-instance {second}",
            "sleep-settle",
        ],
    ]


def test_a_settle_of_a_minute_follows_every_attach_and_detach(staged: Pipeline) -> None:
    tasks: list[Exec] = [task for _, _, task in staged.exec_tasks()]
    for task, following in pairwise(tasks):
        if task.arguments[0] in ("attach-instance", "detach-instance"):
            assert following.arguments == ("sleep-settle", "--seconds", "60")


# What changes who serves users, and how.
CHANGING = {
    *("detach-instance", "deploy-artifact", "attach-instance", "rolling-deploy", "upgrade-herd"),
    *("switch-traffic", "retire-environment"),
}


def changes(words: tuple[str, ...]) -> bool:
    """Whether a call changes who serves users; whom users have not been led to yet serves nobody."""
    return words[0] in CHANGING and "--dry-run" not in words and words[:2] != NOBODY_THERE


NOBODY_THERE = ("deploy-artifact", "green:web-a,web-b")


def test_traffic_is_measured_on_the_same_agent_from_before_the_first_change_until_after_the_last(
    template: Pipeline,
) -> None:
    jobs: dict[str, list[tuple[str, ...]]] = {}
    for stage, job, task in template.exec_tasks():
        jobs.setdefault(f"{stage.name}/{job.name}", []).append(task.arguments)
    changing = {name: tasks for name, tasks in jobs.items() if any(map(changes, tasks))}

    assert len(changing) == len({name.partition("/")[0] for name in changing}) > 0
    for tasks in changing.values():
        assert tasks[0][:2] == ("verify-traffic", "--start")
        assert tasks[-1] == ("verify-traffic", "--finish")
    assert template.variables.plain["GOCD_TASKS_MAX_GAP"] == "1"


def test_whatever_fails_traffic_is_finished(template: Pipeline) -> None:
    last = [task for _, _, task in template.exec_tasks() if "--finish" in task.arguments]

    assert last
    # With an on_cancel of its own, the task that is cancelled would not be told so.
    assert {(task.run_if, task.on_cancel) for task in last} == {(RunIf.ANY, None)}


def test_users_are_asked_for_after_the_rollout_as_well(template: Pipeline) -> None:
    after = [
        stage.name
        for stage, _, task in template.exec_tasks()
        if task.arguments[0] == "verify-traffic" and "--duration" in task.arguments
    ]

    assert after == ["verify"]


def test_tabs_show_what_was_published(template: Pipeline) -> None:
    tabs = {path for stage in template.stages for job in stage.jobs for path in job.tabs.values()}

    assert tabs == {"traffic/report.html", "report.html"}


def test_every_job_publishes_its_events_and_starts_in_a_clean_folder(template: Pipeline) -> None:
    for stage in template.stages:
        assert stage.clean_workspace
        for job in stage.jobs:
            published = [artifact.source for artifact in job.artifacts]
            # What a site does to its schema writes no events.
            ours = any(isinstance(task, Exec) and task.command == "gocd-tasks" for task in job.tasks)
            report = "report/report.html" if stage.name == "report" else "events"
            assert published[:1] == ([report] if ours else [])
    assert template.variables.plain["GOCD_TASKS_EVENTS"].startswith("events/")


def test_the_rolling_template_names_no_machine_and_watches_the_rollout_with_traffic() -> None:
    [rolling] = read_pipelines(TEMPLATES[0].with_name("rolling.gocd.yaml"))
    told = [f"{stage.name}/{job.name} {task.arguments[0]}" for stage, job, task in rolling.exec_tasks()]

    assert told == [
        "rolling-deploy/deploy verify-traffic",
        "rolling-deploy/deploy rolling-deploy",
        "rolling-deploy/deploy verify-traffic",
        "verify/traffic verify-traffic",
        "report/report report",
    ]
    variables = rolling.variables.plain
    assert (
        variables["GOCD_TASKS_BATCH"],
        variables["GOCD_TASKS_SETTLE"],
        variables["GOCD_TASKS_MAX_STOPPED"],
    ) == ("1", "60", "3")


def test_production_waits_for_a_person_and_stays_locked_after_a_failure() -> None:
    [production] = read_pipelines(STAGED[0])

    assert [stage.approval.manual for stage in production.stages] == [True, False, False, False, False]
    assert production.lock_behavior == "lockOnFailure"
    assert (production.materials[0].pipeline, production.materials[0].stage) == ("staging", "verify")
    assert {fetch.pipeline for _, _, fetch in production.fetch_tasks()} == {"app-build/staging", ""}


def test_herd_is_upgraded_to_the_version_of_the_trigger_with_traffic_beside_it_and_after_it() -> None:
    [upgrade] = read_pipelines(PIPELINES / "herd-upgrade.gocd.yaml")
    told = [f"{stage.name} {job.name} {task.arguments[0]}" for stage, job, task in upgrade.exec_tasks()]

    assert told == [
        "upgrade upgrade verify-traffic",
        "upgrade upgrade upgrade-herd",
        "upgrade upgrade verify-traffic",
        "verify build-info check-status",
        "verify traffic verify-traffic",
        "report report report",
    ]
    assert upgrade.variables.plain["GOCD_TASKS_VERSION"] == ""
    # Another material on the config repository itself would have to be polled as that is.
    assert [each.kind for each in upgrade.materials] == ["configrepo"]
    assert not {"repository", "branch"} & {*upgrade.parameters}
    assert upgrade.stages[0].approval.manual
    assert upgrade.parameters["traffic_path"] == "/herd-app/rest/buildInfo"
    assert upgrade.variables.plain["GOCD_TASKS_EVENTS"].startswith("events/")
    assert all(stage.clean_workspace for stage in upgrade.stages)


def test_blue_and_green_take_turns_and_the_way_back_is_open_until_a_person_closes_it() -> None:
    [swap] = read_pipelines(PIPELINES / "blue-green.gocd.yaml")
    told = [f"{stage.name} {' '.join(task.arguments[:2])}" for stage, _, task in swap.exec_tasks()]

    assert told == [
        "clone clone-environment blue:web-a,web-b",
        "deploy deploy-artifact green:web-a,web-b",
        "prove check-status --instance",
        "expand -c true",
        "switch verify-traffic --start",
        "switch switch-traffic green:web-a,web-b",
        "switch verify-traffic --finish",
        "verify check-status --instance",
        "verify verify-traffic --property",
        "contract retire-environment blue:web-a,web-b",
        "contract -c true",
        "retire verify-traffic --start",
        "retire retire-environment blue:web-a,web-b",
        "retire verify-traffic --finish",
        "report report --events",
    ]
    assert [stage.name for stage in swap.stages if stage.approval.manual] == ["contract"]
    assert swap.lock_behavior == "lockOnFailure"
    assert swap.parameters["steps"] == "10,50,100"
    [gate] = [
        task
        for stage, _, task in swap.exec_tasks()
        if stage.name == "contract" and "-c" not in task.arguments
    ]
    assert {"--dry-run", "--wait"} < {*gate.arguments}
