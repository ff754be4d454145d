"""Lines of an event file that nobody's events are."""

import json
from pathlib import Path

import pytest

from gocd.report.event_files import read_events

EVENT = {"time": "2026-01-01T00:00:00Z", "task": "detach-instance", "state": "ended"}


@pytest.mark.parametrize(
    "line",
    ["[" * 100_000, "NaN", '{"time": 1e400}', '{"time": "²"}', '{"time": "0001-01-01T00:00:00+14:00x"}'],
)
def test_what_cannot_be_read_is_left_out_and_counted(tmp_path: Path, line: str) -> None:
    file = tmp_path / "events.jsonl"
    file.write_text(f"{json.dumps(EVENT)}\n{line}\n", encoding="utf-8")

    events, complaints = read_events([file])

    assert [event.task for event in events] == ["detach-instance"]
    assert complaints == [f"{file}: 1 line could not be read as events, and left out."]


@pytest.mark.parametrize("code", [10**400, 1.5, "2", -(10**12)])
def test_an_exit_code_that_no_process_has_is_none(tmp_path: Path, code: object) -> None:
    file = tmp_path / "events.jsonl"
    file.write_text(f"{json.dumps({**EVENT, 'exit_code': code})}\n", encoding="utf-8")

    [[event], _] = read_events([file])

    assert event.exit_code is None
