"""Two pipelines of which one starts the other, as files and as flows."""

from pathlib import Path

from gocd.graph.flow import Flow, flows_of
from gocd.reading.pipelines import read_files

TEXT = """\
format_version: 10
pipelines:
  release:
    group: apps
    lock_behavior: lockOnFailure
    materials:
      build: {pipeline: build, stage: compile, ignore_for_scheduling: true}
      scripts: {git: 'https://example.com/scripts', branch: main, auto_update: false, destination: s}
    stages:
      - out:
          approval: {type: manual, users: [anna], roles: [ops]}
          jobs:
            first:
              artifacts: [build: {source: events}]
              tasks:
                - fetch: {pipeline: build, stage: compile, job: compile, source: app.zip, is_file: true}
                - exec: {command: gocd-tasks, arguments: [verify-traffic, --start, --at-most, '60']}
                - exec: {command: gocd-tasks, arguments: [detach-instance, A, --load-balancer, web]}
                - exec: {command: /bin/ls, arguments: [-l]}
                - exec: {command: ls}
                - script: echo
            second:
              run_instances: 2
              tasks: [exec: {command: bash, arguments: [-c, 'gocd-tasks lock status; gocd-tasks report']}]
      - report:
          approval: {type: success, allow_only_on_success: true}
          tasks:
            - fetch: {stage: out, job: first, source: events/a}
            - fetch: {stage: out, job: first, source: events/b}
  build:
    group: apps
    materials: {code: {git: 'https://example.com/code'}}
    stages:
      - compile:
          artifacts: [build: {source: app.zip}]
          tasks: [exec: {command: make}]
"""


def flows(folder: Path, text: str = TEXT) -> list[Flow]:
    (folder / "a.gocd.yaml").write_text(text, encoding="utf-8")
    reading = read_files([folder / "a.gocd.yaml"])
    assert reading.errors == ()
    return flows_of(reading.pipelines)
