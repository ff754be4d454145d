"""Instances by id or address and load balancers by ARN are rehearsed by names that can be had here."""

from pathlib import Path

import pytest

from gocd.reading.pipelines import read_pipelines
from gocd.rehearsal.names_here import names_here, with_names_here
from gocd.rehearsal.plan import Plan
from gocd.rehearsal.site import read_site
from gocd.templates.text import text_of
from gocd.templates.values import Values

ARN = "arn:aws:elasticloadbalancing:eu-west-1:123456789012:"
PIPELINE = """\
format_version: 10
pipelines:
  app:
    group: apps
    environment_variables: {{GOCD_TASKS_LOAD_BALANCER: "{balancers}"}}
    materials: {{app: {{git: 'https://example.com/app'}}}}
    stages:
      - one:
          environment_variables: {{NOTE: "{machine}"}}
          tasks:
            - exec:
                command: bash
                arguments: [-c, 'gocd-tasks detach-instance "{machine}"; echo a-{machine} {machine}']
                on_cancel: {{exec: {{command: gocd-tasks, arguments: [attach-instance, "{machine}"]}}}}
"""


def test_what_has_a_name_of_its_own_keeps_it(tmp_path: Path) -> None:
    file = tmp_path / "own.gocd.yaml"
    file.write_text(text_of(Values("staging", instances=("Web-1", "i-x", "db.example.internal"))))
    [pipeline] = read_pipelines(file)

    assert names_here(pipeline) == {}
    assert with_names_here(pipeline) is pipeline


@pytest.mark.parametrize("machine", ["i-0a12b3c4", "10.0.1.17"])
@pytest.mark.parametrize(
    ("balancer", "here"),
    [
        (f"{ARN}targetgroup/web/0123456789abcdef", "target-group:web"),
        (f"{ARN}loadbalancer/app/web-1/0123456789abcdef", "web-1"),
        (f"{ARN}loadbalancer/net/web/0123456789abcdef", "web"),
        (f"{ARN}loadbalancer/old", "old"),
        ("web", "web"),
    ],
)
def test_tasks_variables_and_shell_lines_have_the_names_here(
    machine: str, balancer: str, here: str, tmp_path: Path
) -> None:
    file = tmp_path / "own.gocd.yaml"
    file.write_text(PIPELINE.format(machine=machine, balancers=f"{balancer} inner"))
    [pipeline] = read_pipelines(file)
    renamed = with_names_here(pipeline)

    assert renamed.variables.plain == {"GOCD_TASKS_LOAD_BALANCER": f"{here} inner"}
    assert renamed.stages[0].variables.plain == {"NOTE": f"machine-{machine}"}
    assert [task.arguments for _, _, task in renamed.exec_tasks()] == [
        ("-c", f'gocd-tasks detach-instance "machine-{machine}"; echo a-{machine} machine-{machine}'),
        ("attach-instance", f"machine-{machine}"),
    ]
    site = read_site(renamed)
    assert (site.instances, site.load_balancers) == ((f"machine-{machine}",), (here, "inner"))


def test_a_rehearsal_is_planned_with_them(tmp_path: Path) -> None:
    file = tmp_path / "own.gocd.yaml"
    machines, balancer = ("i-0a1", "10.0.1.17"), f"{ARN}targetgroup/web/0123456789abcdef"
    file.write_text(text_of(Values("staging", instances=machines, load_balancers=(balancer,))))
    plan = Plan(file, tmp_path / "r")

    assert plan.names_here() == {
        "i-0a1": "machine-i-0a1",
        "10.0.1.17": "machine-10.0.1.17",
        balancer: "target-group:web",
    }
    assert read_site(plan.pipeline()).instances == ("machine-i-0a1", "machine-10.0.1.17")
