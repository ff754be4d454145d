"""Users led at a Network Load Balancer, which follows late and leaves connections where they are."""

import pytest

from gocd.rehearsal.standin_aws.world import World
from tests.gocd.rehearsal.standin_aws.service import SERVICE
from tests.gocd.rehearsal.standin_aws.services.elb.routing import make_site
from tests.tasks.switch_traffic.conftest import Switch, standing


@pytest.mark.exhaustive
def test_each_step_lasts_as_long_as_it_takes_to_follow(cloud: World, switch: Switch) -> None:
    pair = (cloud.launch("Blue-1", service=SERVICE), cloud.launch("Green-1", service=SERVICE))
    site = make_site(cloud, pair, "network")
    done = switch("green", "--steps", "100", "--settle", "0")

    assert done.returncode == 0, done.stderr
    assert standing(site) == [{"blue": 0, "green": 100}]
    assert "a Network Load Balancer, which follows within 600 s" in done.stdout
    assert "green: 100% of users, settling, 0 s of 600 s" in done.stdout
    assert "blue: silent, as its hosts have had no connection for" in done.stdout
