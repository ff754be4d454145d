"""A websocket, which no weight moves and no load balancer counts."""

from contextlib import closing

from gocd.rehearsal.standin_aws.machines.instances import Service
from gocd.rehearsal.standin_aws.world import World
from tests.gocd.rehearsal.standin_aws.services.elb.routing import WebSocket, make_site
from tests.tasks.switch_traffic.conftest import Switch, count_requests, standing


def test_a_websocket_on_blue_lives_through_all_steps_and_is_told(
    cloud: World, sample: Service, switch: Switch
) -> None:
    pair = cloud.launch("Blue-1", service=sample), cloud.launch("Green-1", service=sample)
    site = make_site(cloud, pair)
    count_requests(site, ago=10)
    with closing(WebSocket(site.blue.url)) as held:
        assert held.echo(b"before") == b"before"
        done = switch("green")

        assert done.returncode == 0, done.stderr
        assert standing(site) == [{"blue": 0, "green": 100}]
        assert held.echo(b"after") == b"after"
        assert cloud.in_flight(site.blue, pair[0]) == 1
    assert "blue: no request since" in done.stdout
    assert (
        "blue: 1 connection still open on its hosts, such as websockets, which no load balancer counts; they "
        "stay until they end, or until blue is deregistered"
    ) in done.stdout
