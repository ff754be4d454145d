"""The contract of deployers finds each fault that a way of deploying may have."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import pytest

from tasks.aws.instances import Instance
from tasks.deployers.deployer import ReleaseFailed
from tasks.deployers.release import Release
from tasks.running.errors import Cancelled, TaskError
from tasks.running.waiting import Wait
from tasks.testing import DeployerCase, DeployerContract
from tests.tasks.rollout.fakes import Hosts, case_of

CONTRACT = DeployerContract


class DeploysAnything(Hosts):
    def check(self, release: Release, instance: Instance) -> None:
        pass


class DeploysWhenAsked(Hosts):
    def check(self, release: Release, instance: Instance) -> None:
        super().check(release, instance)
        self.versions[instance.id] = release.version


class DeploysTooSoon(Hosts):
    def prepare(self, release: Release, instances: Sequence[Instance], wait: Wait) -> None:
        self.deploy_all(release, instances, wait)


class DeploysToOthers(Hosts):
    def deploy(self, release: Release, instance: Instance, wait: Wait) -> None:
        self.versions |= {"i-1": release.version, "i-2": release.version}


class DeploysOnce(Hosts):
    def deploy(self, release: Release, instance: Instance, wait: Wait) -> None:
        assert self.versions.get(instance.id) != release.version
        super().deploy(release, instance, wait)


class HidesWhoFailed(Hosts):
    def deploy_all(
        self, release: Release, instances: Sequence[Instance], wait: Wait
    ) -> Mapping[str, TaskError]:
        super().deploy_all(release, instances, wait)
        return {}


class KnowsWhatIsNotSo(Hosts):
    def deploy(self, release: Release, instance: Instance, wait: Wait) -> None:
        try:
            super().deploy(release, instance, wait)
        except TaskError:
            self.versions[instance.id] = "0.0"
            raise ReleaseFailed("disk full", "2.0 is running again") from None


class NamesOthers(Hosts):
    def deploy_all(
        self, release: Release, instances: Sequence[Instance], wait: Wait
    ) -> Mapping[str, TaskError]:
        return {"i-9": TaskError("disk full"), **super().deploy_all(release, instances, wait)}


class KeepsNoRecordAfterAll(Hosts):
    keeps_records = True


class SaysThatItWentBack(Hosts):
    def check_back(self, version: str, instance: Instance) -> None:
        pass

    def go_back(self, instance: Instance, wait: Wait, *, to: str = "", leaving: str = "") -> str:
        return "2.0"


class CannotGoBackAfterAll(Hosts):
    def go_back(self, instance: Instance, wait: Wait, *, to: str = "", leaving: str = "") -> str:
        return self.versions.setdefault(instance.id, "1.0")


class MissesACancel(Hosts):
    def deploy(self, release: Release, instance: Instance, wait: Wait) -> None:
        try:
            super().deploy(release, instance, wait)
        except Cancelled:
            return


class ForgetsWhereThingsStand(Hosts):
    def deploy(self, release: Release, instance: Instance, wait: Wait) -> None:
        try:
            super().deploy(release, instance, wait)
        except Cancelled:
            wait.log.stands("stopped")
            raise


@dataclass
class LeavesALock(Hosts):
    locked: bool = False

    def deploy(self, release: Release, instance: Instance, wait: Wait) -> None:
        if self.locked:
            return
        self.locked = True
        super().deploy(release, instance, wait)
        self.locked = False


@pytest.mark.parametrize(
    ("fault", "finds"),
    [
        (DeploysAnything, CONTRACT.test_a_check_changes_nothing_and_refuses_what_cannot_be_deployed),
        (DeploysWhenAsked, CONTRACT.test_a_check_changes_nothing_and_refuses_what_cannot_be_deployed),
        (DeploysTooSoon, CONTRACT.test_what_is_seen_to_before_a_batch_leaves_changes_nothing_on_it),
        (DeploysToOthers, CONTRACT.test_a_release_gets_to_its_instance_alone_and_to_repeat_it_is_safe),
        (DeploysOnce, CONTRACT.test_a_release_gets_to_its_instance_alone_and_to_repeat_it_is_safe),
        (HidesWhoFailed, CONTRACT.test_of_many_who_failed_is_named_and_what_runs_there_if_that_is_known),
        (KnowsWhatIsNotSo, CONTRACT.test_of_many_who_failed_is_named_and_what_runs_there_if_that_is_known),
        (NamesOthers, CONTRACT.test_of_many_who_failed_is_named_and_what_runs_there_if_that_is_known),
        (
            KeepsNoRecordAfterAll,
            CONTRACT.test_a_record_is_that_of_the_release_and_there_only_if_it_is_said_so,
        ),
        (SaysThatItWentBack, CONTRACT.test_it_goes_back_or_says_that_it_cannot),
        (CannotGoBackAfterAll, CONTRACT.test_it_goes_back_or_says_that_it_cannot),
        (MissesACancel, CONTRACT.test_a_cancel_in_the_middle_ends_it_and_the_same_again_heals),
        (ForgetsWhereThingsStand, CONTRACT.test_a_cancel_in_the_middle_ends_it_and_the_same_again_heals),
        (LeavesALock, CONTRACT.test_a_cancel_in_the_middle_ends_it_and_the_same_again_heals),
    ],
)
def test_a_fault_is_found(
    fault: type[Hosts], finds: Callable[[DeployerContract, DeployerCase], None]
) -> None:
    finds(CONTRACT(), case_of(Hosts()))
    # What pytest itself raises where an error does not come is no AssertionError.
    with pytest.raises((AssertionError, pytest.fail.Exception)):
        finds(CONTRACT(), case_of(fault()))
