"""Two rollouts started together: the lock lets one go, and the floor holds at every moment."""

import threading

import pytest

from tests.tasks.rolling_deploy.conftest import Fleet, MakeFleet

pytestmark = pytest.mark.end_to_end


@pytest.mark.parametrize(
    "attempt", [0, *(pytest.param(more, marks=pytest.mark.exhaustive) for more in (1, 2))]
)
def test_exactly_one_wins_and_the_other_names_it(fleet: MakeFleet, attempt: int) -> None:
    three = fleet(3)
    at_once = ("--batch", "2", "--min-healthy", "1")

    with Sampled(three) as serving:
        runs = [three.starts(*at_once) for _ in range(2)]
        ends = [(*run.communicate(timeout=120), run.wait()) for run in runs]

    assert sorted(code for _, _, code in ends) == [0, 2], ends
    [lost] = [error for _, error, code in ends if code == 2]
    assert "target-group:fleet is locked by" in lost
    assert "rolling-deploy" in lost
    assert serving.samples > 100
    assert serving.fewest == 1
    assert set(three.versions().values()) == {"2.0"}
    assert {three.installs(each) for each in three.everyone} == {1}


class Sampled:
    """Looks at the data plane every few milliseconds, from here to the end of the ``with`` block."""

    def __init__(self, fleet: Fleet) -> None:
        self.samples, self.fewest = 0, len(fleet.everyone)
        self._fleet = fleet
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._look, daemon=True)

    def __enter__(self) -> "Sampled":
        self._thread.start()
        return self

    def __exit__(self, *ended: object) -> None:
        self._over.set()
        self._thread.join()

    def _look(self) -> None:
        while not self._over.wait(0.004):
            self.samples += 1
            self.fewest = min(self.fewest, len(self._fleet.cloud.serving(self._fleet.balancer)))
