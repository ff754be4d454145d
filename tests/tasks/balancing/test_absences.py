"""What a tag remembers of a target, and that it is what was to be remembered."""

from dataclasses import replace

import pytest

from tasks.aws.load_balancer import Member, State
from tasks.aws.target import Target
from tasks.balancing.absences import PREFIX
from tasks.running.errors import Refused
from tests.fakes import EPOCH, FakeClock, FakeLoadBalancer, FakeMemory, instance

ONE, WEB = instance(1), "target-group:web"


@pytest.mark.parametrize(
    "port",
    [
        8080,
        Target(8080, "10.0.0.5"),
        Target(8080, "10.0.0.5", "eu-west-1a"),
        Target(8080, "10.9.0.5", "all", "0x0123456789abcdef"),
        Target(8080, "fd00:1234:5678:9abc::1"),
        Target(8080, server_id="0x0123456789abcdef"),
    ],
)
@pytest.mark.parametrize("states", [(State.SERVING, State.SERVING), (State.SERVING, State.UNHEALTHY)])
def test_all_that_describes_a_target_is_read_back(port: int | Target, states: tuple[State, State]) -> None:
    memory = FakeMemory(by="rolling-deploy")
    left = memory.absence(Member(ONE.id, State.SERVING, "", (9090, port), states=states), EPOCH)
    again = FakeMemory()
    again.learn([replace(ONE, tags={PREFIX + WEB: str(left)})])

    assert left.ports == (9090, port)
    assert again.of(ONE, FakeLoadBalancer(FakeClock(), name="web")) == left


def test_more_than_a_tag_holds_is_refused_and_not_cut_off() -> None:
    memory = FakeMemory()
    ports = tuple(Target(8000 + each, f"10.0.0.{each}", "eu-west-1a") for each in range(10))
    absence = memory.absence(Member(ONE.id, State.SERVING, "", ports), EPOCH)
    with pytest.raises(Refused, match="on 10 ports, more than a tag can remember"):
        memory.remember({(ONE.id, WEB): absence})

    assert memory.addresses == []


SINCE = "2026-01-01T00:00:00+00:00"


@pytest.mark.parametrize(
    "value",
    [
        f"served=yes ports={port} since={SINCE}"
        for port in ("²", "1_000", "-1", "70000", "9" * 100, "x@10.0.0.5", "80,80-")
    ]
    + [f"served=yes ports=80 since={since}" for since in ("²", "yesterday", "0001-01-01T00:00:00+14:00")],
)
def test_a_tag_that_somebody_else_has_written_is_passed_over(value: str) -> None:
    memory = FakeMemory()
    memory.learn([replace(ONE, tags={PREFIX + WEB: value})])

    assert memory.addresses == []
