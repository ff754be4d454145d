import urllib.error
from collections import Counter

import botocore.exceptions
import pytest

from gocd.rehearsal.standin_aws.load_balancer import LoadBalancer
from gocd.rehearsal.standin_aws.services.elb.zone_records import TIME_TO_LIVE
from gocd.rehearsal.standin_aws.target_events import (
    cancel_zonal_shift,
    register_on,
    set_thresholds,
    start_zonal_shift,
)
from gocd.rehearsal.standin_aws.world import World
from tests.gocd.rehearsal.standin_aws.conftest import Pair, eventually, get, target_state
from tests.gocd.rehearsal.standin_aws.data.test_data_plane import out

ZONES = ["eu-west-1a", "eu-west-1b"]
FAILING = "unhealthy/Target.ResponseCodeMismatch"


def answers(balancer: LoadBalancer, count: int = 20) -> Counter[str]:
    told: Counter[str] = Counter()
    for _ in range(count):
        try:
            told[get(balancer.url)] += 1
        except (urllib.error.URLError, OSError):
            told["lost"] += 1
    return told


def overrides(cloud: World, balancer: LoadBalancer) -> dict[str, str]:
    told = cloud.client("elbv2").describe_target_health(TargetGroupArn=balancer.arn)
    return {
        each["Target"]["Id"]: each["AdministrativeOverride"]["State"]
        for each in told["TargetHealthDescriptions"]
    }


def test_a_port_on_which_nothing_listens_gets_nothing_while_another_is_healthy(
    cloud: World, pair: Pair
) -> None:
    balancer = cloud.target_group("web", instances=[pair[0]])
    register_on(cloud, balancer, pair[0], 8081)

    def states() -> dict[int, str]:
        told = cloud.client("elbv2").describe_target_health(TargetGroupArn=balancer.arn)
        return {
            each["Target"]["Port"]: each["TargetHealth"]["State"] for each in told["TargetHealthDescriptions"]
        }

    eventually(states, {8080: "healthy", 8081: "unhealthy"})
    assert answers(balancer) == {pair[0].private_ip: 20}


@pytest.mark.parametrize("kind", ["application", "network", "classic"])
def test_a_zone_that_serves_for_itself_loses_what_comes_in_until_dns_leaves_it_out(
    cloud: World, pair: Pair, kind: str
) -> None:
    if kind == "classic":
        balancer = cloud.classic("web", instances=pair, zones=ZONES, draining=None)
    else:
        balancer = cloud.target_group(
            "web",
            kind="network" if kind == "network" else "application",
            instances=pair,
            zones=ZONES,
            cross_zone=False,
            deregistration_delay=0,
        )
    assert set(answers(balancer)) == {each.private_ip for each in pair}

    out(cloud, balancer, pair[0].id)
    eventually(lambda: cloud.serving(balancer), {pair[1].id})
    half = answers(balancer, 40)
    assert 0 < half[pair[1].private_ip] < 40

    cloud.let_pass(TIME_TO_LIVE)
    eventually(lambda: answers(balancer), {pair[1].private_ip: 20})


def test_a_zone_of_unhealthy_ones_is_open_to_them_until_dns_leaves_it_out(cloud: World, pair: Pair) -> None:
    balancer = cloud.target_group("web", kind="network", instances=pair, zones=ZONES, cross_zone=False)
    (pair[0].root / "unwell").write_text("500")
    eventually(lambda: target_state(cloud, balancer, pair[0]).split("/")[0], "unhealthy")

    assert set(answers(balancer)) == {each.private_ip for each in pair}
    cloud.let_pass(TIME_TO_LIVE)
    eventually(lambda: answers(balancer), {pair[1].private_ip: 20})
    (pair[0].root / "unwell").unlink()
    eventually(lambda: set(answers(balancer)), {each.private_ip for each in pair})


def test_with_no_zone_well_all_are_named(cloud: World, pair: Pair) -> None:
    balancer = cloud.target_group("web", kind="network", instances=pair, zones=ZONES, cross_zone=False)
    for each in pair:
        (each.root / "unwell").write_text("500")
    eventually(lambda: {target_state(cloud, balancer, each).split("/")[0] for each in pair}, {"unhealthy"})
    cloud.let_pass(TIME_TO_LIVE)

    eventually(lambda: set(answers(balancer)), {each.private_ip for each in pair})


def test_below_its_threshold_a_group_sends_to_unhealthy_ones_as_well(cloud: World, pair: Pair) -> None:
    balancer = cloud.target_group("web", instances=pair)
    (pair[0].root / "unwell").write_text("500")
    eventually(lambda: target_state(cloud, balancer, pair[0]), FAILING)
    eventually(lambda: answers(balancer), {pair[1].private_ip: 20})

    for least in ("51%", 2):
        set_thresholds(cloud, balancer, opens_below=least)
        eventually(lambda: set(answers(balancer)), {each.private_ip for each in pair})
        assert cloud.serving(balancer) == {each.id for each in pair}
        set_thresholds(cloud, balancer, opens_below="50%")
        eventually(lambda: answers(balancer), {pair[1].private_ip: 20})


def test_a_zonal_shift_leads_traffic_away_until_it_is_over(cloud: World, pair: Pair) -> None:
    balancer = cloud.target_group("web", instances=pair)
    assert set(overrides(cloud, balancer).values()) == {"no_override"}

    start_zonal_shift(cloud, balancer, "eu-west-1a", "30m")
    states = {pair[0].id: "zonal_shift_active", pair[1].id: "no_override"}
    assert overrides(cloud, balancer) == states
    assert target_state(cloud, balancer, pair[0]) == "healthy"
    eventually(lambda: answers(balancer), {pair[1].private_ip: 20})
    assert cloud.serving(balancer) == {pair[1].id}

    cloud.let_pass(30 * 60)
    eventually(lambda: set(answers(balancer)), {each.private_ip for each in pair})
    assert set(overrides(cloud, balancer).values()) == {"no_override"}


def test_a_zonal_shift_has_no_effect_while_nobody_else_is_healthy(cloud: World, pair: Pair) -> None:
    balancer = cloud.target_group("web", instances=pair)
    start_zonal_shift(cloud, balancer, "eu-west-1a")
    (pair[1].root / "unwell").write_text("500")
    eventually(lambda: target_state(cloud, balancer, pair[1]), FAILING)

    eventually(lambda: answers(balancer), {pair[0].private_ip: 20})


def test_where_zones_are_apart_a_zonal_shift_leaves_one_out_of_dns(cloud: World, pair: Pair) -> None:
    balancer = cloud.target_group("web", kind="network", instances=pair, zones=ZONES, cross_zone=False)
    shift = start_zonal_shift(cloud, balancer, "eu-west-1a")
    cloud.let_pass(TIME_TO_LIVE)
    eventually(lambda: answers(balancer), {pair[1].private_ip: 20})

    cancel_zonal_shift(cloud, shift)
    eventually(lambda: set(answers(balancer)), {each.private_ip for each in pair})


def test_a_zonal_shift_that_cannot_be_is_refused(cloud: World, pair: Pair) -> None:
    balancer = cloud.target_group("web", instances=pair, zones=ZONES)
    shifts = cloud.client("arc-zonal-shift")

    def refusal(away_from: str = "euw1-az1", expires_in: str = "1h") -> str:
        try:
            shifts.start_zonal_shift(
                resourceIdentifier=balancer.load_balancer_arn,
                awayFrom=away_from,
                expiresIn=expires_in,
                comment="",
            )
        except botocore.exceptions.ClientError as error:
            return str(error.response["Error"]["Code"])
        return ""

    assert refusal() == "ResourceNotFoundException"
    start_zonal_shift(cloud, balancer, "eu-west-1a")
    assert refusal() == "ConflictException"
    [shift] = shifts.list_zonal_shifts()["items"]
    assert shift["status"] == "ACTIVE"
    shifts.update_zonal_shift(zonalShiftId=shift["zonalShiftId"], expiresIn="2h")
    cancel_zonal_shift(cloud, shift["zonalShiftId"])
    assert refusal(away_from="euw1-az9") == refusal(expires_in="73h") == "ValidationException"
    assert shifts.list_zonal_shifts()["items"] == []
