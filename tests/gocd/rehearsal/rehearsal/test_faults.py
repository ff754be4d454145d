"""Faults rehearsed under traffic: what is said, who stays out, and whether any user is harmed."""

import re
from html import unescape
from pathlib import Path

import pytest

from tests.gocd.rehearsal.rehearsal.rehearsing import (
    FAST,
    FASTER,
    ROLLING,
    ROOT,
    STAGING,
    rehearse,
    statuses,
    without_jmeter,
)

pytestmark = pytest.mark.end_to_end

CONSOLE = "deploy/cruise-output/console.log"
HALTED = re.compile(
    r"(?<=error: )halted: the traffic failed after (?P<who>Fleet-\d) came back \([^)]*\)[^)]*\): users lost "
    r"(?P<since>\d+) of [\d,]+ requests since then, (?P<all>\d+) of [\d,]+ in all; (?P=who) was taken out of "
    "web again"
)


@pytest.mark.parametrize(
    ("bad", "said"),
    [
        pytest.param(
            *("starts-not", "2.0 did not start; 1.0 is running again"), marks=pytest.mark.exhaustive
        ),
        ("answers-500", "2.0 was installed but is not well: Staging-1: answers 500, not 200"),
        pytest.param(
            *("wrong-version", "2.0 was installed but is not well: Staging-1: answers version 0.0, not 2.0"),
            marks=pytest.mark.exhaustive,
        ),
    ],
)
@pytest.mark.exhaustive
def test_a_bad_release_is_caught_on_the_machine_and_no_user_sees_it(
    tmp_path: Path, bad: str, said: str
) -> None:
    staging = without_jmeter(STAGING, tmp_path, {"GOCD_TASKS_STATUS_TIMEOUT": "3"})
    done, summary = rehearse(tmp_path / "r", staging, *FASTER, "--fault", f"bad-release:{bad}")
    told = done.stdout.splitlines()[-2]

    assert done.returncode == 1
    assert said in told
    assert "1.0 is running again" in told
    assert "Staging-1 stays out of target-group:staging" in told
    assert "gocd-tasks deploy-artifact" in told
    assert "gocd-tasks attach-instance Staging-1" in told
    assert statuses(summary)[-1] == "deploy-artifact Staging-1 failed"
    assert summary["requests"]["lost"] == 0
    assert summary["requests"]["sent"] > 0
    assert set(summary["requests"]["requests_per_version"]) == {"1.0"}


@pytest.mark.exhaustive
def test_an_instance_that_never_gets_healthy_fails_the_stage_and_harms_nobody(tmp_path: Path) -> None:
    impatient = without_jmeter(STAGING, tmp_path, variables={"GOCD_TASKS_TIMEOUT": "15"})
    done, summary = rehearse(tmp_path / "r", impatient, *FASTER, "--fault", "never-healthy")

    assert done.returncode == 1
    assert statuses(summary)[-1] == "attach-instance Staging-1 failed"
    assert summary["tasks"][-1]["remark"] == "exit code 3"
    assert summary["requests"]["lost"] == 0
    assert "Staging-1 did not become healthy in staging" in done.stdout.splitlines()[-2]


@pytest.mark.exhaustive
def test_a_machine_that_is_restarted_while_it_serves_costs_requests_and_the_report_shows_it(
    tmp_path: Path,
) -> None:
    staging = without_jmeter(STAGING, tmp_path)
    done, summary = rehearse(tmp_path / "r", staging, *FAST, "--fault", "undrained")

    assert done.returncode == 1, done.stdout
    assert summary["requests"]["lost"] > 0
    assert " lost" in done.stdout.splitlines()[-1]
    page = (tmp_path / "r/report.html").read_text()
    assert "lost" in page.partition("</h1>")[0]


@pytest.mark.exhaustive
def test_a_rollout_that_hurts_its_first_users_halts_and_its_stage_can_be_run_again_at_once(
    tmp_path: Path,
) -> None:
    two = ("--fleet", "2", "--group-size", "0", "--fault", "bad-release:errors-at-first", "--rerun")
    done, summary = rehearse(tmp_path / "r", ROLLING, *FAST, *two)
    once = [
        "fetch app.tar.gz passed",
        "verify-traffic --start passed",
        "rolling-deploy release/ap... failed",
        "verify-traffic --finish failed",
    ]
    page = (tmp_path / "r/report.html").read_text()
    stages = tmp_path / "r/artifacts/rolling/1/rolling-deploy"

    assert done.returncode == 1, done.stdout
    assert statuses(summary) == [*once, *once]
    # The first one is well by then, and comes back.
    for stage, hurting in (("1", "Fleet-1"), ("2", "Fleet-2")):
        said = (stages / stage / CONSOLE).read_text()
        halt = HALTED.search(said)
        assert halt, said
        assert halt["who"] == hurting
        assert 0 < int(halt["since"]) == int(halt["all"])
        assert f"{halt['all']} failed ({halt['all']} answered 500)" in said
        assert halt[0] in unescape(page)
        assert said.count("Batch: ") == int(stage)
        assert ("Fleet-2: installing" in said) is (hurting == "Fleet-2")
    assert summary["requests"]["lost"] > 0
    assert " lost" in done.stdout.splitlines()[-1]


@pytest.mark.exhaustive
def test_under_a_plan_of_the_sites_own_a_deploy_that_fails_is_healed_by_running_the_stage_again(
    tmp_path: Path,
) -> None:
    staging, plan = without_jmeter(STAGING, tmp_path), str(ROOT / "pipelines/verify.jmx")
    done, summary = rehearse(
        tmp_path / "r", staging, *FASTER, "--plan", plan, "--fault", "deploy-fails", "--rerun"
    )

    assert done.returncode == 0, done.stdout + done.stderr
    assert "deploy-artifact Staging-1 failed" in statuses(summary)
    assert summary["requests"]["lost"] == 0
    assert summary["requests"]["sent"] > 500
