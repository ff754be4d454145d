"""Users who come by a name all the while that it is led elsewhere, through resolvers of three kinds."""

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

import pytest

from gocd.rehearsal.standin_aws.names.visitors import Resolver, Visitor
from gocd.rehearsal.standin_aws.world import World
from tests.program import SPEED
from tests.tasks.switch_traffic.named import NAME, Lead, make_named

pytestmark = [pytest.mark.end_to_end, pytest.mark.exhaustive]

TTL, FLOOR = 60, 300


@dataclass
class Users:
    """What those of one resolver were answered, and when."""

    visitor: Visitor
    leaves: float = 0.0
    answers: list[tuple[float, int, str]] = field(default_factory=list)

    def last(self, side: str) -> float:
        return max(at for at, _, answer in self.answers if answer == side)


@contextmanager
def going(everyone: dict[str, Users]) -> Iterator[None]:
    stop = threading.Event()

    def ask(users: Users) -> Callable[[], None]:
        def again() -> None:
            while not stop.wait(0.02):
                at = time.time()
                if users.leaves and at > users.leaves:
                    users.leaves = 0.0
                    users.visitor.leave()
                users.answers.append((at, *users.visitor.ask()))

        return again

    threads = [threading.Thread(target=ask(users)) for users in everyone.values()]
    for thread in threads:
        thread.start()
    yield
    stop.set()
    for thread in threads:
        thread.join()
        assert not thread.is_alive()


def test_each_follows_when_he_can_nobody_is_lost_and_it_is_done_once_the_last_has(
    cloud: World, lead: Lead
) -> None:
    named = make_named(cloud)
    named.lead(named.alias(named.blue))
    cloud.parts.elb.counts.begin()
    clock, url_at = cloud.parts.settings.clock, cloud.parts.url_at
    blue, green = (each.private_ip for each in cloud.parts.instances)
    with cloud.parts.name_server() as server:
        everyone = {
            "by the TTL": Users(Visitor(NAME, Resolver(server.port, clock), url_at)),
            "past the TTL": Users(Visitor(NAME, Resolver(server.port, clock, FLOOR), url_at)),
            "connected": Users(
                Visitor(NAME, Resolver(server.port, clock), url_at, stays=True), time.time() + 35
            ),
        }
        with going(everyone):
            done = lead("green-lb", "--settle", "10")
            ended = time.time()
        everyone["connected"].visitor.leave()

    assert done.returncode == 0, done.stdout + done.stderr
    answers = [each for users in everyone.values() for each in users.answers]
    assert {status for _, status, _ in answers} == {200}
    assert {answer for _, _, answer in answers} == {blue, green}
    [change] = [call.at for call in cloud.journal.calls if call.operation == "ChangeResourceRecordSets"]
    known = max(call.at for call in cloud.journal.calls if call.operation == "GetChange")
    assert change < known
    late = {kind: users.last(blue) - known for kind, users in everyone.items()}
    assert late["by the TTL"] < TTL / SPEED + 1.5
    assert late["by the TTL"] < late["past the TTL"] < FLOOR / SPEED + 1.5
    assert late["connected"] > late["past the TTL"]
    last = max(users.last(blue) for users in everyone.values())
    assert ended - last > 180 / SPEED, "not before blue was silent by its own count"
    coming = done.stdout.index("requests in the minute of")
    assert coming < done.stdout.index("blue-lb: silent since")
