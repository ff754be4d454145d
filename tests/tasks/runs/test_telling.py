"""Of a console, what led to the failure is shown and not what came after."""

import pytest

from tasks.runs.telling import to_the_point

FAILED = "[go] Task status: failed (12 ms) (exit code: 3)"


@pytest.mark.parametrize(
    ("lines", "shown"),
    [
        (["a", "b"], ["a", "b"]),
        (["a", FAILED, "[go] Task: clean up", "b", FAILED, "[go] Uploading"], ["a", FAILED]),
        (["[go] Task: one", "a", "[go] Task: two", "b", FAILED], ["[go] Task: two", "b", FAILED]),
    ],
)
def test_it_is_what_the_first_task_that_failed_said(lines: list[str], shown: list[str]) -> None:
    assert to_the_point(lines) == shown
