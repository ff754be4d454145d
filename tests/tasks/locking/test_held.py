"""Who gets a lock, keeps it and may take it over, on the stand-in AWS; who waits has a clock of its own."""

import threading
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from moto.ssm.models import ssm_backends

from gocd.rehearsal.standin_aws.control import wire
from gocd.rehearsal.standin_aws.world import World
from tasks.aws.api import Aws
from tasks.aws.errors import Denied
from tasks.locking.deployment_lock import DeploymentLock, Holding, by_server, lock_name, parameter_name, span
from tasks.locking.held import Held
from tasks.locking.owner import Owner
from tasks.running.clock import SystemClock
from tasks.running.errors import Refused, TaskError
from tests.fakes import Stage
from tests.gocd.rehearsal.standin_aws.conftest import eventually
from tests.tasks.locking.test_owner import HERE, JOB

NAME = "target-group:staging"
ALIVE = replace(JOB, pipeline="production", machine="another machine", process=7)


def never(_: Owner) -> bool:
    return False


def lock(aws: Aws, owner: Owner = HERE, name: str = NAME) -> DeploymentLock:
    return DeploymentLock(name, aws, owner, SystemClock())


def held_by(aws: Aws, owner: Owner, stage: Stage | None = None, lasts: float = 120) -> Held:
    stage = stage or Stage()
    held = Held(lock(aws, owner), "rolling-deploy", stage.wait, lasts)
    held.acquire(0, never)
    return held


def wanted_by(aws: Aws, owner: Owner, stage: Stage) -> Held:
    return Held(lock(aws, owner), "detach-instance", stage.wait)


def holder(aws: Aws) -> Holding | None:
    return lock(aws).look()[1]


def age(cloud: World, seconds: float, name: str = NAME) -> None:
    """Let it be so long ago that the lock was written."""
    versions = ssm_backends[wire.ACCOUNT][cloud.region]._parameters[parameter_name(name)]
    versions[-1].last_modified_date -= timedelta(seconds=seconds)


@pytest.mark.parametrize(
    ("name", "parameter"),
    [
        ("target-group:staging", "target-group.staging"),
        ("classic:web-1", "classic.web-1"),
        ("a.b", "a_2e_b"),
        ("a_b", "a_5f_b"),
        ("a_2e_b", "a_5f_2e_5f_b"),
        ("Production EU/1", "Production_20_EU_2f_1"),
        ("{{x}}", "_7b__7b_x_7d__7d_"),
    ],
)
def test_a_name_is_kept_readably_and_comes_back_as_it_was(name: str, parameter: str) -> None:
    assert parameter_name(name) == f"/gocd-tasks/lock/{parameter}"
    assert lock_name(parameter_name(name)) == name


@pytest.mark.parametrize("name", ["", "x" * 151, "ü", "a\nb"])
def test_what_can_be_no_name_is_refused(name: str) -> None:
    with pytest.raises(Refused, match="a lock's name has 1 to 150 characters"):
        parameter_name(name)


def test_a_lock_is_taken_refused_to_others_and_given_up(aws: Aws) -> None:
    held = held_by(aws, ALIVE)

    with pytest.raises(Refused) as refused:
        wanted_by(aws, JOB, Stage()).acquire(0, never)
    assert refused.value.what == (
        f"{NAME} is locked by production/12, stage Staging-2/2 on {JOB.host}, rolling-deploy, for 0 s"
    )
    assert refused.value.advice == f"Wait for it, or: gocd-tasks lock status {NAME}"
    held.check()
    held.release()
    assert holder(aws) is None
    wanted_by(aws, JOB, Stage()).acquire(0, never)


def test_exactly_one_of_twenty_wins_every_time(aws: Aws) -> None:
    rounds, many = 4, 20
    at_once = threading.Barrier(many)
    ways = [Aws(SystemClock(), lambda _: None) for _ in range(many)]
    for each in ways:
        each.client("ssm", "get_parameter")

    def contend(number: int, name: str) -> Held | None:
        stage = Stage()
        owner = replace(ALIVE, counter=number + 1, machine=f"machine {number}")
        mine = Held(lock(ways[number], owner, name), "detach-instance", stage.wait)
        at_once.wait()
        try:
            mine.acquire(0, never)
        except Refused:
            mine.release()
            return None
        return mine

    with ThreadPoolExecutor(many) as pool:
        for number in range(rounds):
            # Every other round, nobody ever held it.
            name = f"{NAME}-{number // 2}"
            winners = [held for held in pool.map(contend, range(many), [name] * many) if held]
            assert len(winners) == 1
            there = lock(aws, name=name).look()[1]
            assert there is not None
            assert there.owner == winners[0].lock.owner
            winners[0].check()
            winners[0].release()
            assert lock(aws, name=name).look()[1] is None


@pytest.mark.exhaustive
def test_never_two_at_once_while_some_renew_others_give_up_and_all_try(aws: Aws) -> None:
    many, wins = 6, 5
    inside: list[int] = []
    most: list[int] = []

    def work(number: int) -> int:
        way, won = Aws(SystemClock(), lambda _: None), 0
        owner = replace(ALIVE, counter=number + 1, machine=f"machine {number}")
        while won < wins:
            stage = Stage()
            mine = Held(lock(way, owner), "attach-instance", stage.wait)
            try:
                mine.acquire(0, never)
            except Refused:
                continue
            inside.append(number)
            most.append(len(inside))
            mine.renew()
            mine.check()
            inside.remove(number)
            mine.release()
            won += 1
        return won

    with ThreadPoolExecutor(many) as pool:
        assert list(pool.map(work, range(many))) == [wins] * many
    assert most == [1] * many * wins
    assert holder(aws) is None


def test_a_renewal_keeps_the_lock_and_its_beginning(aws: Aws, cloud: World) -> None:
    held = held_by(aws, ALIVE)
    age(cloud, 100)
    assert held.holding is not None
    since = holder(aws)
    held.renew()

    there = holder(aws)
    assert there is not None
    assert since is not None
    assert there.look.age < 5
    assert not there.expired
    assert there.token == since.token
    assert there.since == held.holding.since


def test_renewals_go_on_in_the_background_through_failures_until_the_release(aws: Aws, cloud: World) -> None:
    held = held_by(aws, ALIVE, lasts=1)
    held.keep(every=0.05)
    eventually(lambda: len(cloud.journal.of("PutParameter")) > 5, True)
    cloud.faults.deny("ssm:*")
    asked = len(cloud.journal.of("PutParameter"))
    eventually(lambda: len(cloud.journal.of("PutParameter")) > asked + 2, True)
    cloud.faults.clear()
    asked = len(cloud.journal.of("PutParameter"))
    eventually(lambda: len(cloud.journal.of("PutParameter")) > asked + 5, True)
    held.check()
    held.release()
    assert holder(aws) is None
    eventually(lambda: [each.name for each in threading.enumerate() if NAME in each.name], [])


class Faulty(DeploymentLock):
    """A lock of which every other claim ends as nobody foresaw."""

    claims = 0

    def claim(self, *words: Any) -> Holding | None:
        self.claims += 1
        if self.claims % 2 == 0:
            raise KeyError(self.claims)
        return super().claim(*words)


def test_renewals_go_on_whatever_one_of_them_ends_in(aws: Aws, cloud: World) -> None:
    faulty = Faulty(NAME, aws, ALIVE, SystemClock())
    held = Held(faulty, "rolling-deploy", Stage().wait, lasts=1)
    held.acquire(0, never)
    held.keep(every=0.05)
    eventually(lambda: len(cloud.journal.of("PutParameter")) > 3, True)
    held.release()


def test_a_lock_that_was_not_renewed_is_taken_over_and_its_holder_learns_it(aws: Aws, cloud: World) -> None:
    first, second = Stage(), Stage()
    held = held_by(aws, ALIVE, first)
    age(cloud, 119)
    with pytest.raises(Refused):
        wanted_by(aws, JOB, second).acquire(0, never)
    age(cloud, 5)

    winner = wanted_by(aws, JOB, second)
    winner.acquire(0, never)

    assert second.lines == [
        f"{NAME}: taken over from production/12, stage Staging-2/2 on {JOB.host}: not renewed for 2 min"
    ]
    assert winner.contended
    held.check()  # It was renewed a moment ago, for all that its clock knows.
    first.clock.sleep(61)
    with pytest.raises(TaskError, match=f"{NAME} is no longer locked for this run: it went to staging/12"):
        held.check()
    held.release()
    winner.check()
    there = holder(aws)
    assert there is not None
    assert there.owner == JOB


def test_a_holder_whose_lock_was_released_by_force_learns_it(aws: Aws) -> None:
    stage = Stage()
    held = held_by(aws, ALIVE, stage)
    look, _ = lock(aws).look()
    assert lock(aws).free(look)
    held.keep(every=0.05)

    eventually(lambda: stage.lines, [f"{NAME} is no longer locked for this run: somebody released it"])
    with pytest.raises(TaskError, match="somebody released it"):
        held.check()


def test_a_lost_write_of_another_costs_the_holder_nothing_but_a_look(aws: Aws) -> None:
    held = held_by(aws, ALIVE)
    assert held.holding is not None
    began = held.holding.look
    held.renew()
    assert not lock(aws).free(began)
    newest, _ = lock(aws).look()
    assert newest.version == 3

    held.renew()
    held.check()
    held.release()
    assert holder(aws) is None


def test_a_process_that_is_gone_from_this_machine_is_replaced_at_once(aws: Aws) -> None:
    stage = Stage()
    held_by(aws, replace(JOB, pipeline="production", started="1"))
    wanted_by(aws, HERE, stage).acquire(0, never)

    assert f"its process {JOB.process} on this machine is gone" in stage.lines[0]
    assert stage.clock.now() == 0


def test_what_gocd_has_moved_on_from_is_replaced_once_it_is_silent(aws: Aws, cloud: World) -> None:
    stage = Stage()
    held_by(aws, replace(JOB, stage="Staging-1", machine="lost agent"))
    stage.clock.at(40, lambda: age(cloud, 50))
    wanted_by(aws, JOB, stage).acquire(0, never)

    assert stage.lines[0].startswith(
        f"{NAME}: waiting for staging/12, stage Staging-1/2 on {JOB.host} "
        "(GoCD has gone on to stage Staging-2 of the same run), 0 s of up to 4"
    )
    assert stage.lines[-1].endswith(": GoCD has gone on to stage Staging-2 of the same run")
    assert 44 < stage.clock.now() < 50


def test_a_cancelled_stage_that_still_cleans_up_keeps_its_lock(aws: Aws) -> None:
    stage = Stage()
    cleaning = held_by(aws, replace(JOB, stage_counter=1, machine="its agent"))
    stage.clock.at(20, cleaning.renew)

    with pytest.raises(Refused, match="stage Staging-2/1"):
        wanted_by(aws, JOB, stage).acquire(0, never)


def test_a_stage_that_the_server_calls_over_is_replaced_once_it_is_silent(aws: Aws, cloud: World) -> None:
    asked: list[tuple[object, ...]] = []

    def over(*stage: object) -> bool:
        asked.append(stage)
        return True

    stage = Stage()
    held_by(aws, ALIVE)
    age(cloud, 50)
    wanted_by(aws, JOB, stage).acquire(0, by_server(over, JOB))

    assert asked == [("production", 12, "Staging-2", 2)]
    assert stage.lines[0].endswith(": GoCD's server says that its stage is over")


@pytest.mark.parametrize("answer", [False, None])
def test_a_server_that_does_not_say_so_proves_nothing(aws: Aws, cloud: World, answer: bool | None) -> None:
    held_by(aws, ALIVE)
    age(cloud, 50)

    with pytest.raises(Refused):
        wanted_by(aws, JOB, Stage()).acquire(0, by_server(lambda *_: answer, JOB))


def test_another_servers_stages_are_never_asked_for() -> None:
    def ask(*_: object) -> bool:
        raise AssertionError("asked")

    assert not by_server(ask, JOB)(replace(ALIVE, server="https://other.example.com/go"))
    assert not by_server(ask, JOB)(HERE)
    assert not by_server(None, JOB)(ALIVE)


def test_waiting_says_for_whom_and_goes_on_when_it_is_released(aws: Aws) -> None:
    stage = Stage()
    other = held_by(aws, ALIVE)
    stage.clock.at(70, other.release)
    mine = wanted_by(aws, JOB, stage)
    mine.acquire(300, never)

    words = f"{NAME}: waiting for production/12, stage Staging-2/2 on {JOB.host}"
    assert stage.lines[0] == f"{words}, 0 s of up to 300 s"
    assert len(stage.lines) == 3
    assert all(line.startswith(f"{words}, ") for line in stage.lines)
    assert 70 <= stage.clock.now() <= 75
    assert mine.contended


def test_waiting_in_vain_ends_in_words(aws: Aws) -> None:
    stage = Stage()
    held_by(aws, ALIVE)

    with pytest.raises(Refused, match=r"is locked by production/12, .*, after waiting for 60 s$"):
        wanted_by(aws, JOB, stage).acquire(60, never)
    assert stage.clock.now() == 60


def test_without_permission_the_way_out_is_told(aws: Aws, cloud: World) -> None:
    cloud.faults.deny("ssm:PutParameter")

    with pytest.raises(Denied, match=r"AWS refused ssm:PutParameter on target-group:staging .*--lock none"):
        wanted_by(aws, JOB, Stage()).acquire(0, never)


@pytest.mark.parametrize(
    ("seconds", "words"), [(0, "0 s"), (119, "119 s"), (300, "5 min"), (7199, "120 min"), (12600, "3.5 h")]
)
def test_a_span_is_said_in_a_persons_unit(seconds: float, words: str) -> None:
    assert span(seconds) == words
