import signal
from collections.abc import Iterator

import pytest

from tasks.running.undisturbed import undisturbed


class Interrupted(Exception):
    """What the handler of a test raises."""


@pytest.fixture
def handled() -> Iterator[None]:
    def interrupt(number: int, _: object) -> None:
        raise Interrupted(number)

    before = signal.signal(signal.SIGTERM, interrupt)
    yield
    signal.signal(signal.SIGTERM, before)


def begin(begun: list[str]) -> None:
    with undisturbed() as heed:
        signal.raise_signal(signal.SIGTERM)
        begun.append("process")
        heed()
        begun.append("never")


@pytest.mark.usefixtures("handled")
def test_a_signal_waits_until_what_was_begun_is_known() -> None:
    begun: list[str] = []
    with pytest.raises(Interrupted):
        begin(begun)

    assert begun == ["process"]


@pytest.mark.usefixtures("handled")
def test_it_waits_for_the_end_of_the_block_at_most_and_then_interrupts_as_before() -> None:
    with pytest.raises(Interrupted), undisturbed():
        signal.raise_signal(signal.SIGTERM)
    with pytest.raises(Interrupted):
        signal.raise_signal(signal.SIGTERM)
