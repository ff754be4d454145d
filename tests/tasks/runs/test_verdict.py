"""The server's errors are placed on lines, where they say which, and told whole where they do not."""

import pytest

from tasks.runs.verdict import placed

FILE = """\
format_version: 10
pipelines:
  app:
    group: apps
    stages:
      - out:
          jobs:
            deploy:
              tasks: []
      - "in":
          jobs:
            check: {tasks: []}
"""
OTHER = "pipelines:\n  web:\n    stages:\n      - out: {tasks: []}\n"


@pytest.mark.parametrize(
    ("error", "lines"),
    [
        # As a plug-in's errors come, several in one text (ErrorCollection.getErrorsAsText).
        (
            "a.gocd.yaml;\\n1. Line 4, column 38: Duplicate key found 'A'\\n",
            ["a.gocd.yaml:4:38: Line 4, column 38: Duplicate key found 'A'"],
        ),
        (
            "a.gocd.yaml;\\n1. Failed to parse pipeline app; expected a hash\\n2. Missing field 'group'.\\n",
            [
                "a.gocd.yaml:3: Failed to parse pipeline app; expected a hash",
                "a.gocd.yaml: Missing field 'group'.",
            ],
        ),
        (
            "b.gocd.yaml:\\n  - Failed to parse pipeline web; x",
            ["b.gocd.yaml:2: Failed to parse pipeline web; x"],
        ),
        # As its own come, with names in quotes; the innermost that one line has.
        (
            "Task of job 'deploy' in stage 'out' of pipeline 'app' has a path",
            ["a.gocd.yaml:8: Task of job 'deploy' in stage 'out' of pipeline 'app' has a path"],
        ),
        ('"app :: in :: check" tries to fetch', ['a.gocd.yaml:12: "app :: in :: check" tries to fetch']),
        (
            "You have defined multiple pipelines called 'web'. Names",
            ["b.gocd.yaml:2: You have defined multiple pipelines called 'web'. Names"],
        ),
        ("Elastic agent profile cannot have a blank id.", ["Elastic agent profile cannot have a blank id."]),
    ],
)
def test_an_error_stands_where_it_is(error: str, lines: list[str]) -> None:
    assert placed([error.replace("\\n", "\n")], {"a.gocd.yaml": FILE, "b.gocd.yaml": OTHER}) == lines
