"""Aliases that evaluate the health of a load balancer whose rules get another target group."""

import pytest

from gocd.rehearsal.standin_aws.control.journal import Call
from gocd.rehearsal.standin_aws.names.visitors import Resolver
from tests.gocd.rehearsal.standin_aws.services.elb.routing import Site
from tests.gocd.rehearsal.standin_aws.services.route53.zones import APEX, NAME, alias, make_zone
from tests.tasks.switch_traffic.conftest import Switch, standing

pytestmark = pytest.mark.end_to_end


def test_users_whom_an_alias_leads_away_until_green_is_healthy_are_told_of_before(
    site: Site, switch: Switch
) -> None:
    cloud = site.cloud
    zone = make_zone(cloud)
    standby = cloud.target_group("standby")
    zone.create(
        alias(cloud, site.blue, evaluate=True, SetIdentifier="main", Weight=1),
        alias(cloud, standby, SetIdentifier="standby", Weight=0),
        {**alias(cloud, site.blue, evaluate=True), "Name": f"alone.{APEX}"},
        {**alias(cloud, site.blue, SetIdentifier="a", Weight=1), "Name": f"careless.{APEX}"},
        {**alias(cloud, standby, SetIdentifier="b", Weight=1), "Name": f"careless.{APEX}"},
    )
    zone.known()
    told = (
        f"{NAME} A (main, weight 1): an alias of blue-lb with EvaluateTargetHealth; until green is healthy "
        f"there, and whenever it or blue is not, users are led to {NAME} A (standby, weight 0)"
    )
    shown = switch("green", "--dry-run")
    assert shown.returncode == 0, shown.stderr
    assert [line for line in shown.stdout.splitlines() if "EvaluateTargetHealth" in line] == [told]
    answered: list[str] = []
    with cloud.parts.name_server() as server:

        def ask(name: str = NAME) -> str:
            [address] = Resolver(server.port, cloud.parts.settings.clock).ask(name)
            return address

        before = ask()
        [green] = [each.id for each in cloud.parts.instances if each.name == "Green-1"]
        cloud.faults.unreachable(green)

        def look(call: Call) -> None:
            answered.append(ask())
            assert ask(f"alone.{APEX}") == before
            if answered[-1] != before and call.operation == "DescribeTargetHealth":
                cloud.faults.reachable(green)

        cloud.faults.after_call = look
        done = switch("green")
        cloud.faults.after_call = None

        assert done.returncode == 0, done.stderr
        assert done.stdout.index(told) < done.stdout.index("blue alone -> ")
        there = [address == before for address in answered]
        assert there[0]
        assert there[-1]
        assert not all(there), "AWS takes a load balancer with such a group for unwell"
        assert ask() == before
    assert standing(site) == [{"blue": 0, "green": 100}]
    again = switch("green", "--dry-run")
    assert "EvaluateTargetHealth" not in again.stdout, "green is there by now"


def test_who_may_not_look_at_records_is_told_so_and_users_are_led_all_the_same(
    site: Site, switch: Switch
) -> None:
    site.cloud.faults.deny("route53:ListHostedZones")

    done = switch("green", "--steps", "100")
    assert done.returncode == 0, done.stderr
    assert (
        "blue-lb: whether records of users' names evaluate its health is not known (AWS refused "
        "route53:ListHostedZones (AccessDenied))"
    ) in done.stdout
    assert standing(site) == [{"blue": 0, "green": 100}]
