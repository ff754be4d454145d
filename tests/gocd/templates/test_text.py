"""What comes of a template is what a person would have written, and what GoCD takes."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import yaml

from gocd.errors import GoCDError
from gocd.pipeline import Pipeline
from gocd.reading.pipelines import read_files
from gocd.rehearsal.site import read_site
from gocd.task_calls import task_calls
from gocd.templates.catalogue import TEMPLATES
from gocd.templates.file import findings_in
from gocd.templates.notices import notices
from gocd.templates.text import gate_of, parameters_of, text_of
from gocd.templates.values import Values
from tasks.pipelines.program import program

PROGRAM = program()
OWN = ("./deploy.sh", "{instance_id}", 'a "b" #{x} #', "it's")


def machines(number: int) -> tuple[str, ...]:
    return tuple(f"Web-{each}" for each in range(1, number + 1))


def read(values: Values, folder: Path) -> Pipeline:
    """The pipeline of the file that *values* make, in which nothing may be wrong."""
    file = folder / "own.gocd.yaml"
    file.write_text(text_of(values), encoding="utf-8")
    assert findings_in(text_of(values), file, PROGRAM) == []
    [pipeline] = read_files([file]).pipelines
    return pipeline


def staged(number: int = 2, template: str = "staging", **more: Any) -> Values:
    return Values(template, instances=machines(number), load_balancers=("web",), **more)


@pytest.mark.parametrize("name", TEMPLATES)
def test_the_files_in_pipelines_are_what_comes_where_a_site_says_nothing(name: str) -> None:
    shipped = TEMPLATES[name].shipped.read_text(encoding="utf-8")

    assert text_of(Values(name)) == shipped, "change the text in gocd/templates, then: make templates"


def test_every_file_in_pipelines_has_its_template() -> None:
    folder = TEMPLATES["staging"].shipped.parent

    assert {file.name for file in folder.glob("*.gocd.yaml")} == {f"{name}.gocd.yaml" for name in TEMPLATES}


def test_staging_and_production_come_of_one_text() -> None:
    assert TEMPLATES["staging"].text == TEMPLATES["production"].text


@pytest.mark.parametrize("number", [1, 2, 3, 10])
@pytest.mark.parametrize("template", ["staging", "production"])
def test_each_machine_leaves_is_deployed_to_and_comes_back_in_its_turn(
    template: str, number: int, tmp_path: Path
) -> None:
    pipeline = read(staged(number, template), tmp_path)
    later = [f"Web-{each}" for each in range(2, number + 1)]

    assert [stage.name for stage in pipeline.stages] == ["Web-1-out", "Web-1-in", *later, "verify", "report"]
    done = [call.words[:2] for call in task_calls(pipeline) if call.task.endswith(("-instance", "-artifact"))]
    moves = ("detach-instance", "deploy-artifact", "attach-instance")
    assert done == [(move, name) for name in ("Web-1", *later) for move in moves]
    asked = [call.value("--instance") for call in task_calls(pipeline) if call.task == "check-status"]
    assert asked == ["Web-1", *later]
    assert [stage.name for stage in pipeline.stages if stage.approval.manual] == (
        ["Web-1-out"] if template == "production" else []
    )


@pytest.mark.parametrize("number", [1, 3, 10])
def test_the_report_has_what_every_stage_has_published(number: int, tmp_path: Path) -> None:
    pipeline = read(staged(number), tmp_path)
    fetched = [(fetch.stage, fetch.source) for _, _, fetch in pipeline.fetch_tasks() if not fetch.pipeline]

    changing = [stage.name for stage in pipeline.stages[:-2]]
    files = ("events/events.jsonl", "traffic/results.jtl")
    assert fetched == [(stage, file) for stage in (*changing, "verify") for file in files]
    folders = [fetch.destination for _, _, fetch in pipeline.fetch_tasks() if not fetch.pipeline]
    assert len(set(folders)) == len(changing) + 1


@pytest.mark.parametrize(
    ("number", "first", "verify"),
    [
        (
            1,
            "one machine behind one load balancer, losing no request, as others serve",
            "the machine answers",
        ),
        (2, "two machines behind one load balancer, one after the other, losing no", "both machines answer"),
        (11, "11 machines behind one load balancer, one after the other, losing no", "all machines answer"),
    ],
)
def test_the_comment_at_the_top_tells_of_these_machines(number: int, first: str, verify: str) -> None:
    lines = text_of(staged(number)).splitlines()
    head = lines[: lines.index("")]

    assert lines[0].startswith(f"# A new version onto {first}")
    assert f"#   verify     {verify} the new version, and users get what they ask for" in head
    told = [line.split()[1] for line in head if line.startswith("#   W")]
    assert told == ["Web-1-out", "Web-1-in", *(f"Web-{each}" for each in range(2, number + 1))]
    assert not [line for line in lines if "<" in line or "#:" in line]


def test_a_rehearsal_finds_the_machines_and_load_balancers_in_it(tmp_path: Path) -> None:
    values = replace(staged(3), load_balancers=("web", "classic:inner"))
    site = read_site(read(values, tmp_path))

    assert (site.instances, site.load_balancers) == (machines(3), ("web", "classic:inner"))


@pytest.mark.parametrize("template", ["staging", "production", "rolling", "blue-green"])
def test_a_command_of_the_sites_own_is_called_with_its_words_as_they_are(
    template: str, tmp_path: Path
) -> None:
    pipeline = read(Values(template, via="command", command=OWN), tmp_path)
    calls = [call for call in task_calls(pipeline) if call.task in ("deploy-artifact", "rolling-deploy")]

    assert calls
    assert {call.words[call.words.index("--") + 1 :] for call in calls} == {OWN}
    assert {call.value("--via") for call in calls} == {"command"}
    assert not {"install_to", "restart", "bucket"} & {*pipeline.parameters}


@pytest.mark.parametrize("template", ["staging", "production", "rolling"])
def test_codedeploy_has_its_groups(template: str, tmp_path: Path) -> None:
    pipeline = read(Values(template, via="codedeploy", parameters={"deployment_group": "d-{name}"}), tmp_path)
    groups = read_site(pipeline).deployment_groups

    assert {group.name for group in groups} == {f"d-{group.instances[0]}" for group in groups} != set()
    assert "install_to" not in pipeline.parameters


@pytest.mark.parametrize("template", TEMPLATES)
def test_values_with_any_characters_are_what_the_tasks_are_given(template: str, tmp_path: Path) -> None:
    odd = "a: 'b' \"c\" # #{d} ${e} {f} \\ & * ünï"
    names = [
        name
        for name in parameters_of(Values(template))
        if not name.endswith(("_pipeline", "_stage", "_command", "_seconds", "balancer"))
        and name not in ("first", "second", "min_healthy", "batch", "max_stopped", "steps")
        and not name.startswith("traffic_")
    ]
    pipeline = read(Values(template, parameters={"traffic_path": odd}), tmp_path)
    assert f"path={odd}" in {word for _, _, task in pipeline.exec_tasks() for word in task.arguments}

    file = tmp_path / "odd.gocd.yaml"
    file.write_text(text_of(Values(template, parameters=dict.fromkeys(names, odd))), encoding="utf-8")
    [parameters] = [each["parameters"] for each in yaml.safe_load(file.read_text())["pipelines"].values()]
    assert {parameters[name] for name in names} == {odd}


def test_names_and_machines_may_hold_what_yaml_would_read_as_something_else(tmp_path: Path) -> None:
    names = ("10", "web server: #1", "x-", '"q"', "true", "i-0a1")
    pipeline = read(Values("staging", name="123", group="yes", instances=names), tmp_path)

    assert (pipeline.name, pipeline.group) == ("123", "yes")
    assert read_site(pipeline).instances == names


@pytest.mark.parametrize("version", [1, 9, 11])
def test_every_format_version_of_gocd_can_be_had(version: int, tmp_path: Path) -> None:
    for name in ("production", "blue-green"):
        read(Values(name, format_version=version), tmp_path)
    assert f"\nformat_version: {version}\n" in text_of(Values("staging", format_version=version))


@pytest.mark.parametrize("template", ["staging", "rolling", "blue-green"])
def test_a_build_starts_a_run_only_if_that_is_asked_for(template: str) -> None:
    assert "ignore_for_scheduling: true" in text_of(Values(template))
    assert "ignore_for_scheduling" not in text_of(Values(template, automatic=True))


def test_pipelines_upstream_are_called_the_same_wherever_they_are(tmp_path: Path) -> None:
    upstream = {"build_pipeline": "shop-build", "staging_pipeline": "shop-staging", "build_stage": "dist"}
    pipeline = read(Values("production", parameters=upstream), tmp_path)
    [release] = {(each.pipeline, each.stage) for _, _, each in pipeline.fetch_tasks() if each.pipeline}

    assert (pipeline.materials[0].pipeline, pipeline.materials[0].stage) == ("shop-staging", "verify")
    assert release == ("shop-build/shop-staging", "dist")


def test_who_has_to_start_it_is_known() -> None:
    gates = {name: gate_of(text_of(Values(name))) for name in TEMPLATES}

    assert {name: gate for name, gate in gates.items() if gate} == {
        "production": "Production-1-out",
        "herd-upgrade": "upgrade",
    }


@pytest.mark.parametrize(
    ("values", "why"),
    [
        ({"template": "stagin"}, "there is no template 'stagin'; did you mean staging?"),
        ({"template": "rolling", "instances": ("a",)}, "names no machine, so it takes no --instances"),
        ({"template": "herd-upgrade", "load_balancers": ("a",)}, "names no load balancer"),
        ({"template": "blue-green", "load_balancers": ("a", "b")}, "is about one load balancer"),
        ({"template": "blue-green", "via": "codedeploy"}, "by ssm or command, not --via codedeploy"),
        ({"template": "herd-upgrade", "via": "ssm"}, "places no release itself"),
        ({"template": "staging", "via": "ftp"}, "by ssm or codedeploy or command, not --via ftp"),
        ({"template": "production", "automatic": True}, "started by a person each time"),
        ({"template": "staging", "instances": ("a", "b", "a")}, "--instances names a twice"),
        ({"template": "staging", "instances": ("a", "")}, "one of these is empty"),
        ({"template": "staging", "load_balancers": ("a b",)}, "which has no blank, not 'a b'"),
        ({"template": "staging", "load_balancers": ("",)}, "which has no blank, not ''"),
        ({"template": "staging", "name": "a b"}, "--name takes letters, digits, '_', '-' and '.', not 'a b'"),
        ({"template": "staging", "group": "x" * 256}, "--group takes letters, digits"),
        ({"template": "staging", "via": "command"}, "--via command needs the command, after --"),
        ({"template": "staging", "command": ("x",)}, "the words after -- are for --via command"),
        ({"template": "staging", "instances": ("a\nb",)}, "has characters that nobody sees"),
        ({"template": "staging", "parameters": {"region": "a\u2028b"}}, "has characters that nobody sees"),
        (
            {"template": "staging", "parameters": {"regoin": "x"}},
            "has no parameter 'regoin'; did you mean region",
        ),
        (
            {"template": "staging", "parameters": {"first": "x"}},
            "the parameter first is given by --instances",
        ),
        ({"template": "staging", "parameters": {"load_balancer": "x"}}, "is given by --load-balancer"),
        ({"template": "staging", "format_version": 12}, "format_version 1 to 11, not 12"),
    ],
)
def test_what_cannot_be_made_is_refused(values: dict[str, Any], why: str) -> None:
    with pytest.raises(GoCDError) as refused:
        text_of(Values(**values))

    assert why in str(refused.value)


def test_what_gocd_would_refuse_is_found_before_it_is_written(tmp_path: Path) -> None:
    values = Values("staging", parameters={"build_pipeline": "x y"})
    found = [str(each) for each in findings_in(text_of(values), tmp_path / "own.gocd.yaml", PROGRAM)]

    assert any(
        "own.gocd.yaml:" in each and "'x y', which cannot be the name of one" in each for each in found
    )


@pytest.mark.exhaustive
def test_gocd_takes_300_machines(tmp_path: Path) -> None:
    assert len(read(staged(300), tmp_path).stages) == 303


def test_300_machines_are_told_what_that_means() -> None:
    assert list(notices(staged(300))) == [
        "300 machines, one after the other: 303 stages, and 10.0 hours of rest alone; a fleet is rolled out "
        "in batches: gocd-tasks pipeline new rolling"
    ]


def test_of_several_load_balancers_one_has_the_traffic() -> None:
    [told] = notices(replace(staged(2), load_balancers=("web", "api")))

    assert told.startswith(
        "the traffic that is measured goes to traffic_host alone, behind one of the 2 load"
    )


@pytest.mark.parametrize(
    ("names", "said"),
    [
        (("Web-1", "Web-2"), []),
        (("Web-1",), ["Web-1: is the only machine"]),
        (("Web 1", "Web-1"), ["Web 1: its stage is called Web-1-out, as GoCD takes no such name"]),
    ],
)
def test_what_is_worth_a_word_is_said(names: tuple[str, ...], said: list[str]) -> None:
    told = list(notices(Values("staging", instances=names)))

    assert [line.startswith(start) for line, start in zip(told, said, strict=True)] == [True] * len(said)
