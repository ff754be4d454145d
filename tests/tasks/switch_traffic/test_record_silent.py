"""Whether nobody comes to blue any more, where it has no load balancer that counts."""

import socket
from contextlib import closing

import pytest

from gocd.rehearsal.standin_aws.world import World
from tasks.iam_policy import Narrowed, iam_policy
from tests.gocd.rehearsal.standin_aws.service import SERVICE
from tests.gocd.rehearsal.standin_aws.services.route53.zones import make_zone, record
from tests.tasks.switch_traffic.named import Lead

pytestmark = pytest.mark.end_to_end


@pytest.mark.exhaustive
def test_who_is_connected_to_the_hosts_of_blue_is_waited_for_and_without_a_look_nothing_is_done(
    cloud: World, lead: Lead
) -> None:
    blue, green = (cloud.launch(name, service=SERVICE) for name in ("Blue-1", "Green-1"))
    zone = make_zone(cloud)
    zone.create(record(blue.private_ip, ttl=1))
    zone.known()
    words = (green.private_ip, "--port", "8080")
    cloud.faults.deny("ssm:SendCommand")
    blind = lead(*words)
    assert blind.returncode == 3, blind.stdout
    assert f"whether {blue.private_ip} is silent cannot be told" in blind.stderr
    assert "AWS refused ssm:SendCommand" in blind.stderr
    cloud.faults.clear()
    cloud.faults.allow_only(iam_policy(["switch-traffic"], Narrowed("releases", regions=["eu-west-1"])))

    with closing(socket.create_connection((blue.private_ip, 8080))):
        late = lead(*words, "--timeout", "30")
    assert late.returncode == 3, late.stdout
    assert f"{blue.private_ip}: 1 connections open on its hosts after" in late.stderr

    done = lead(*words)
    assert done.returncode == 0, done.stderr
    assert f"{blue.private_ip}: silent, as its hosts have had no connection for" in done.stdout
    assert "and nothing to do" in lead(*words).stdout
