import pytest

from tasks.aws.load_balancer import Member, State
from tasks.rollout.batches import batch_size, in_order, parse_batch
from tasks.rollout.fleet import Server
from tasks.running.errors import Refused
from tests.fakes import instance


@pytest.mark.parametrize(
    ("text", "fleet", "size"),
    [
        ("1", 6, 1),
        ("4", 6, 4),
        ("33%", 6, 2),
        ("33%", 3, 1),
        ("50%", 5, 2),
        ("10%", 1000, 100),
        ("1%", 6, 1),
        ("100%", 6, 6),
    ],
)
def test_a_batch_is_a_count_or_the_nearest_share(text: str, fleet: int, size: int) -> None:
    assert batch_size(parse_batch(text), fleet) == size


@pytest.mark.parametrize("text", ["", "0", "0%", "-1", "1.5", "101%", "all", "%"])
def test_anything_else_is_refused(text: str) -> None:
    with pytest.raises(Refused, match="--batch takes a count"):
        parse_batch(text)


def server(number: int, zone: str, state: State, left: bool = False) -> Server:
    member = Member(f"i-{number}", state)
    away = frozenset({"target-group:staging"}) if left else frozenset()
    return Server(instance(number, zone), {} if left else {"target-group:staging": member}, away)


def test_those_that_serve_nobody_go_first_and_zones_take_turns() -> None:
    servers = [
        server(1, "a", State.SERVING),
        server(2, "a", State.SERVING),
        server(3, "b", State.SERVING),
        server(4, "b", State.JOINING),
        server(5, "a", State.UNHEALTHY),
        server(6, "b", State.OUT, left=True),
    ]

    assert [each.instance.id for each in in_order(servers)] == ["i-6", "i-5", "i-4", "i-1", "i-3", "i-2"]
