"""The upgrade of HERD as a pipeline, rehearsed."""

from pathlib import Path

import pytest

from gocd.errors import GoCDError
from gocd.reading.pipelines import read_pipelines
from gocd.rehearsal.herd_site import build_herd_site, check_herd_fault
from gocd.rehearsal.plan import Plan
from gocd.rehearsal.site import HerdStack, read_site
from gocd.rehearsal.standin_aws.world import World
from tests.gocd.rehearsal.rehearsal.rehearsing import (
    FAST,
    STAGING,
    STARTED,
    UPGRADE,
    rehearse,
    statuses,
    without_jmeter,
)
from tests.gocd.rehearsal.standin_aws.conftest import get

STACK = HerdStack("mdl140", "dev")


def test_a_pipeline_that_upgrades_herd_needs_a_herd_and_nothing_else() -> None:
    site = read_site(read_pipelines(UPGRADE, {"mdl_instance": "mdl7", "environment": "qa"})[0])

    assert site.herd == HerdStack("mdl7", "qa")
    assert site.versions == ("0.83.0", "0.84.0")
    assert (site.instances, site.load_balancers, site.deployment_groups) == ((), (), ())
    staging = read_site(read_pipelines(STAGING)[0])
    assert (staging.herd, staging.versions) == (None, ("1.0", "2.0"))


def test_its_build_information_and_its_traffic_are_led_here(tmp_path: Path) -> None:
    pipeline = Plan(UPGRADE, tmp_path, approve=["upgrade"]).pipeline(
        "http://127.0.0.1:4711/herd-app/rest/buildInfo"
    )

    assert pipeline.parameters["build_info_url"] == "http://127.0.0.1:4711/herd-app/rest/buildInfo"
    assert pipeline.parameters["traffic_host"] == "127.0.0.1"
    assert pipeline.parameters["traffic_port"] == "4711"


def test_its_site_serves_the_first_version_to_users(cloud: World) -> None:
    built = build_herd_site(cloud, STACK, ("0.83.0", "0.84.0"), "", speed=100)

    assert "<buildNumber>0.83.0</buildNumber>" in get(built.front.url)
    assert built.front.url.endswith("/herd-app/rest/buildInfo")
    assert cloud.serving(built.front) == {each.id for each in built.instances}


@pytest.mark.parametrize("fault", ["undrained", "never-healthy", "bad-release:errors-at-first"])
def test_a_fault_that_herd_cannot_have_is_refused(fault: str) -> None:
    with pytest.raises(GoCDError, match=f"fault {fault} cannot befall an upgrade of HERD"):
        check_herd_fault(fault)


@pytest.mark.exhaustive
@pytest.mark.end_to_end
def test_an_upgrade_of_herd_loses_no_request(tmp_path: Path) -> None:
    done, summary = rehearse(tmp_path / "r", UPGRADE, *FAST, *STARTED)

    assert done.returncode == 0, done.stdout + done.stderr
    assert summary["requests"]["lost"] == 0
    assert set(summary["requests"]["requests_per_version"]) == {"0.83.0", "0.84.0"}
    assert summary["capacity"] == {"lowest": 1, "of": 1}
    begun, finished = "verify-traffic --start passed", "verify-traffic --finish passed"
    assert statuses(summary)[:3] == [begun, "upgrade-herd passed", finished]
    assert sorted(statuses(summary)[3:5]) == ["check-status passed", "verify-traffic passed"]
    assert statuses(summary)[-1] == "report passed"


@pytest.mark.end_to_end
@pytest.mark.exhaustive
def test_a_version_of_herd_that_is_refused_by_its_own_script_reaches_no_verification(tmp_path: Path) -> None:
    upgrade = without_jmeter(UPGRADE, tmp_path)
    done, summary = rehearse(tmp_path / "r", upgrade, *FAST, *STARTED, "--fault", "validate-fails")

    assert done.returncode == 1
    assert "upgrade-herd failed" in statuses(summary)
    assert "check-status passed" not in statuses(summary)
    assert summary["requests"]["lost"] == 0
