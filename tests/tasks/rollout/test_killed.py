"""kill -9 at changing AWS calls of a rollout, then the same command again: the end is as if nothing had happened."""

import os
import signal
from collections import Counter
from collections.abc import Callable

import pytest

from gocd.rehearsal.standin_aws.journal import Call
from tests.tasks.rollout.conftest import CHANGING, Fleet, MakeFleet, Run, eventually

pytestmark = pytest.mark.end_to_end

BATCH = ("--batch", "2")

# In the order of one rollout. Each of these kills finds what the one before it left.
UNLUCKY = (
    *("PutParameter", "CreateTags", "DeregisterTargets", "CreateOrUpdateTags", "UpdateAutoScalingGroup"),
    *("SuspendProcesses", "EnterStandby", "PutObject", "SendCommand", "ExitStandby", "RegisterTargets"),
    *("ResumeProcesses", "DeleteTags"),
)


def killed(fleet: Fleet, at: Callable[[Call], bool], *, before: bool) -> Run:
    return fleet.started_and_signalled(at, signal.SIGKILL, *BATCH, before=before)


@pytest.mark.parametrize("before", [True, False], ids=["before it takes effect", "after"])
def test_a_rollout_that_is_killed_at_every_kind_of_change_still_ends_well(
    fleet: MakeFleet, before: bool
) -> None:
    mixed = fleet(2, members=2, min_size=2)
    standing = mixed.standing()

    for operation in UNLUCKY:
        ran = killed(mixed, lambda call: call.operation == operation, before=before)  # noqa: B023
        assert ran.returncode == -signal.SIGKILL, f"{operation} was never called:\n{ran.stdout}{ran.stderr}"
    last = mixed.roll(*BATCH)

    assert last.returncode == 0, last.stdout + last.stderr
    assert set(mixed.versions().values()) == {"2.0"}
    assert mixed.standing() == standing
