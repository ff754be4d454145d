"""Bad releases, rehearsed under traffic: caught on the first machine, taken off again, seen by no user."""

from pathlib import Path

import pytest

from tests.gocd.rehearsal.rehearsal.test_rehearsal import FASTER, STAGING, rehearse, statuses, without_jmeter

pytestmark = pytest.mark.end_to_end


@pytest.mark.parametrize(
    ("bad", "said"),
    [
        ("starts-not", "2.0 did not start; 1.0 is running again"),
        ("answers-500", "2.0 was installed but is not well: Staging-1: answers 500, not 200"),
        ("wrong-version", "2.0 was installed but is not well: Staging-1: answers version 0.0, not 2.0"),
    ],
)
def test_a_bad_release_is_caught_on_the_machine_and_no_user_sees_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, bad: str, said: str
) -> None:
    monkeypatch.setenv("STATUS_TIMEOUT", "3")
    staging = without_jmeter(STAGING, tmp_path)
    done, summary = rehearse(tmp_path / "r", staging, *FASTER, "--fault", f"bad-release:{bad}")
    told = done.stdout.splitlines()[-2]

    assert done.returncode == 1
    assert said in told
    assert "1.0 is running again" in told
    assert "Staging-1 stays out of target-group:staging" in told
    assert statuses(summary)[-1] == "deploy-artifact Staging-1 failed"
    assert summary["requests"]["lost"] == 0
    assert summary["requests"]["sent"] > 0
    assert set(summary["requests"]["requests_per_version"]) == {"1.0"}
