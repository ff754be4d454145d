"""A release.json that somebody else has written tells of no release, in words."""

import json

import pytest

from tasks.deployers.record import compared
from tasks.deployers.release import Release

TOLD = {"version": "2.0", "sha256": "digest", "time": "2026-01-01T00:00:00+00:00"}


@pytest.mark.parametrize(
    "text",
    [
        "7",
        "[NaN]",
        "[" * 100_000,
        '{"version": ' + "9" * 10_000 + "}",
        *(json.dumps({**TOLD, "time": time}) for time in (7, "²", "nan", "0001-01-01T00:00:00+14:00")),
    ],
)
def test_what_cannot_be_read_is_no_record_of_ours(text: str) -> None:
    record = compared(f"record {text}", Release("app", "2.0", "app.zip"), "digest")

    assert (record.version, record.matches) == ("", False)
    assert record.words == "its release.json was not written by --via ssm"


@pytest.mark.parametrize("told", ["", "nothing ", "record  ", "other words"])
def test_what_says_nothing_is_told_in_words(told: str) -> None:
    record = compared(told, Release("app", "2.0", "app.zip"), "digest")

    assert (record.matches, record.known) == (False, False)
    assert record.words == "its record cannot be read: it printed nothing"
