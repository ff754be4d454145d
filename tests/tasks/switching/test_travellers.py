import pytest

from tasks.running.errors import Refused
from tasks.switching.travellers import Travellers
from tasks.traffic.so_far import Fare
from tests.fakes import FakeClock


class Traffic:
    """What is told of traffic, and how long it takes to ask."""

    def __init__(self, clock: FakeClock, takes: float = 0) -> None:
        self.fare: Fare | None = Fare(100, 0)
        self.asked = 0
        self._clock = clock
        self._takes = takes

    def __call__(self) -> Fare | None:
        self.asked += 1
        self._clock.elapsed += self._takes
        return self.fare


def test_what_the_traffic_fails_on_is_told_with_what_was_lost_since_it_began() -> None:
    clock = FakeClock()
    traffic = Traffic(clock)
    travellers = Travellers(traffic, clock)
    travellers.begin()
    assert travellers.during() is None

    traffic.fare = Fare(1300, 7, "7 failed; at most 0 allowed")
    assert travellers.during() == "the traffic under way fails (7 failed; at most 0 allowed)"
    assert travellers.after(50) == travellers.during()
    assert travellers.lost() == "users lost 7 of 1,200 requests"


def test_a_step_in_which_nobody_came_proves_nothing() -> None:
    clock = FakeClock()
    traffic = Traffic(clock)
    travellers = Travellers(traffic, clock)
    travellers.begin()
    traffic.fare = Fare(200, 0)

    assert travellers.after(10) is None
    assert travellers.after(50) == "the traffic under way has recorded no request with 50% on green"


def test_traffic_that_has_failed_already_is_refused() -> None:
    clock = FakeClock()
    traffic = Traffic(clock)
    traffic.fare = Fare(5, 5, "5 failed")
    with pytest.raises(Refused, match="has failed already"):
        Travellers(traffic, clock).begin()


def test_without_traffic_nothing_is_said() -> None:
    clock = FakeClock()
    travellers = Travellers(lambda: None, clock)
    travellers.begin()

    assert (travellers.during(), travellers.after(10), travellers.lost()) == (None, None, "")


def test_a_record_that_takes_long_to_read_is_let_alone_for_longer() -> None:
    clock = FakeClock()
    traffic = Traffic(clock, takes=5)
    travellers = Travellers(traffic, clock)
    for _ in range(20):
        travellers.during()
        clock.sleep(5)

    assert traffic.asked == 5
