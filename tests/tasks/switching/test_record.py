import pytest

from gocd.rehearsal.standin_aws.world import World
from tasks.aws.api import Aws
from tasks.running.clock import SystemClock
from tasks.running.errors import Refused, TaskError
from tasks.switching.record import Record, State, Switch
from tasks.switching.turns import remembered

SWITCH = Switch(
    "blue",
    "green",
    {"abc": {"blue": 1}, "abc/def": {"blue": 3, "other": 1}},
    "go of agent-1",
    "2026-01-01T00:00:00+00:00",
)


def record(aws: Aws) -> Record:
    return record_of(aws, "green")


def record_of(aws: Aws, name: str) -> Record:
    return Record(aws, SystemClock(), "web", name)


def test_what_is_remembered_is_read_by_anybody(aws: Aws) -> None:
    assert record(aws).read() is None

    mine = record(aws)
    mine.read()
    mine.write(SWITCH)
    mine.write(SWITCH.ended(State.DONE, 100))
    [(theirs, switch)] = remembered(aws, SystemClock(), "web")

    assert theirs.name == "green"
    assert theirs.read() == switch == SWITCH.ended(State.DONE, 100)
    assert remembered(aws, SystemClock(), "other") == []


def test_many_records_are_read_in_few_calls_and_one_that_was_changed_since_is_not_written_over(
    cloud: World, aws: Aws
) -> None:
    for number in range(12):
        each = record_of(aws, f"green-{number}")
        each.read()
        each.write(SWITCH)
    cloud.journal.clear()
    known = remembered(aws, SystemClock(), "web")

    assert len(known) == 12
    assert len(cloud.journal.calls) == 2
    mine, switch = known[0]
    mine.again(switch)
    theirs = record_of(aws, mine.name)
    theirs.read()
    theirs.write(SWITCH.ended(State.BACK, 0))
    with pytest.raises(Refused, match="green-0 was changed just now"):
        mine.again(switch)


def test_of_two_who_write_at_once_one_is_told(aws: Aws) -> None:
    mine, theirs = record(aws), record(aws)
    mine.read()
    theirs.read()
    theirs.write(SWITCH)
    with pytest.raises(TaskError, match="someone else has written /gocd-tasks/switch/web/green"):
        mine.write(SWITCH)


def test_what_is_too_much_to_remember_is_refused_beforehand(aws: Aws) -> None:
    ways = {f"{number:016}/{number:016}": {"blue": 1} for number in range(120)}
    with pytest.raises(Refused, match="120 rules are more than one parameter remembers"):
        record(aws).check(Switch("blue", "green", ways, "me", "2026-01-01T00:00:00+00:00"))


@pytest.mark.parametrize(
    "spoilt",
    [
        {"at": 101},
        {"at": "10"},
        {"at": 1.5},
        {"state": "?"},
        {"way abc": "blue"},
        {"way abc": "blue=-1"},
        {"heads": "50 x"},
    ],
)
def test_a_record_that_nobody_can_read_is_refused(spoilt: dict[str, object]) -> None:
    with pytest.raises(ValueError, match="no record of a switch"):
        Switch.read({**SWITCH.facts(), **spoilt})
