from collections.abc import Callable

import pytest
import responses

from tasks.running.errors import TimedOut
from tasks.status.check import StatusCheck
from tasks.status.settle import Evidence, settle_on_evidence, settle_quietly
from tests.fakes import Stage

URL = "http://10.0.0.1:8080/_status"
Answer = tuple[int, dict[str, str], str]


def test_it_sleeps_for_so_many_seconds() -> None:
    stage = Stage()
    settle_quietly(60, stage.wait)

    assert stage.clock.now() == 60
    assert stage.lines[-1] == "settled: quiet for 60 s"


def probe(stage: Stage, evidence: Evidence, good: Callable[[float], bool]) -> None:
    def answer(_: object) -> Answer:
        return (200 if good(stage.clock.now()) else 503), {}, ""

    with responses.RequestsMock() as web:
        web.add_callback(responses.GET, URL, answer)
        settle_on_evidence(StatusCheck(URL), evidence, stage.wait)


def test_it_ends_after_good_answers_in_a_row() -> None:
    stage = Stage()
    probe(stage, Evidence(5, 0, 60), lambda _: True)

    assert stage.clock.now() == 4


def test_a_bad_answer_starts_the_count_again() -> None:
    stage = Stage()
    probe(stage, Evidence(5, 0, 60), lambda now: now != 3)

    assert stage.clock.now() == 8


def test_it_lasts_at_least_so_long() -> None:
    stage = Stage()
    probe(stage, Evidence(2, 20, 60), lambda _: True)

    assert stage.clock.now() == 20


def test_evidence_that_does_not_come_is_a_time_out() -> None:
    stage = Stage()
    with pytest.raises(TimedOut, match="did not give 5 good answers in a row within 30 s"):
        probe(stage, Evidence(5, 0, 30), lambda now: now % 4 != 0)
