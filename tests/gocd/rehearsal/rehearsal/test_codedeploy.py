"""The staged rollout, its releases placed by CodeDeploy instead of Run Command."""

from pathlib import Path

import pytest

from gocd.reading.pipelines import read_pipelines
from gocd.rehearsal.site import DeploymentGroup, read_site
from tests.gocd.rehearsal.rehearsal.rehearsing import (
    FASTER,
    STAGING,
    consoles,
    rehearse,
    statuses,
    without_jmeter,
)


def pipeline(folder: Path, group: str = "app-{name}") -> Path:
    """The staging pipeline with another way of deploying; all else is as it stands."""
    return without_jmeter(
        STAGING, folder, {"GOCD_TASKS_VIA": "codedeploy", "GOCD_TASKS_DEPLOYMENT_GROUP": group}
    )


@pytest.mark.parametrize(
    ("group", "expected"),
    [
        ("app-{name}", [("app-Staging-1", ("Staging-1",)), ("app-Staging-2", ("Staging-2",))]),
        ("app", [("app", ("Staging-1", "Staging-2"))]),
    ],
)
def test_a_site_has_the_deployment_groups_that_its_pipeline_names(
    tmp_path: Path, group: str, expected: list[tuple[str, tuple[str, ...]]]
) -> None:
    site = read_site(read_pipelines(pipeline(tmp_path, group), {})[0])

    assert site.deployment_groups == tuple(DeploymentGroup("app", *each) for each in expected)


def test_a_site_without_codedeploy_has_no_deployment_groups() -> None:
    assert read_site(read_pipelines(STAGING, {})[0]).deployment_groups == ()


@pytest.mark.exhaustive
@pytest.mark.end_to_end
def test_a_hook_that_fails_stops_the_rollout_and_running_the_stage_again_loses_no_request(
    tmp_path: Path,
) -> None:
    done, summary = rehearse(
        tmp_path / "r", pipeline(tmp_path), *FASTER, "--fault", "deploy-fails", "--rerun"
    )

    assert done.returncode == 0, done.stdout + done.stderr
    assert "deploy-artifact Staging-1 failed" in statuses(summary)
    assert summary["requests"]["lost"] == 0
    assert set(summary["requests"]["requests_per_version"]) == {"1.0", "2.0"}
    assert summary["capacity"] == {"lowest": 1, "of": 2}
    said = consoles(tmp_path / "r")
    assert "Staging-1: ApplicationStart succeeded" in said
    assert "Staging-2: ValidateService succeeded" in said


@pytest.mark.exhaustive
@pytest.mark.end_to_end
def test_a_group_that_two_machines_share_is_refused_as_it_would_be_in_aws(tmp_path: Path) -> None:
    done, summary = rehearse(tmp_path / "r", pipeline(tmp_path, "app"), *FASTER)

    assert done.returncode == 1
    assert "deploy-artifact Staging-1 failed" in statuses(summary)
    assert "would deploy to Staging-2 as well" in done.stdout
    assert summary["requests"]["lost"] == 0
