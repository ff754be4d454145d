"""SSM's states in our words, whichever way AWS spells them."""

import pytest

from tasks.aws.script_result import ScriptResult, listed_outcome, outcome

NOT_REACHED = "SSM could not reach it"
TOO_LONG = "it ran too long and was stopped"
CANCELLED = "it was cancelled in AWS"


@pytest.mark.parametrize(
    ("status", "details", "code", "verdict", "began"),
    [
        ("Failed", "Undeliverable", -1, NOT_REACHED, False),
        ("Undeliverable", "Undeliverable", -1, NOT_REACHED, False),
        ("TimedOut", "DeliveryTimedOut", -1, f"{NOT_REACHED} in time", False),
        ("TimedOut", "Delivery Timed Out", -1, f"{NOT_REACHED} in time", False),
        ("TimedOut", "ExecutionTimedOut", 137, TOO_LONG, True),
        ("TimedOut", "Execution Timed Out", -1, TOO_LONG, True),
        ("TimedOut", "TimedOut", -1, TOO_LONG, True),
        ("TimedOut", "", -1, TOO_LONG, True),
        ("Cancelled", "Cancelled", -1, CANCELLED, True),
        ("Failed", "Terminated", -1, CANCELLED, True),
        ("Failed", "InvalidPlatform", -1, "it runs another system than the script is for", False),
        ("Failed", "Invalid Platform", -1, "it runs another system than the script is for", False),
        ("Failed", "AccessDenied", -1, "SSM may not run anything on it", False),
        ("Failed", "Access Denied", -1, "SSM may not run anything on it", False),
        ("Failed", "RateExceeded", -1, "SSM had too many orders at once", False),
        ("Failed", "Failed", 7, "it exited 7", True),
        ("Failed", "Failed", -1, "SSM calls it Failed", True),
        ("Failed", "NoInstancesInTag", -1, "SSM calls it NoInstancesInTag", True),
        ("Success", "Undeliverable", -1, NOT_REACHED, False),
        ("Success", "Failed", 1, "it exited 1", True),
        ("Whatever", "SomethingNew", -1, "SSM calls it SomethingNew", True),
        ("", "", -1, "SSM calls it nothing at all", True),
    ],
)
def test_every_bad_end_has_its_words(status: str, details: str, code: int, verdict: str, began: bool) -> None:
    ended = outcome({"Status": status, "StatusDetails": details, "ResponseCode": code})

    assert (ended.ended, ended.began) == (verdict, began)
    assert ended.problem


def test_success_is_no_problem() -> None:
    assert outcome({"Status": "Success", "StatusDetails": "Success"}).problem is None


def test_a_script_that_failed_is_told_with_the_last_that_it_said() -> None:
    errors = "tar: gone\nno space left\nfailed to run commands: exit status 1"
    failed = {
        "Status": "Failed",
        "StatusDetails": "Failed",
        "ResponseCode": 1,
        "StandardErrorContent": errors,
    }

    assert outcome(failed).ended == "it exited 1 (no space left)"


def test_a_stopped_scripts_last_word_does_not_tell_how_it_ended() -> None:
    stopped = {
        "Status": "TimedOut",
        "StatusDetails": "ExecutionTimedOut",
        "StandardErrorContent": "fine so far",
    }

    assert outcome(stopped).ended == TOO_LONG


@pytest.mark.parametrize(
    ("output", "shown"),
    [
        ("one\ntwo\n", ["one", "two"]),
        ("x" * 1000, ["x" * 297 + "..."]),
        ("10 %\r20 %\r30 %\n", ["10 %", "20 %", "30 %"]),
        ("\x1b[31mred\x1b[0m \x07bell\ttab", ["red  bell tab"]),
        ("\n\n  \n", []),
        ("a\n" * 12_000, ["a"] * 12_000 + ["(SSM kept only the beginning of the output)"]),
    ],
)
def test_its_lines_are_fit_for_a_log(output: str, shown: list[str]) -> None:
    assert ScriptResult(None, output).lines == shown


@pytest.mark.parametrize(
    ("shown", "output", "errors"),
    [
        ("out\n", "out\n", ""),
        ("out\n\n----------ERROR-------\nbad\n", "out\n", "bad\n"),
        ("\n----------ERROR-------\nbad\n", "", "bad\n"),
        ("", "", ""),
    ],
)
def test_a_list_shows_output_and_errors_in_one_piece(shown: str, output: str, errors: str) -> None:
    plugin = {"ResponseCode": 0, "Output": shown}
    ended = listed_outcome({"Status": "Success", "StatusDetails": "Success", "CommandPlugins": [plugin]})

    assert ended == ScriptResult(None, output, errors)


def test_what_a_list_has_cut_is_said_to_be_cut() -> None:
    ended = ScriptResult(None, "first\n---Output truncated---", "bad")

    assert ended.lines == ["first", "bad", "(SSM kept only the beginning of the output)"]


def test_a_list_without_a_plugin_tells_the_end_all_the_same() -> None:
    ended = listed_outcome({"Status": "Failed", "StatusDetails": "Undeliverable", "CommandPlugins": []})

    assert (ended.problem, ended.began) == (NOT_REACHED, False)
