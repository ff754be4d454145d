from typing import Any

import requests

from tests.gocd.rehearsal.standin_gocd.serving import GoCD

GOOD = """\
format_version: 10
pipelines:
  web:
    group: apps
    materials:
      up: {pipeline: UPSTREAM, stage: build}
    stages:
      - one:
          jobs:
            job:
              tasks:
                - exec: {command: "true"}
"""


def preflight(gocd: GoCD, *texts: str, query: str = "?pluginId=yaml.config.plugin") -> requests.Response:
    return requests.post(
        f"{gocd.url}/api/admin/config_repo_ops/preflight{query}",
        headers={"Accept": "application/vnd.go.cd.v1+json"},
        files=[("files[]", (f"{number}.gocd.yaml", text)) for number, text in enumerate(texts)],
        timeout=30,
    )


def errors(answer: requests.Response) -> list[Any]:
    assert answer.status_code == 200
    found = answer.json()
    assert found["valid"] is not bool(found["errors"])
    return list(found["errors"])


def test_files_are_judged_together_and_beside_what_the_server_has(gocd: GoCD) -> None:
    good = GOOD.replace("UPSTREAM", "app")
    (unknown,) = errors(preflight(gocd, GOOD))
    (clash,) = errors(preflight(gocd, GOOD.replace("web:", "Fails:").replace("UPSTREAM", "app")))
    (ungrouped,) = errors(preflight(gocd, good.replace("    group: apps\n", "")))

    assert errors(preflight(gocd, good)) == []
    assert (
        errors(
            preflight(
                gocd,
                good,
                GOOD.replace("web:", "after:").replace("UPSTREAM, stage: build", "web, stage: one"),
            )
        )
        == []
    )
    assert unknown.startswith("Pipeline with name 'UPSTREAM' does not exist")
    assert clash.startswith("You have defined multiple pipelines called 'Fails'.")
    assert "0.gocd.yaml" in ungrouped
    assert "group" in ungrouped


def test_the_own_files_of_a_repository_are_replaced(gocd: GoCD) -> None:
    own = GOOD.replace("web:", "app:").replace(
        "{pipeline: UPSTREAM, stage: build}", "{git: 'https://e.com/r'}"
    )
    query = "?pluginId=yaml.config.plugin&repoId="

    assert errors(preflight(gocd, own, query=f"{query}pipelines")) == []
    assert preflight(gocd, own, query=f"{query}other").json() == {
        "message": "Config repo with id 'other' was not found!"
    }


def test_a_preflight_of_nothing_or_by_no_plugin_is_told(gocd: GoCD) -> None:
    (nothing,) = errors(preflight(gocd))

    assert nothing.startswith("No file content provided")
    assert preflight(gocd, GOOD, query="").json() == {"message": "Request is missing parameter `pluginId`"}
