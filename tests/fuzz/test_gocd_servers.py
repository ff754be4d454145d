"""What a GoCD server tells of runs, refusals, verdicts and consoles, spoilt."""

from typing import Any

from hypothesis import example, given
from hypothesis import strategies as st

from gocd.client.asking import Server
from gocd.client.errors import ServerError
from gocd.client.login import NOBODY
from gocd.client.pipelines import Standing
from gocd.client.refusals import refusal
from gocd.client.runs import holder, read_run
from tasks.running.quoting import lines_of
from tasks.runs.look import Look
from tasks.runs.progress import Stopped, progress
from tasks.runs.telling import to_the_point
from tasks.runs.verdict import MOST, placed
from tests.fuzz.bounds import read
from tests.fuzz.spoiling import spoilt_bytes, spoilt_json, spoilt_values

JOB: dict[str, Any] = {
    "name": "deploy",
    "state": "Completed",
    "result": "Failed",
    "scheduled_date": 1764187000000,
}
RUN: dict[str, Any] = {
    "name": "app",
    "counter": 12,
    "label": "2.0",
    "scheduled_date": 1764187000000,
    "build_cause": {"trigger_message": "Forced by jez", "trigger_forced": True, "approver": "jez"},
    "stages": [
        {
            "name": "out",
            "counter": "1",
            "scheduled": True,
            "approval_type": "success",
            "result": "Failed",
            "jobs": [JOB],
        },
        {"name": "in", "counter": "1", "scheduled": False, "approval_type": None, "jobs": []},
    ],
}
SERVER = Server("https://gocd.example.com/go")
ERRORS = (
    b"a.gocd.yaml;\n1. Line 4, column 38: Duplicate key found 'A'\n2. Failed to parse pipeline app; x\n",
    b"Task of job 'deploy' in stage \"app :: out\" of pipeline 'app' has a path\n",
)
CONSOLE = (
    b"pr|12:00:00.000 [go] Task: ls\n&1|12:00:00.001 \x1b[31mred\n?1|12:00:00.002 [go] Task status: failed\n"
)


@given(spoilt_values(RUN))
@example(RUN)
def test_a_run_is_told_in_lines_or_is_none(value: Any) -> None:
    run = read(lambda: read_run(value), ServerError)
    if run is None:
        return
    look = Look(SERVER, "app", Standing(False, "", "", True, True), [run], None)

    assert len(look.lines) == 3
    assert look.fields["runs"][0]["counter"] == run.counter
    assert holder([run]) in (run, None)
    if isinstance(progress(run), Stopped):
        assert any(not stage.passed for stage in run.stages)


@given(
    st.integers(300, 599),
    st.one_of(
        spoilt_bytes(b'{"message": "no", "data": {"errors": {"a": ["b"]}}}'), spoilt_json({"error": "no"})
    ),
)
def test_a_refusal_is_told_in_few_words(status: int, body: bytes) -> None:
    error = read(lambda: refusal(status, {}, body, f"{SERVER.url}/api/version", 1, NOBODY))

    assert error is not None
    assert 0 < len(error.what) < 1200


@given(spoilt_bytes(*ERRORS))
@example(b"'" * 100_000)
@example(b"'a'" * 30_000)
@example(b"x;\n" * 100_000)
def test_a_verdict_is_told_in_lines_however_it_is_worded(text: bytes) -> None:
    told = read(
        lambda: placed([text.decode("utf-8", "replace")] * 3, {"a.gocd.yaml": "pipelines:\n  app:\n" * 1000})
    )

    assert told is not None
    assert len(told) <= MOST + 1


@given(spoilt_bytes(CONSOLE))
def test_the_lines_of_a_console_are_some_of_its_own(content: bytes) -> None:
    lines = lines_of(content.decode("utf-8", "replace"))

    assert set(to_the_point(lines)) <= set(lines)
