"""Compare-and-set on SSM: of all who saw the same version one wins, whatever happens in between."""

import json
from collections.abc import Callable, Mapping
from datetime import datetime, timezone
from typing import Any

import pytest

from gocd.rehearsal.standin_aws.control.journal import Call
from gocd.rehearsal.standin_aws.world import World
from tasks.aws.api import Aws
from tasks.aws.errors import AwsError
from tasks.aws.parameter import Look, Parameter, newest_valid
from tasks.running.clock import SystemClock
from tests.fakes import FakeClock

NAME = "/gocd-tasks/lock/target-group.staging"


def parameter(aws: Aws) -> Parameter:
    return Parameter(aws, NAME, "target-group:staging", FakeClock())


def put(cloud: World, value: Mapping[str, Any] | str) -> None:
    """Write as somebody else would, past all rules."""
    text = value if isinstance(value, str) else json.dumps(value)
    cloud.client("ssm").put_parameter(Name=NAME, Value=text, Type="String", Overwrite=True)


def history(*bases: int | None) -> list[dict[str, Any]]:
    return [
        {"Version": number, "Value": "by hand" if base is None else json.dumps({"base": base})}
        for number, base in enumerate(bases, start=1)
    ]


@pytest.mark.parametrize(
    ("bases", "holds"),
    [
        ((), None),
        ((0,), 1),
        ((0, 1, 2), 3),
        ((0, 0, 0), 1),
        ((0, 1, 1, 1, 2), 2),
        ((0, 0, 2), 3),
        ((0, 1, 0, 1, 3, 5), 6),
        ((0, None, None), 1),
        ((0, None, 2), 3),
        ((None, None), None),
        ((5, 7), None),
        ((0, 5, 3), 1),
    ],
)
def test_the_newest_version_that_knew_the_one_before_it_holds(
    bases: tuple[int | None, ...], holds: int | None
) -> None:
    found = newest_valid(history(*bases))

    assert (found["Version"] if found else None) == holds


@pytest.mark.parametrize("value", ["", "[]", "7", "null", '{"base": "1"}', '{"base": null}', "{"])
def test_what_was_written_by_hand_changes_nothing(value: str) -> None:
    assert newest_valid([*history(0), {"Version": 2, "Value": value}]) == history(0)[0]


def test_a_parameter_is_made_changed_and_read(aws: Aws, cloud: World) -> None:
    one = parameter(aws)
    nothing = one.look()
    assert (nothing.version, nothing.content) == (0, {})

    first = one.swap(nothing, {"state": "held"})
    assert first is not None
    second = one.swap(first, {"state": "free"})

    assert second is not None
    assert (second.version, second.content) == (2, {"state": "free"})
    seen = one.look()
    assert (seen.version, seen.content, seen.write) == (2, {"state": "free"}, second.write)
    assert abs((seen.at - datetime.now(timezone.utc)).total_seconds()) < 5
    assert 0 <= seen.age < 5


def test_of_two_that_saw_nothing_one_makes_it(aws: Aws) -> None:
    one, two = parameter(aws), parameter(aws)
    seen_by_one, seen_by_two = one.look(), two.look()

    assert one.swap(seen_by_one, {"who": "one"}) is not None
    assert two.swap(seen_by_two, {"who": "two"}) is None
    assert two.look().content == {"who": "one"}


def test_of_all_that_saw_the_same_version_the_first_to_write_wins(aws: Aws) -> None:
    writers = [parameter(aws) for _ in range(4)]
    begun = writers[0].swap(writers[0].look(), {"who": "nobody"})
    assert begun is not None
    looks = [each.look() for each in writers]

    won = [
        each.swap(look, {"who": number})
        for number, (each, look) in enumerate(zip(writers, looks, strict=True))
    ]

    assert [look is not None for look in won] == [True, False, False, False]
    seen = writers[3].look()
    assert (seen.version, seen.content) == (5, {"who": 0})
    assert writers[3].swap(seen, {"who": "last"}) is not None
    assert writers[0].look().content == {"who": "last"}


def test_a_writer_overtaken_in_the_middle_of_its_write_has_lost(aws: Aws, cloud: World) -> None:
    one, two = parameter(aws), parameter(aws)
    begun = one.swap(one.look(), {"who": "nobody"})
    assert begun is not None
    others: list[Look | None] = []

    def overtake(call: Call) -> None:
        if call.operation == "PutParameter" and not others:
            others.append(None)
            others[0] = two.swap(two.look(), {"who": "two"})

    cloud.faults.before_call = overtake

    assert one.swap(begun, {"who": "one"}) is None
    assert others[0] is not None
    assert one.look().content == {"who": "two"}


def test_a_slow_writer_has_lost_to_any_number_of_renewals(aws: Aws, cloud: World) -> None:
    slow, holder = parameter(aws), parameter(aws)
    held = holder.swap(holder.look(), {"who": "holder"})
    assert held is not None
    old = slow.look()
    for _ in range(120):
        held = holder.swap(held, {"who": "holder"})
        assert held is not None
    kept = cloud.client("ssm").get_parameter_history(Name=NAME, MaxResults=50)["Parameters"]
    assert kept[0]["Version"] == 22

    assert slow.swap(old, {"who": "slow"}) is None
    assert slow.look().content == {"who": "holder"}
    # The lost write cost the holder nothing but a look.
    assert holder.swap(held, {"who": "holder"}) is None
    assert holder.swap(holder.look(), {"who": "still"}) is not None


def test_what_holds_is_found_behind_many_lost_writes(aws: Aws, cloud: World) -> None:
    one = parameter(aws)
    assert one.swap(one.look(), {"who": "one"}) is not None
    for _ in range(99):
        put(cloud, {"base": 0})

    seen = one.look()

    assert (seen.version, seen.content) == (100, {"who": "one"})


def test_nothing_is_guessed_once_what_holds_is_forgotten(aws: Aws, cloud: World) -> None:
    one = parameter(aws)
    assert one.swap(one.look(), {"who": "one"}) is not None
    for _ in range(100):
        put(cloud, {"base": 0})

    seen = one.look()
    assert (seen.version, seen.content, seen.unread) == (101, {}, "100 others were written over it")


@pytest.mark.parametrize(
    ("value", "unread"),
    [
        ('{"base": 0}', "its value cannot be read"),
        ('{"base": 0, "deep": ' + "[" * 3_000 + "]" * 3_000 + "}", "its value cannot be read"),
        ('{"base": true}', ""),
        ('{"base": 0, "state": "held"}', ""),
    ],
)
def test_what_is_written_by_the_rules_and_not_understood_is_not_nothing(
    aws: Aws, cloud: World, value: str, unread: str
) -> None:
    put(cloud, value)

    assert parameter(aws).look().unread == unread


def test_a_version_that_slips_between_two_pages_is_not_missed(aws: Aws, cloud: World) -> None:
    one = parameter(aws)
    for number in range(50):
        put(cloud, {"base": number})
    fiftieth = one.look()
    assert one.swap(fiftieth, {"who": "the 51st"}) is not None
    for _ in range(49):
        put(cloud, {"base": 0})
    pages: list[int] = []

    def write_between(call: Call) -> None:
        if call.operation == "GetParameterHistory":
            pages.append(call.number)
            if len(pages) == 2:
                put(cloud, {"base": 0})

    cloud.faults.before_call = write_between

    seen = one.look()

    assert (seen.version, seen.content) == (101, {"who": "the 51st"})
    assert len(pages) > 2


def test_a_deleted_parameter_gives_nobody_a_false_win(aws: Aws, cloud: World) -> None:
    one, two = parameter(aws), parameter(aws)
    first = one.swap(one.look(), {"who": "one"})
    assert first is not None
    held = one.swap(first, {"who": "one"})
    assert held is not None
    cloud.client("ssm").delete_parameter(Name=NAME)

    with pytest.raises(AwsError, match=r"version 1 of .* after 2: was it deleted"):
        one.swap(held, {"who": "one"})
    seen = two.look()
    assert (seen.version, seen.content) == (1, {})
    assert two.swap(seen, {"who": "two"}) is not None


class SendsTwice(Aws):
    """As botocore does when the answer to its first try is lost."""

    def call(self, service: str, operation: str, subject: str = "", **parameters: Any) -> Mapping[str, Any]:
        if operation == "put_parameter":
            super().call(service, operation, subject, **parameters)
        return super().call(service, operation, subject, **parameters)


class RunsIntoAnother(Aws):
    """AWS changes one parameter for one writer at a time, and tells the other one so."""

    def call(self, service: str, operation: str, subject: str = "", **parameters: Any) -> Mapping[str, Any]:
        if operation == "put_parameter":
            raise AwsError("TooManyUpdates", code="TooManyUpdates")
        return super().call(service, operation, subject, **parameters)


@pytest.mark.parametrize("spoil", [lambda body: body[:5], lambda body: body.replace(b"Version", b"Revision")])
def test_a_write_whose_answer_cannot_be_read_is_known_for_ones_own(
    cloud: World, aws: Aws, spoil: Callable[[bytes], bytes]
) -> None:
    one = parameter(aws)
    seen = one.look()
    cloud.faults.spoil("PutParameter", spoil, times=1)
    written = one.swap(seen, {"who": "one"})

    assert written is not None
    assert one.look().content == {"who": "one"}


def test_a_write_whose_answer_was_lost_is_known_for_ones_own(aws: Aws) -> None:
    one = parameter(SendsTwice(SystemClock(), lambda _: None))

    first = one.swap(one.look(), {"who": "one"})
    assert first is not None
    second = one.swap(first, {"who": "one", "again": "yes"})

    assert second is not None
    assert (second.version, second.content) == (3, {"who": "one", "again": "yes"})
    assert parameter(aws).look().write == second.write


def test_too_many_updates_is_a_lost_write(aws: Aws) -> None:
    begun = parameter(aws).swap(parameter(aws).look(), {"who": "one"})
    assert begun is not None

    assert parameter(RunsIntoAnother(SystemClock(), lambda _: None)).swap(begun, {"who": "two"}) is None
    assert parameter(aws).look().content == {"who": "one"}
