"""The contract of status checks finds each fault that a check may have."""

import threading
from collections.abc import Callable, Mapping

import pytest

from tasks.running.errors import Refused
from tasks.testing import StatusCheckCase, StatusCheckContract

CONTRACT = StatusCheckContract


class Sound:
    """A service that is well at one URL and at no other."""

    expectation = "pong"

    def __init__(self, url: str, status: int, fields: Mapping[str, str]) -> None:
        self.url = url

    def missing(self) -> str | None:
        if self.url == "ping://":
            raise Refused(f"{self.url} names nobody")
        return None if self.url == "ping://here" else "does not answer"


class AnswersOnce(Sound):
    asked = False

    def missing(self) -> str | None:
        self.asked, before = True, self.asked
        return "has answered already" if before else super().missing()


class SaysNothing(Sound):
    def missing(self) -> str | None:
        return super().missing() and ""


class TellsALongStory(Sound):
    def missing(self) -> str | None:
        return super().missing() and "does not\nanswer"


class ExpectsNothing(Sound):
    expectation = ""


class AsksElsewhere(Sound):
    url = property(lambda self: "ping://there", lambda self, url: None)


class AsksAnything(Sound):
    def missing(self) -> str | None:
        return None if self.url == "ping://here" else "does not answer"


class AsksFromOneThread(Sound):
    """As with a library that holds what it opened for whoever came first."""

    first = ""

    def missing(self) -> str | None:
        cls = type(self)
        cls.first = cls.first or threading.current_thread().name
        return super().missing() if threading.current_thread().name == cls.first else "is another's"


def case_of(fault: type[Sound] = Sound) -> StatusCheckCase:
    return StatusCheckCase(fault, "ping://here", "ping://nowhere", "ping://")


@pytest.mark.parametrize(
    ("fault", "finds"),
    [
        (AnswersOnce, CONTRACT.test_nothing_is_missing_of_a_service_that_is_well_however_often_asked),
        (SaysNothing, CONTRACT.test_what_is_missing_is_told_in_words_and_on_one_line),
        (TellsALongStory, CONTRACT.test_what_is_missing_is_told_in_words_and_on_one_line),
        (ExpectsNothing, CONTRACT.test_it_says_what_it_asks_and_what_it_expects),
        (AsksElsewhere, CONTRACT.test_it_says_what_it_asks_and_what_it_expects),
        (AsksAnything, CONTRACT.test_what_cannot_be_asked_is_refused),
        (AsksFromOneThread, CONTRACT.test_many_can_be_asked_at_the_same_time),
    ],
)
def test_a_fault_is_found(
    fault: type[Sound], finds: Callable[[StatusCheckContract, StatusCheckCase], None]
) -> None:
    finds(CONTRACT(), case_of())
    # What pytest itself raises where an error does not come is no AssertionError.
    with pytest.raises((AssertionError, pytest.fail.Exception)):
        finds(CONTRACT(), case_of(fault))
