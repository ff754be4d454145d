"""SIGTERM, GoCD's cancel, at the two moments that differ."""

import signal

import pytest

from gocd.rehearsal.standin_aws.control.journal import Call
from tests.tasks.rolling_deploy.conftest import MakeFleet, change


@pytest.mark.end_to_end
@pytest.mark.parametrize(
    ("way_out", "versions"), [("DeregisterTargets", {"1.0"}), ("EnterStandby", {"1.0", "2.0"})]
)
def test_during_the_drain_the_batch_is_put_back(fleet: MakeFleet, way_out: str, versions: set[str]) -> None:
    mixed = fleet(2, members=2, min_size=2)
    before = mixed.standing()

    def draining(call: Call) -> bool:
        return call.operation == way_out

    ran = mixed.started_and_signalled(draining, signal.SIGTERM, "--batch", "2")

    assert ran.returncode == 143
    assert "put back" in ran.stderr
    assert mixed.standing() == before
    assert set(mixed.versions().values()) == versions
    assert {mixed.versions()[each.id] for each in mixed.members} == {"1.0"}


@pytest.mark.end_to_end
def test_during_the_deployment_the_batch_is_left_out_and_the_next_run_completes(fleet: MakeFleet) -> None:
    mixed = fleet(1, members=2, min_size=2)
    before = mixed.standing()

    def deploying(call: Call) -> bool:
        return call.operation == "SendCommand" and "Installs one release" in str(call.parameters)

    ran = mixed.started_and_signalled(deploying, signal.SIGTERM, "--batch", "2")

    assert ran.returncode == 143
    assert "may have either version" in ran.stderr
    assert "out of fleet" in ran.stderr
    assert list(mixed.health().values()) == ["healthy"]
    assert [group["sizes"][0] for group in mixed.standing()["groups"]] != [2]

    again = mixed.roll("--batch", "2")

    assert again.returncode == 0, again.stderr
    assert "left outside of fleet by an earlier run" in again.stdout
    assert set(mixed.versions().values()) == {"2.0"}
    assert mixed.standing() == before


@pytest.mark.exhaustive
@pytest.mark.timeout(1800)
@pytest.mark.parametrize("first", range(4))
def test_at_any_change_it_says_the_truth_and_the_next_run_completes(fleet: MakeFleet, first: int) -> None:
    """Every fourth change in one test."""
    number = first
    while True:
        mixed = fleet(2, members=2, min_size=2)
        before = mixed.standing()
        ran = mixed.started_and_signalled(change(number), signal.SIGTERM, "--batch", "2")
        if ran.returncode == 0 and not mixed.signalled:
            break
        [call] = mixed.signalled
        print(f"{number} {call.action}: {ran.returncode} {ran.stderr[:160]!r}")  # noqa: T201
        assert ran.returncode == 143, ran.stdout + ran.stderr
        if "put back" in ran.stderr or "nothing was changed" in ran.stderr:
            assert mixed.standing() == before, ran.stderr
        again = mixed.roll("--batch", "2")
        assert again.returncode == 0, again.stdout + again.stderr
        assert set(mixed.versions().values()) == {"2.0"}
        assert mixed.standing() == before, again.stdout
        mixed.cloud.reset()
        number += 4
    assert number > 20
