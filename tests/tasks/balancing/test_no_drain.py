"""Load balancers whose drain is off, or 0 s long."""

import pytest

from gocd.rehearsal.standin_aws.world import World
from tests.program import CommandLine
from tests.tasks.conftest import Pair
from tests.tasks.test_cli import changes, one_error


@pytest.mark.parametrize("kind", ["application", "classic"])
def test_requests_in_flight_are_cut_off_in_words_or_not_at_all(
    cloud: World, gocd_tasks: CommandLine, pair: Pair, kind: str
) -> None:
    if kind == "classic":
        cloud.classic("web", instances=list(pair), draining=None, cross_zone=True)
    else:
        cloud.target_group("web", instances=list(pair), deregistration_delay=0)
    detach = ("detach-instance", "Staging-1", "--load-balancer", "web")
    refused = gocd_tasks(*detach, "--require-drain", "60")

    assert refused.returncode == 2
    assert "cuts off requests in flight after 0 s, and --require-drain is 60" in one_error(refused)
    assert changes(cloud) == []

    done = gocd_tasks(*detach)
    assert done.returncode == 0
    assert "web: has no drain; requests in flight on Staging-1 will be cut off\n" in done.stdout
