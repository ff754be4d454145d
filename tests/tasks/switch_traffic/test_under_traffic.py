"""Users who go on all the while that they are led elsewhere."""

import threading
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from itertools import pairwise

import pytest

from gocd.rehearsal.standin_aws.control.journal import Call
from tests.gocd.rehearsal.standin_aws.conftest import eventually
from tests.gocd.rehearsal.standin_aws.services.elb.routing import Client, Site
from tests.tasks.switch_traffic.conftest import Switch, count_requests

pytestmark = pytest.mark.end_to_end

# Seconds after a write from which everybody is led by it here.
FOLLOWED = 0.4


@dataclass
class Users:
    """What each request was answered, and when."""

    answers: list[tuple[float, int, str]] = field(default_factory=list)

    def share(self, address: str, start: float, end: float) -> float:
        """Give the percentage of the requests from *start* to *end* that this address has answered."""
        counted = Counter(answer for at, _, answer in self.answers if start <= at < end)
        return 100 * counted[address] / max(1, counted.total())


@contextmanager
def users(site: Site, clients: int, pause: float) -> Iterator[Users]:
    """Have so many ask one request after the other, with pauses of so many seconds."""
    found, stop = Users(), threading.Event()

    def ask() -> None:
        with closing(Client(site.blue.url)) as client:
            while not stop.wait(pause):
                at = time.time()
                found.answers.append((at, *client.ask()))

    threads = [threading.Thread(target=ask) for _ in range(clients)]
    for thread in threads:
        thread.start()
    yield found
    stop.set()
    for thread in threads:
        thread.join()


def writes(site: Site) -> list[Call]:
    return [call for call in site.cloud.journal.calls if call.operation == "ModifyListener"]


@pytest.mark.parametrize(
    ("settle", "least", "points"),
    [("25", 1_000, 6), pytest.param("150", 20_000, 2, marks=pytest.mark.exhaustive)],
)
def test_nobody_is_lost_and_each_side_has_its_share(
    site: Site, switch: Switch, settle: str, least: int, points: float
) -> None:
    with users(site, clients=4, pause=0.004 if least < 20_000 else 0.0005) as going:
        done = switch("green", "--steps", "10,50,100", "--settle", settle)
        ended = time.time()

    assert done.returncode == 0, done.stderr
    assert len(going.answers) > least
    assert Counter(status for _, status, _ in going.answers) == {200: len(going.answers)}
    [green] = [each.private_ip for each in site.cloud.parts.instances if each.name == "Green-1"]
    times = [call.at for call in writes(site)] + [ended]
    shares = [going.share(green, start + FOLLOWED, end) for start, end in pairwise(times)]
    assert shares == [pytest.approx(share, abs=points) for share in (0, 10, 50, 100)]


def test_who_has_a_cookie_of_blue_is_waited_for_and_told(site: Site, switch: Switch) -> None:
    sticky = {"Enabled": True, "DurationSeconds": 3600}
    site.listen(site.forward(1, 0, TargetGroupStickinessConfig=sticky))
    count_requests(site, ago=0)
    with closing(Client(site.blue.url)) as holder:
        eventually(lambda: holder.ask()[0] and bool(holder.cookie), True)
        done = switch("green", "--timeout", "30")
        [blue] = [each.private_ip for each in site.cloud.parts.instances if each.name == "Blue-1"]

        assert holder.ask() == (200, blue)
    assert done.returncode == 3, done.stdout + done.stderr
    assert "clients with a cookie of blue stay with it for up to 3600 s" in done.stdout
    assert (
        "blue: silent once it has had no request for 3600 s, as long as a cookie of it holds" in done.stdout
    )
    assert "blue: 9 requests in the minute of" in done.stderr
    assert "green has all users, and blue is not known to be silent" in done.stderr
    left = switch("green", "--keep-sticky")
    assert left.returncode == 0, left.stderr
    assert "clients with a cookie of it stay, the last of them for up to 3600 s" in left.stdout


@pytest.mark.exhaustive
def test_blue_is_silent_by_its_own_count_and_not_before(site: Site, switch: Switch) -> None:
    site.cloud.parts.elb.counts.begin()
    with users(site, clients=1, pause=0.01):
        threading.Event().wait(7)
        done = switch("green", "--steps", "50,100", "--settle", "60")

    assert done.returncode == 0, done.stdout + done.stderr
    coming = done.stdout.index("requests in the minute of")
    assert coming < done.stdout.index("blue: no request since")
    [there] = writes(site)[-1:]
    assert time.time() - there.at > 180 / 10


@pytest.mark.exhaustive
def test_where_requests_may_not_be_counted_blue_is_silent_once_its_hosts_have_no_connection(
    site: Site, switch: Switch
) -> None:
    site.cloud.faults.deny("cloudwatch:GetMetricData")
    with users(site, clients=2, pause=0.01) as going:
        done = switch("green", "--steps", "100", "--settle", "10")

    assert done.returncode == 0, done.stdout + done.stderr
    assert {status for _, status, _ in going.answers} == {200}
    assert "connections open on its hosts" in done.stdout
    assert "blue: silent, as its hosts have had no connection for" in done.stdout
