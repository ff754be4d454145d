"""A command holds its locks for as long as it works, and gives them up however it ends."""

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

import pytest

from gocd.rehearsal.standin_aws.world import World
from tasks.aws.api import Aws
from tasks.locking.held import Held
from tasks.locking.locks import Locking, Locks
from tasks.locking.owner import Owner
from tasks.running.clock import SystemClock
from tasks.running.errors import Cancelled, Refused, TaskError
from tests.fakes import Stage
from tests.gocd.test_server import a_server, jobs
from tests.tasks.locking.test_held import ALIVE, NAME, age, held_by, holder, lock, never, wanted_by
from tests.tasks.locking.test_owner import HERE, JOB, VARIABLES


def holding(names: list[str], aws: Aws, stage: Stage, work: Callable[[Locks], None] = lambda _: None) -> None:
    """A command that does *work* under its locks."""
    with Locking("auto", 0, "detach-instance", aws, stage.wait).held(names) as locks:
        work(locks)


@pytest.fixture
def in_job(monkeypatch: pytest.MonkeyPatch) -> Owner:
    """This process as one of a job's tasks."""
    for name, value in VARIABLES.items():
        monkeypatch.setenv(name, value)
    return Owner.here()


def test_a_run_that_holds_the_lock_lets_its_own_commands_through_and_no_others(
    aws: Aws, cloud: World, in_job: Owner
) -> None:
    stage = Stage()
    run = held_by(aws, replace(in_job, stage="lock").whole_run(), lasts=14400)
    cloud.journal.clear()
    with Locking("auto", 0, "detach-instance", aws, stage.wait).held([NAME]) as locks:
        assert not locks.contended
        locks.check()
    assert cloud.journal.of("PutParameter") == []
    assert stage.lines == [f"{NAME}: held by this pipeline run"]
    with pytest.raises(Refused) as refused:
        wanted_by(aws, HERE, Stage()).acquire(0, never)
    assert refused.value.what == f"{NAME} is locked by staging/12 for its whole run, for 0 s"
    assert "gocd-tasks lock release target-group:staging --force" in str(refused.value.advice)
    assert "--lock none" in str(refused.value.advice)
    assert holder(aws) is not None
    run.release()
    assert holder(aws) is None


def test_a_command_of_a_run_whose_lock_went_to_another_stops(aws: Aws, in_job: Owner) -> None:
    stage = Stage()
    run = held_by(aws, in_job.whole_run())

    def lose_it(locks: Locks) -> None:
        run.release()
        held_by(aws, ALIVE)
        stage.clock.sleep(61)
        locks.check()

    with pytest.raises(TaskError, match=r"no longer locked for this run: it went to production/12"):
        holding([NAME], aws, stage, lose_it)
    there = holder(aws)
    assert there is not None
    assert there.owner == ALIVE


def test_all_locks_of_a_command_are_taken_and_given_up(aws: Aws) -> None:
    stage = Stage()
    with Locking("auto", 0, "detach-instance", aws, stage.wait).held(["b", "a", "b"]) as locks:
        assert [held.lock.name for held in locks.held] == ["a", "b"]
        assert lock(aws, name="a").look()[1] is not None
        assert lock(aws, name="b").look()[1] is not None
    assert lock(aws, name="a").look()[1] is None
    assert lock(aws, name="b").look()[1] is None
    assert stage.lines == []


def test_the_first_lock_is_given_up_if_the_second_cannot_be_had(aws: Aws) -> None:
    stage = Stage()
    other = Held(lock(aws, ALIVE, "b"), "attach-instance", stage.wait)
    other.acquire(0, never)

    with pytest.raises(Refused, match=r"^b is locked by production/12"):
        holding(["a", "b"], aws, stage)
    assert lock(aws, name="a").look()[1] is None
    assert lock(aws, name="b").look()[1] is not None


@pytest.mark.parametrize(
    ("choice", "names"), [("none", []), ("auto", [NAME]), ("Production EU", ["Production EU"])]
)
def test_the_choice_of_locks(aws: Aws, choice: str, names: list[str]) -> None:
    stage = Stage()
    with Locking(choice, 0, "detach-instance", aws, stage.wait).held([NAME]) as locks:
        assert [held.lock.name for held in locks.held] == names


def test_what_a_command_comes_upon_later_is_locked_then_and_given_up_with_the_rest(aws: Aws) -> None:
    stage = Stage()
    with Locking("auto", 0, "rolling-deploy", aws, stage.wait).held(["b"]) as locks:
        assert locks.cover(["b", "a"])
        assert not locks.cover(["a", "b"])
        assert [held.lock.name for held in locks.held] == ["b", "a"]
        assert lock(aws, name="a").look()[1] is not None
    assert lock(aws, name="a").look()[1] is None
    assert lock(aws, name="b").look()[1] is None


def test_what_it_comes_upon_may_be_somebody_elses(aws: Aws) -> None:
    stage = Stage()
    Held(lock(aws, ALIVE, "a"), "rolling-deploy", stage.wait).acquire(0, never)

    def come_upon(locks: Locks) -> None:
        locks.cover(["a"])

    with pytest.raises(Refused, match=r"^a is locked by production/12"):
        holding(["b"], aws, stage, come_upon)
    assert lock(aws, name="a").look()[1] is not None
    assert lock(aws, name="b").look()[1] is None


@pytest.mark.parametrize(("choice", "names"), [("none", []), ("Production EU", ["Production EU"])])
def test_a_choice_of_its_own_covers_whatever_there_is(aws: Aws, choice: str, names: list[str]) -> None:
    stage = Stage()
    with Locking(choice, 0, "rolling-deploy", aws, stage.wait).held([NAME]) as locks:
        assert not locks.cover([NAME, "another"])
        assert [held.lock.name for held in locks.held] == names


@pytest.mark.parametrize("ending", [TaskError("failed"), Cancelled(15), ValueError("a bug")])
def test_the_lock_is_given_up_however_a_command_ends(aws: Aws, ending: BaseException) -> None:
    def end(_: Locks) -> None:
        raise ending

    with pytest.raises(type(ending)) as raised:
        holding([NAME], aws, Stage(), end)
    assert raised.value is ending
    assert holder(aws) is None


def test_a_release_that_fails_is_told_and_hides_nothing(aws: Aws, cloud: World) -> None:
    stage = Stage()
    failure = TaskError("the deployment failed")

    def fail(_: Locks) -> None:
        cloud.faults.deny("ssm:PutParameter")
        raise failure

    with pytest.raises(TaskError) as raised:
        holding([NAME], aws, stage, fail)

    assert raised.value is failure
    assert stage.lines == [
        f"{NAME}: not released (AWS refused ssm:PutParameter on {NAME} (AccessDeniedException)); "
        "it ends by itself in 120 s"
    ]


@pytest.mark.parametrize("moment", ["before", "after"])
@pytest.mark.parametrize("write", [1, 2])
def test_a_cancel_in_the_middle_of_a_call_leaves_no_lock(
    aws: Aws, cloud: World, moment: str, write: int
) -> None:
    interrupted = Interrupted(SystemClock(), lambda _: None)
    interrupted.moment, interrupted.write = moment, write

    with pytest.raises(Cancelled):
        holding([NAME], interrupted, Stage())
    assert holder(aws) is None


class Interrupted(Aws):
    """A signal arrives right before or after the take effect of one write."""

    moment = "before"
    write = 0

    def call(self, service: str, operation: str, subject: str = "", **parameters: Any) -> Mapping[str, Any]:
        self.write -= operation == "put_parameter"
        now = operation == "put_parameter" and self.write == 0
        if now and self.moment == "before":
            raise Cancelled(15)
        answer = super().call(service, operation, subject, **parameters)
        if now:
            raise Cancelled(15)
        return answer


def test_a_look_ahead_takes_nothing_and_says_who_has_it(aws: Aws, cloud: World) -> None:
    stage = Stage()
    Locking("auto", 0, "detach-instance", aws, stage.wait).tell([NAME])
    assert stage.lines == []
    held_by(aws, ALIVE)
    cloud.journal.clear()
    Locking("auto", 0, "detach-instance", aws, stage.wait).tell([NAME])

    assert cloud.journal.of("PutParameter") == []
    assert stage.lines == [
        f"{NAME} is locked by production/12, stage Staging-2/2 on {JOB.host}, rolling-deploy, for 0 s; "
        "a run would have to wait for it"
    ]
    cloud.faults.deny("ssm:GetParameter")
    Locking("auto", 0, "detach-instance", aws, stage.wait).tell([NAME])
    assert "whether it is locked cannot be told" in stage.lines[-1]


def test_the_jobs_own_gocd_server_is_asked_whether_the_holders_stage_is_over(
    aws: Aws, cloud: World, in_job: Owner, monkeypatch: pytest.MonkeyPatch
) -> None:
    stage = Stage()
    with a_server() as server:
        monkeypatch.setenv("GO_SERVER_URL", server.url)
        held_by(aws, replace(ALIVE, server=server.url))
        age(cloud, 50)
        server.body = jobs("Completed", "Building")
        with pytest.raises(Refused, match="is locked by production/12"):
            holding([NAME], aws, stage)
        assert server.asked == []

        monkeypatch.setenv("GOCD_ACCESS_TOKEN", "secret")
        with pytest.raises(Refused, match="is locked by production/12"):
            holding([NAME], aws, stage)
        server.body = jobs("Completed", "Completed")
        holding([NAME], aws, stage)

    assert [path for path, _, _ in server.asked] == ["/go/api/stages/production/12/Staging-2/2"] * 2
    assert stage.lines[-1].endswith(": GoCD's server says that its stage is over")
