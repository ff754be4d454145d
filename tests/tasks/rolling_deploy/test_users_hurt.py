"""A rollout under traffic: a release that hurts its first users gets to no others."""

import re
from dataclasses import replace

import pytest

from tests.tasks.rolling_deploy.conftest import MakeFleet
from tests.tasks.traffic.beside import finish, traffic_beside

pytestmark = pytest.mark.end_to_end


def test_it_halts_after_the_first_batch_and_goes_on_with_a_better_release(fleet: MakeFleet) -> None:
    three = fleet(3)
    _, two, third = three.servers
    with traffic_beside(three.gocd_tasks, three.balancer.url, three.folder) as beside:
        ran = replace(three, gocd_tasks=beside).roll(broken="users-get-500")
        finished = finish(beside)

    assert ran.returncode == 1, ran.stdout
    [told] = re.findall(
        r"error: halted: the traffic failed after Fleet-1 came back \((.*)\): users lost ([0-9,]+) of [0-9,]+"
        r" requests since then, ([0-9,]+) of [0-9,]+ in all; Fleet-1 was taken out of fleet again",
        ran.stderr,
    )
    assert told[0] == f"{told[1]} failed ({told[1]} answered 500); at most 0 allowed"
    assert told[1] == told[2] != "0"
    assert f"{told[1]} failed" in finished.stdout
    assert "run again: gocd-tasks rolling-deploy" in ran.stderr
    assert (three.installs(two), three.installs(third)) == (0, 0)
    assert three.health() == {two.id: "healthy", third.id: "healthy"}

    with traffic_beside(three.gocd_tasks, three.balancer.url, three.folder) as beside:
        healed = replace(three, gocd_tasks=beside).roll("--traffic-settle", "0", version="2.1")
        finished = finish(beside)

    assert healed.returncode == 0, healed.stderr
    assert "Fleet-1: left outside of fleet by an earlier run" in healed.stdout
    assert healed.stdout.count(": the traffic passes so far, 0 of ") == 3
    assert set(three.versions().values()) == {"2.1"}
    assert finished.returncode == 0, finished.stderr
    assert three.standing()["tags"] == []
