"""What every kind of status check promises the tasks."""

from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from threading import Barrier

import pytest

from tasks.running.errors import Refused
from tasks.status.check import Check, MakeCheck

AT_ONCE = 8


@dataclass(frozen=True)
class StatusCheckCase:
    """A kind of status check, and what to ask with it.

    Args:
        make: What is registered.
        well: The URL of a service that is well.
        ill: One of its kind that nobody answers at.
        nonsense: One that cannot be asked, whatever is there.
    """

    make: MakeCheck
    well: str
    ill: str
    nonsense: str

    def of(self, url: str) -> Check:
        return self.make(url, 200, {})


class StatusCheckContract:
    """The tests of a status check; whoever inherits from it gives the fixture ``case``, a StatusCheckCase."""

    def test_nothing_is_missing_of_a_service_that_is_well_however_often_asked(
        self, case: StatusCheckCase
    ) -> None:
        check = case.of(case.well)

        assert [check.missing() for _ in range(3)] == [None, None, None]

    def test_what_is_missing_is_told_in_words_and_on_one_line(self, case: StatusCheckCase) -> None:
        missing = case.of(case.ill).missing()

        assert missing
        assert missing == " ".join(missing.split())

    def test_it_says_what_it_asks_and_what_it_expects(self, case: StatusCheckCase) -> None:
        check = case.of(case.well)

        assert check.url == case.well
        assert check.expectation == " ".join(check.expectation.split()) != ""

    def test_what_cannot_be_asked_is_refused(self, case: StatusCheckCase) -> None:
        with pytest.raises(Refused) as refusal:
            case.of(case.nonsense).missing()

        assert case.nonsense in refusal.value.what

    def test_many_can_be_asked_at_the_same_time(self, case: StatusCheckCase) -> None:
        together = Barrier(AT_ONCE)

        def ask(check: Check) -> str | None:
            together.wait()
            return check.missing()

        with ThreadPoolExecutor(AT_ONCE) as asking:
            answers = list(asking.map(ask, [case.of(case.well) for _ in range(AT_ONCE)]))

        assert answers == [None] * AT_ONCE
