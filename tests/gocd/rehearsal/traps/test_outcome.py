import pytest

from gocd.rehearsal.standin_gocd.runs import Status
from gocd.rehearsal.traps.outcome import Outcome

UNTOUCHED = "error: web is locked; nothing was changed"
HALTED = "error: 2.0 is not well; Web-1 stays out of web"


@pytest.mark.parametrize(
    ("outcome", "red", "words"),
    [
        (Outcome(Status.PASSED, 0, 900), False, "0 lost, rolled out"),
        (Outcome(Status.PASSED, 3, 1900), True, "3 of 1,900 lost, rolled out"),
        (
            Outcome(Status.PASSED, 0, 900, ["1 of 2 servers serve", "users get 1.0"]),
            True,
            "wrong green: 1 of 2 servers serve, users get 1.0",
        ),
        (Outcome(Status.FAILED, 0, 900, ["users get 1.0"], UNTOUCHED, 2), False, "0 lost, refused"),
        (
            Outcome(Status.FAILED, 4, 900, [], UNTOUCHED, 2),
            False,
            "refused, 4 of 900 lost as before",
        ),
        (Outcome(Status.FAILED, 0, 900, [], HALTED, 1), False, "0 lost, halted"),
        (Outcome(Status.FAILED, 0, 900, [], HALTED, 3), False, "0 lost, not done in time"),
        (Outcome(Status.FAILED, 4, 900, [], HALTED, 1), True, "4 of 900 lost, halted"),
        (
            Outcome(Status.FAILED, 0, 900, ["users get 1.0"], "ClientError: no", 1),
            True,
            "failed half-way: users get 1.0",
        ),
        (Outcome(Status.FAILED, 0, 900, [], "", 1), True, "failed half-way"),
    ],
)
def test_a_lost_request_a_wrong_green_and_an_end_without_words_are_harm(
    outcome: Outcome, red: bool, words: str
) -> None:
    assert (outcome.red, outcome.words) == (red, words)
