"""Several servers deployed to at the same time, by a way of deploying that serves one after the other."""

import os
import signal
import threading
from collections.abc import Callable, Iterator
from types import FrameType

import pytest

from tasks.aws.instances import Instance
from tasks.deployers.at_once import deploy_at_once
from tasks.running.clock import SystemClock
from tasks.running.errors import Cancelled, TaskError
from tasks.running.waiting import Wait
from tests.fakes import Stage, instance

Deploys = Callable[[Instance, Wait], None]

THREE = [instance(number) for number in (1, 2, 3)]


@pytest.fixture
def stage() -> Stage:
    return Stage()


@pytest.fixture
def cancel() -> Iterator[None]:
    """Have SIGUSR1 cancel, as GoCD's SIGTERM does, in the main thread alone."""

    def raise_it(number: int, _: FrameType | None) -> None:
        raise Cancelled(number)

    before = signal.signal(signal.SIGUSR1, raise_it)
    yield
    signal.signal(signal.SIGUSR1, before)


def at_once(deploy: Deploys, stage: Stage, most: int = 3) -> dict[str, str]:
    wait = Wait(SystemClock(), stage.log)
    failures = deploy_at_once(most, THREE, wait, deploy)
    return {key: failure.what for key, failure in failures.items()}


def test_all_of_them_are_deployed_to_at_the_same_time(stage: Stage) -> None:
    meeting = threading.Barrier(3, timeout=30)

    def deploy(instance: Instance, wait: Wait) -> None:
        meeting.wait()

    assert at_once(deploy, stage) == {}


def test_no_more_at_a_time_than_it_can_serve(stage: Stage) -> None:
    now: set[str] = set()
    most: list[int] = []

    def deploy(instance: Instance, wait: Wait) -> None:
        now.add(instance.id)
        most.append(len(now))
        wait.clock.sleep(0.1)
        now.discard(instance.id)

    at_once(deploy, stage, most=2)

    assert max(most) == 2


def test_what_fails_on_one_says_so_and_the_others_come_to_their_end(stage: Stage) -> None:
    def deploy(instance: Instance, wait: Wait) -> None:
        if instance.id == "i-2":
            raise TaskError("disk full")
        wait.log.say(f"{instance.name}: installed")

    assert at_once(deploy, stage) == {"i-2": "disk full"}
    assert sorted(stage.lines) == ["Staging-1: installed", "Staging-3: installed"]


def test_each_tells_its_own_progress_and_nobody_repeats_it(stage: Stage) -> None:
    met = threading.Barrier(3, timeout=30)

    def deploy(instance: Instance, wait: Wait) -> None:
        for number in range(3):
            met.wait()
            wait.log.progress(f"{instance.name}: deploying", f"{number} s of 9 s")

    at_once(deploy, stage)

    assert sorted(stage.lines) == [f"Staging-{number}: deploying, 0 s of 9 s" for number in (1, 2, 3)]


def test_a_cancel_reaches_all_of_them_and_waits_for_their_end(stage: Stage, cancel: None) -> None:
    stopped: list[str] = []
    begun = threading.Barrier(3, timeout=30)

    def deploy(instance: Instance, wait: Wait) -> None:
        try:
            if begun.wait() == 0:
                os.kill(os.getpid(), signal.SIGUSR1)
            wait.clock.sleep(300)
        except Cancelled:
            stopped.append(instance.id)
            raise

    with pytest.raises(Cancelled) as cancelled:
        at_once(deploy, stage)

    assert sorted(stopped) == ["i-1", "i-2", "i-3"]
    assert cancelled.value.exit_code == 128 + signal.SIGUSR1


def test_a_cancel_leaves_those_that_have_not_begun_as_they_are(stage: Stage, cancel: None) -> None:
    begun: list[str] = []

    def deploy(instance: Instance, wait: Wait) -> None:
        begun.append(instance.id)
        os.kill(os.getpid(), signal.SIGUSR1)
        wait.clock.sleep(300)

    with pytest.raises(Cancelled):
        at_once(deploy, stage, most=1)

    assert begun == ["i-1"]
