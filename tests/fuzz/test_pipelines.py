"""Pipeline files, their parameters, and files of thresholds: all that is read as located YAML."""

from math import isfinite
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gocd.errors import GoCDError
from gocd.graph.flow import flows_of
from gocd.graph.picture import picture_of
from gocd.graph.text import text_of
from gocd.lint.files import lint
from gocd.pipeline import Pipeline
from gocd.reading.pipelines import read_files, read_parameters, read_pipelines
from gocd.rehearsal.plan import Plan
from gocd.samples.threshold_file import read_thresholds
from gocd.shell import commands
from tasks.pipelines.program import program
from tests.fuzz.bounds import file_with, read
from tests.fuzz.spoiling import as_json, spoilt_bytes, spoilt_values

PROGRAM = program()
PIPELINES: dict[str, Any] = {
    "format_version": "10",
    "environments": {"production": {"pipelines": ["app"], "environment_variables": {"A": "1"}}},
    "pipelines": {
        "app": {
            "group": "apps",
            "display_order": "10",
            "label_template": "${build}-#{first}",
            "lock_behavior": "unlockWhenFinished",
            "parameters": {"first": "Staging-1", "settle_seconds": "60"},
            "environment_variables": {"REGION": "#{first}"},
            "secure_variables": {"PASSWORD": "AES:x:y"},
            "timer": {"spec": "0 15 10 * * ? *", "only_on_changes": "true"},
            "tracking_tool": {"link": "https://example.com/${ID}", "regex": "##(\\d+)"},
            "materials": {
                "build": {"pipeline": "app-build", "stage": "build"},
                "code": {"git": "https://example.com/app.git", "branch": "main", "destination": "code"},
            },
            "stages": [
                {
                    "out": {
                        "approval": {"type": "manual", "roles": ["ops"]},
                        "clean_workspace": "yes",
                        "jobs": {
                            "deploy": {
                                "timeout": "30",
                                "resources": ["linux"],
                                "artifacts": [{"build": {"source": "out/*", "destination": "out"}}],
                                "tabs": {"report": "out/report.html"},
                                "tasks": [
                                    {
                                        "fetch": {
                                            "pipeline": "app-build",
                                            "stage": "build",
                                            "job": "b",
                                            "source": "x",
                                        }
                                    },
                                    {
                                        "exec": {
                                            "command": "gocd-tasks",
                                            "arguments": ["lock", "status", "#{first}"],
                                        }
                                    },
                                    [{"script": "echo ${GO_PIPELINE_LABEL}\n"}],
                                    {
                                        "exec": {
                                            "command": "ls",
                                            "run_if": "any",
                                            "on_cancel": {"script": "true"},
                                        }
                                    },
                                ],
                            }
                        },
                    }
                }
            ],
        }
    },
}
TEXT = b"""\
format_version: 10
common:
  deploy: &deploy
    fetch: {pipeline: app-build, stage: build, job: build, source: dist}
  steps: &steps
    - exec:
        command: gocd-tasks
        arguments: [deploy-artifact, Staging-1]
pipelines:
  app:
    group: apps
    parameters: {first: "Staging-1"}
    materials:
      app: {git: "https://example.com/app.git"}
      build: {pipeline: app-build, stage: build}
    stages:
      - one:
          jobs:
            deploy: &job
              timeout: 10
              tasks: [*deploy, *steps, {script: "echo #{first}"}]
            other:
              resources: [linux]
              <<: *job
"""
THRESHOLDS: dict[str, Any] = {
    "max-errors": 0,
    "max-gap": "1.5",
    "p95": 300,
    "labels": {"home": {"max-error-rate": 0.1, "min-samples": 10}},
}
# Letters of an anchor in itself, and of one that grows with every line.
BOMB = b"a: &a [x, x, x, x, x, x, x, x]\n" + b"".join(
    b"%c: &%c [*%c, *%c, *%c, *%c, *%c, *%c]\n" % (new, new, *[new - 1] * 6)
    for new in range(ord("b"), ord("p"))
)
# PyYAML is Python: what is long is read slowly.
MOST = 6_000


@given(st.one_of(spoilt_values(PIPELINES).map(as_json), spoilt_bytes(TEXT, BOMB + TEXT)))
def test_a_pipeline_file_is_read_whole_or_refused(content: bytes) -> None:
    with file_with(content[:MOST], "app.gocd.yaml") as file:
        pipelines = read(lambda: read_pipelines(file), GoCDError)
        for pipeline in pipelines or ():
            check(pipeline)
        read(lambda: read_parameters(file), GoCDError)
        if pipelines is not None:
            read(Plan(file, file.parent).scaled_parameters, GoCDError)


@given(st.one_of(spoilt_values(PIPELINES).map(as_json), spoilt_bytes(TEXT, BOMB + TEXT)))
def test_whatever_is_in_a_file_is_looked_through_and_drawn(content: bytes) -> None:
    with file_with(content[:MOST], "app.gocd.yaml") as file:
        findings = read(lambda: lint([file], PROGRAM))
        assert all(each.line >= 1 and each.column >= 1 and each.what for each in findings or ())
        flows = read(lambda: flows_of(read_files([file]).pipelines), GoCDError)
        if flows:
            assert max(map(len, text_of(flows))) <= 80
            ElementTree.fromstring(picture_of(flows))


@given(st.text(st.sampled_from("ab \t\n'\"\\$()`;&|<>#{},[]*?!0"), max_size=300))
def test_whatever_a_shell_is_given_is_read_as_commands_or_refused(script: str) -> None:
    for command in read(lambda: commands(script), GoCDError) or ():
        assert command
        assert all(0 <= word.line <= script.count("\n") for word in command)


@pytest.mark.parametrize("content", [as_json(PIPELINES), TEXT])
def test_a_whole_pipeline_file_is_taken(content: bytes) -> None:
    with file_with(content, "app.gocd.yaml") as file:
        assert [pipeline.name for pipeline in read_pipelines(file)] == ["app"]


def check(pipeline: Pipeline) -> None:
    assert pipeline.name.strip()
    assert pipeline.group.strip()
    assert pipeline.materials
    assert pipeline.stages or pipeline.template
    for stage in pipeline.stages:
        assert stage.jobs
    assert isinstance(pipeline.file, Path)


def test_whole_thresholds_are_taken() -> None:
    with file_with(as_json(THRESHOLDS)) as file:
        assert read_thresholds(file).overall == {"max-errors": 0, "max-gap": 1.5, "p95": 300}


@given(st.one_of(spoilt_values(THRESHOLDS).map(as_json), spoilt_bytes(as_json(THRESHOLDS))))
def test_thresholds_are_numbers_that_hold_or_refused(content: bytes) -> None:
    with file_with(content[:MOST]) as file:
        thresholds = read(lambda: read_thresholds(file), GoCDError)
    if thresholds is not None:
        for limits in (thresholds.for_all(), *map(thresholds.for_label, thresholds.labels)):
            assert all(limit >= 0 and isfinite(limit) for limit in limits.values())
