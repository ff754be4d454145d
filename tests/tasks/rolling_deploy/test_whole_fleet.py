"""rolling-deploy on a mixed fleet in two zones, under traffic, as a process of its own."""

from pathlib import Path

import pytest

from gocd.rehearsal.load.traffic import Traffic
from gocd.samples.measurement import measure
from tests.tasks.rolling_deploy.conftest import MakeFleet

pytestmark = pytest.mark.end_to_end


@pytest.mark.parametrize("batch", [pytest.param("1", marks=pytest.mark.exhaustive), "33%"])
def test_nobody_notices_but_the_version(fleet: MakeFleet, tmp_path: Path, batch: str) -> None:
    all_six = fleet(3, members=3, min_size=3)
    before = all_six.standing()
    jtl = tmp_path / "traffic.jtl"

    with Traffic(all_six.balancer.url, 200, jtl) as traffic:
        traffic.wait_until_flowing()
        ran = all_six.roll("--batch", batch)

    assert ran.returncode == 0, ran.stderr
    assert "2.0 is on 6 servers, 6 of them deployed to now" in ran.stdout
    seen = measure(jtl)
    assert seen.sent > 500
    assert seen.lost == 0
    assert set(seen.requests_per_version) == {"1.0", "2.0"}
    assert set(all_six.versions().values()) == {"2.0"}
    assert all_six.standing() == before


@pytest.mark.exhaustive
def test_the_same_again_finds_nothing_to_do_and_again_does_it_again(fleet: MakeFleet) -> None:
    both = fleet(2)
    at_once = ("--batch", "2", "--min-healthy", "0")
    assert both.roll(*at_once).returncode == 0
    both.cloud.journal.clear()

    second = both.roll(*at_once)

    assert second.returncode == 0, second.stderr
    assert "2.0 is on 2 servers, 0 of them deployed to now" in second.stdout
    assert {both.installs(each) for each in both.everyone} == {1}
    assert "DeregisterTargets" not in both.changes()

    third = both.roll(*at_once, "--again")

    assert third.returncode == 0, third.stderr
    assert "2.0 is on 2 servers, 2 of them deployed to now" in third.stdout
    assert {both.installs(each) for each in both.everyone} == {2}
