"""Event files: put together to a rollout, and shown on a page; and the time that one begins at."""

import json
from typing import Any
from xml.etree import ElementTree as ET

from hypothesis import example, given
from hypothesis import strategies as st

from gocd.report.page import render
from gocd.report.rollout import Rollout, read_rollout
from gocd.report.task_runs import Ending
from gocd.report.verdict import judge
from tasks.running.errors import Refused
from tasks.traffic.cloudwatch import read_since
from tests.fuzz.bounds import file_with, read
from tests.fuzz.spoiling import TEXTS, spoilt_bytes, spoilt_values
from tests.gocd.report.rollouts import rolled

EVENTS = [json.loads(line) for line in rolled()]


def as_lines(events: Any) -> bytes:
    listed = events if isinstance(events, list) else [events]
    return "".join(f"{json.dumps(event)}\n" for event in listed).encode()


event_files = st.one_of(spoilt_values(EVENTS, most=4).map(as_lines), spoilt_bytes(as_lines(EVENTS)))


@given(event_files)
@example(as_lines(EVENTS))
def test_events_are_a_rollout_on_a_page_or_left_out_with_a_word(content: bytes) -> None:
    with file_with(content) as file:
        rollout = read(lambda: read_rollout([file]), OSError)
        assert rollout is not None
        page = read(lambda: shown(rollout))

    assert page is not None
    ET.fromstring(page.removeprefix("<!DOCTYPE html>"))
    if not rollout.runs:
        assert rollout.complaints or not content.strip()


def shown(rollout: Rollout) -> str:
    verdict = judge((), rollout)
    assert verdict.good is not True
    return render(
        verdict=verdict, traffic=(), rollout=rollout, title="", notes=(), criteria=(), settings={}, repeat=""
    )


@given(spoilt_values(json.loads(rolled()[-1]), most=4).filter(lambda event: isinstance(event, dict)))
def test_only_an_exit_code_of_0_is_a_good_end(event: dict[str, Any]) -> None:
    with file_with(as_lines(event)) as file:
        runs = read_rollout([file]).runs

    if any(run.outcome is Ending.DONE for run in runs):
        assert (event["state"], event["exit_code"]) == ("ended", 0)
        assert event["exit_code"] is not False


@given(st.one_of(event_files, st.sampled_from(TEXTS).map(lambda text: text.encode("utf-8", "surrogatepass"))))
def test_since_is_a_time_or_refused(content: bytes) -> None:
    with file_with(content) as file:
        moment = read(lambda: read_since(str(file)), Refused)
        text = content.decode("utf-8", "surrogateescape")
        typed = read(lambda: read_since(text), Refused)

    assert all(each is None or each.tzinfo for each in (moment, typed))
