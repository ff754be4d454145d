"""A wrong health check: the load balancer calls nobody healthy, and users are served all the same."""

import pytest

from gocd.rehearsal.standin_aws.target_events import wait_until_unhealthy
from gocd.rehearsal.standin_aws.world import World
from tests.gocd.rehearsal.standin_aws.conftest import get
from tests.program import CommandLine
from tests.tasks.conftest import Pair
from tests.tasks.test_cli import changes, one_error

WRONG = "/nowhere"


@pytest.mark.parametrize("kind", ["application", "network"])
def test_the_last_that_gets_requests_stays(
    cloud: World, gocd_tasks: CommandLine, pair: Pair, kind: str
) -> None:
    made = cloud.target_group(
        "web",
        kind="network" if kind == "network" else "application",
        instances=list(pair),
        health_path=WRONG,
        deregistration_delay=1,
        cross_zone=True if kind == "network" else None,
        wait=False,
    )
    wait_until_unhealthy(cloud, made, 2)
    first = gocd_tasks("detach-instance", "Staging-1", "--load-balancer", "web")

    assert (first.returncode, first.stderr) == (0, "")
    assert "no target is healthy, so web sends to all 2; without Staging-1: 1, floor 1" in first.stdout
    cloud.journal.clear()
    last = gocd_tasks("detach-instance", "Staging-2", "--load-balancer", "web")

    assert last.returncode == 2
    assert "Staging-2 is the last instance that gets requests in web; nothing was changed" in one_error(last)
    assert changes(cloud) == []
    assert "version" in get(made.url)


def test_a_classic_load_balancer_sends_to_nobody_then(
    cloud: World, gocd_tasks: CommandLine, pair: Pair
) -> None:
    made = cloud.classic("web", instances=list(pair), health_path=WRONG, draining=1, wait=False)
    assert get(made.url) == "503"

    for each in pair:
        out = gocd_tasks("detach-instance", each.name, "--load-balancer", "web")
        assert out.returncode == 0
        assert "taking it out costs nobody anything" in out.stdout
