"""kill -9 at the AWS calls of a rollout, then the same command again: it ends as if nothing had happened."""

import signal
from collections.abc import Callable, Iterator

import pytest

from gocd.rehearsal.standin_aws.control.journal import Call
from gocd.rehearsal.standin_aws.machines.instances import Instance
from tests.gocd.rehearsal.standin_aws.conftest import eventually
from tests.program import Done
from tests.tasks.rolling_deploy.conftest import Fleet, MakeFleet, answer, change

BATCH = ("--batch", "2")

# Every kind of change, in the order in which one rollout makes them.
UNLUCKY = (
    *("ssm:PutParameter", "s3:PutObject", "ec2:CreateTags", "elasticloadbalancing:DeregisterTargets"),
    *("ssm:SendCommand", "elasticloadbalancing:RegisterTargets", "ec2:DeleteTags"),
    *("autoscaling:CreateOrUpdateTags", "autoscaling:UpdateAutoScalingGroup", "autoscaling:SuspendProcesses"),
    *("autoscaling:EnterStandby", "autoscaling:ExitStandby", "autoscaling:ResumeProcesses"),
    "autoscaling:DeleteTags",
)

IDS = ["before it takes effect", "after"]


@pytest.mark.end_to_end
@pytest.mark.exhaustive
@pytest.mark.parametrize("before", [True, False], ids=IDS)
def test_one_that_is_killed_at_every_kind_of_change_ends_well(fleet: MakeFleet, before: bool) -> None:
    """Each run dies at the next kind of change, and has what all those before it left to cope with."""
    mixed = fleet(2, members=2, min_size=2)
    standing = mixed.standing()

    for action in UNLUCKY:
        ran = killed(mixed, _is(action), before=before)
        assert ran.returncode == -signal.SIGKILL, f"{action} was never called: {ran.stdout}{ran.stderr}"
    ends_well(mixed, standing)

    # An order that was given before its giver was killed may be given once more; nothing else is.
    assert {mixed.installs(each) for each in mixed.members} == {1}
    assert {mixed.installs(each) for each in mixed.servers} <= ({1} if before else {1, 2})


@pytest.mark.end_to_end
@pytest.mark.exhaustive
def test_those_that_are_back_already_are_not_taken_out_again(fleet: MakeFleet) -> None:
    three = fleet(3)
    ran = killed(three, _is("elasticloadbalancing:RegisterTargets"), before=False)
    assert ran.returncode == -signal.SIGKILL
    first, second, _ = three.servers
    eventually(lambda: set(three.health().values()), {"healthy"})
    three.cloud.journal.clear()

    again = three.roll(*BATCH)

    assert again.returncode == 0, again.stderr
    left = three.cloud.journal.of("DeregisterTargets")
    assert not [
        call for call in left if first.id in str(call.parameters) or second.id in str(call.parameters)
    ]
    assert three.standing()["tags"] == []
    assert set(three.versions().values()) == {"2.0"}


@pytest.mark.exhaustive
@pytest.mark.parametrize("before", [True, False], ids=IDS)
@pytest.mark.parametrize("first", range(4))
@pytest.mark.timeout(1800)
def test_one_that_is_killed_at_any_change_ends_well(fleet: MakeFleet, before: bool, first: int) -> None:
    """Each run dies at one change, and the next one comes to its end; every fourth change in one test."""
    number = first
    while True:
        mixed = fleet(2, members=2, min_size=2)
        standing = mixed.standing()
        ran = killed(mixed, change(number), before=before)
        if ran.returncode == 0:
            break
        assert ran.returncode == -signal.SIGKILL, ran.stdout + ran.stderr
        call = mixed.cloud.journal.calls[-1]
        installed = {each.id: mixed.installs(each) for each in finished(mixed)}
        ends_well(mixed, standing)
        print(f"{number} {'before' if before else 'after'} {call.action}: {len(installed)} finished")  # noqa: T201
        assert {each.id: mixed.installs(each) for each in mixed.everyone if each.id in installed} == installed
        mixed.cloud.reset()
        number += 4
    assert number > 20


def killed(fleet: Fleet, at: Callable[[Call], bool], *, before: bool) -> Done:
    return fleet.started_and_signalled(at, signal.SIGKILL, *BATCH, before=before)


def ends_well(fleet: Fleet, standing: dict[str, object]) -> None:
    again = fleet.roll(*BATCH)
    assert again.returncode == 0, again.stdout + again.stderr
    assert set(fleet.versions().values()) == {"2.0"}, again.stdout
    assert fleet.standing() == standing, again.stdout


def finished(fleet: Fleet) -> Iterator[Instance]:
    """Those that nothing is left to be done for."""
    health, tagged = fleet.health(), {key for key, _ in fleet.standing()["tags"]}
    for each in fleet.everyone:
        if answer(each) == "2.0" and health.get(each.id) == "healthy" and each.id not in tagged:
            yield each


def _is(action: str) -> Callable[[Call], bool]:
    return lambda call: call.action == action
