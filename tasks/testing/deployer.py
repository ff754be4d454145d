"""What every way of deploying promises the tasks."""

from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from datetime import datetime, timedelta

import pytest

from tasks.aws.instances import Instance
from tasks.deployers.deployer import CannotGoBack, Deployer, ReleaseFailed
from tasks.deployers.release import Release
from tasks.running.clock import Clock, SystemClock
from tasks.running.console import Color, Console
from tasks.running.errors import Cancelled, Refused
from tasks.running.events import EventFile
from tasks.running.log import Log
from tasks.running.waiting import Wait

SIGTERM = 15

MAY_BE_EITHER = "it may have either version"


@dataclass(frozen=True)
class CancellingClock:
    """A clock whose first sleeper is cancelled, as GoCD would at that moment."""

    clock: Clock

    def now(self) -> float:
        return self.clock.now()

    def wall(self) -> datetime:
        return self.clock.wall()

    def sleep(self, seconds: float) -> None:
        raise Cancelled(SIGTERM)


@dataclass(frozen=True)
class DeployerCase:
    """A way of deploying, and what to deploy with it.

    Args:
        deployer: The deployer, made.
        earlier: A release that can be deployed.
        release: A later one, of another version.
        undeployable: One that has to be refused.
        instances: Two that can be deployed to.
        runs: Returns the version that an instance runs.
        failing: Has a deployment to an instance fail while it is entered.
        clock: What its time goes by.
    """

    deployer: Deployer
    earlier: Release
    release: Release
    undeployable: Release
    instances: Sequence[Instance]
    runs: Callable[[Instance], str]
    failing: Callable[[Instance], AbstractContextManager[object]]
    clock: Clock = field(default_factory=SystemClock)

    @property
    def wait(self) -> Wait:
        return self.waiting_by(self.clock)

    @property
    def running(self) -> dict[str, str]:
        """The version that each runs, by its id."""
        return {each.id: self.runs(each) for each in self.instances}

    def deploy(self, release: Release, instance: Instance) -> None:
        self.deployer.check(release, instance)
        self.deployer.deploy(release, instance, self.wait)

    def waiting_by(self, clock: Clock) -> Wait:
        console = Console(color=Color.NEVER)
        return Wait(clock, Log(console, EventFile(None, "test", clock.wall), clock))


class DeployerContract:
    """The tests of a deployer; whoever inherits from it gives the fixture ``case``, a DeployerCase."""

    def test_a_check_changes_nothing_and_refuses_what_cannot_be_deployed(self, case: DeployerCase) -> None:
        one, _ = case.instances
        before = case.running
        case.deployer.check_all(case.release, case.instances)
        with pytest.raises(Refused) as refusal:
            case.deployer.check(case.undeployable, one)
        with pytest.raises(Refused):
            case.deployer.check_all(case.undeployable, case.instances)

        assert refusal.value.what
        assert case.running == before

    def test_what_is_seen_to_before_a_batch_leaves_changes_nothing_on_it(self, case: DeployerCase) -> None:
        before = case.running
        case.deployer.check_all(case.release, case.instances)
        for _ in range(2):
            case.deployer.prepare(case.release, case.instances, case.wait)

        assert case.running == before

    def test_a_release_gets_to_its_instance_alone_and_to_repeat_it_is_safe(self, case: DeployerCase) -> None:
        one, two = case.instances
        before = case.running
        for release in (case.release, case.release, case.earlier):
            case.deploy(release, one)
            assert case.running == {one.id: release.version, two.id: before[two.id]}

    def test_of_many_who_failed_is_named_and_what_runs_there_if_that_is_known(
        self, case: DeployerCase
    ) -> None:
        one, _ = case.instances
        assert case.deployer.deploy_all(case.earlier, case.instances, case.wait) == {}
        assert set(case.running.values()) == {case.earlier.version}
        with case.failing(one):
            failures = case.deployer.deploy_all(case.release, case.instances, case.wait)

        assert one.id in failures
        assert set(failures) <= {each.id for each in case.instances}
        for key, runs in case.running.items():
            failure = failures.get(key)
            if failure is None:
                assert runs == case.release.version
            elif isinstance(failure, ReleaseFailed):
                assert failure.runs
                assert runs == case.earlier.version or runs in failure.runs
        assert case.deployer.deploy_all(case.release, case.instances, case.wait) == {}
        assert set(case.running.values()) == {case.release.version}

    def test_a_record_is_that_of_the_release_and_there_only_if_it_is_said_so(
        self, case: DeployerCase
    ) -> None:
        one, _ = case.instances
        case.deploy(case.release, one)
        records = case.deployer.records(case.release, [one], case.wait)
        other = case.deployer.records(case.earlier, [one], case.wait)
        later = case.deployer.records(case.release, [one], case.wait, case.clock.wall() + timedelta(hours=1))

        keeps = case.deployer.keeps_records
        assert [(each.known, each.matches) for each in records.values()] == [(keeps, keeps)]
        assert records[one.id].version == (case.release.version if keeps else "")
        assert not other[one.id].matches
        assert not later[one.id].matches

    def test_it_goes_back_or_says_that_it_cannot(self, case: DeployerCase) -> None:
        one, _ = case.instances
        for release in (case.earlier, case.release):
            case.deploy(release, one)
        try:
            case.deployer.check_back("", one)
        except CannotGoBack:
            with pytest.raises(CannotGoBack):
                case.deployer.go_back(one, case.wait)
            assert case.runs(one) == case.release.version
        else:
            assert case.deployer.go_back(one, case.wait) == case.earlier.version
            assert case.runs(one) == case.earlier.version

    def test_a_cancel_in_the_middle_ends_it_and_the_same_again_heals(self, case: DeployerCase) -> None:
        one, _ = case.instances
        cancelled = case.waiting_by(CancellingClock(case.clock))
        cancelled.log.stands(MAY_BE_EITHER)
        try:
            case.deployer.deploy(case.release, one, cancelled)
        except Cancelled:
            assert MAY_BE_EITHER in cancelled.log.standing.state
        else:
            # It never waited, so there was no middle.
            assert case.runs(one) == case.release.version
        case.deploy(case.release, one)

        assert case.runs(one) == case.release.version
