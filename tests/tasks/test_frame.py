import json
from pathlib import Path
from typing import Any

import pytest
import typer

from tasks.frame import running
from tasks.running.errors import Cancelled, TaskError


def recorded(path: Path) -> list[tuple[str, int | None]]:
    events: list[dict[str, Any]] = [json.loads(line) for line in path.read_text().splitlines()]
    return [(event["state"], event.get("exit_code")) for event in events]


def test_a_run_is_recorded_from_its_start_to_its_end(tmp_path: Path) -> None:
    with running("sleep-settle", tmp_path / "events.jsonl") as task:
        task.log.event("settled")

    assert recorded(tmp_path / "events.jsonl") == [("started", None), ("settled", None), ("ended", 0)]


@pytest.mark.parametrize(
    ("ending", "code"),
    [(TaskError("no"), 1), (Cancelled(15), 143), (typer.Exit(3), 3), (ZeroDivisionError(), 1)],
)
def test_however_a_run_ends_its_exit_code_is_recorded_once(
    tmp_path: Path, ending: BaseException, code: int
) -> None:
    def fail() -> None:
        with running("sleep-settle", tmp_path / "events.jsonl"):
            raise ending

    with pytest.raises(typer.Exit):
        fail()

    assert recorded(tmp_path / "events.jsonl") == [("started", None), ("ended", code)]
