import json
import os
from pathlib import Path
from typing import Any

import pytest
import typer

from gocd.errors import GoCDError
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


@pytest.mark.parametrize("what", ["pipe", "device", "below a file"])
def test_an_event_file_that_is_no_file_is_refused_before_anything_is_done(
    what: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    os.mkfifo(tmp_path / "pipe")
    (tmp_path / "file").touch()
    path = {"pipe": tmp_path / "pipe", "device": Path("/dev/full"), "below a file": tmp_path / "file/x"}[what]
    with pytest.raises(typer.Exit) as ended, running("sleep-settle", path):
        pass

    assert ended.value.exit_code == 2
    said = capsys.readouterr().err
    assert said.startswith(f"error: the event file {path} cannot be written (")
    assert said.endswith("; nothing was changed\n")


def test_what_is_refused_when_something_was_changed_already_is_a_failure(
    capsys: pytest.CaptureFixture[str],
) -> None:
    def fail() -> None:
        with running("rehearse") as task:
            task.log.stands("an earlier one is gone")
            raise GoCDError("no Envoy")

    with pytest.raises(typer.Exit) as ended:
        fail()

    assert ended.value.exit_code == 1
    assert capsys.readouterr().err == "error: no Envoy; an earlier one is gone\n"
