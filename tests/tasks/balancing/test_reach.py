from dataclasses import replace

import pytest

from tasks.aws.load_balancer import Member, Roster, Settings, State, Threshold
from tasks.balancing.reach import Pool, Reach

ONE = Threshold(1)
SETTINGS = Settings(
    drain=0, tells_idle=False, drained_within=0, healthy_within=0, opens_below=ONE, in_dns_from=ONE
)
ZONAL = replace(SETTINGS, zonal=True)


def member(key: str, state: State, zone: str = "a", shifted: bool = False) -> Member:
    return Member(key, state, ports=(80,), zone=zone, shifted=shifted)


def reached(settings: Settings, *members: Member) -> list[str]:
    reach = Reach(settings, Roster(members))
    return [each.key for each in members if reach.reaches(each)]


EACH = [member(state.value, state) for state in State if state not in (State.OUT, State.UNKNOWN)]


def test_the_healthy_get_requests_and_nobody_else() -> None:
    assert reached(SETTINGS, *EACH) == ["healthy"]


@pytest.mark.parametrize("opens", [Threshold(), Threshold(1)])
@pytest.mark.parametrize("others", [EACH, EACH[1:]])
def test_whose_health_cannot_be_told_may_get_them_whoever_else_does(
    opens: Threshold, others: list[Member]
) -> None:
    unknown = member("?", State.UNKNOWN)

    assert "?" in reached(replace(SETTINGS, opens_below=opens), unknown, *others)


def test_with_none_healthy_all_get_them_who_are_registered_and_could() -> None:
    assert reached(SETTINGS, *EACH[1:]) == ["initial", "unhealthy"]


def test_nobody_gets_them_where_a_load_balancer_never_opens() -> None:
    assert reached(replace(SETTINGS, opens_below=Threshold()), *EACH[1:]) == []


def test_a_zonal_shift_keeps_them_away_unless_nobody_else_is_healthy() -> None:
    shifted = member("1", State.SERVING, shifted=True)

    assert reached(SETTINGS, shifted, member("2", State.SERVING)) == ["2"]
    assert reached(SETTINGS, shifted, member("2", State.UNHEALTHY)) == ["1", "2"]


@pytest.mark.parametrize(("other", "wanted"), [(State.SERVING, ["2"]), (State.UNHEALTHY, ["1", "2"])])
def test_a_zone_without_healthy_ones_is_left_out_of_dns_while_another_has_some(
    other: State, wanted: list[str]
) -> None:
    assert reached(ZONAL, member("1", State.UNHEALTHY, "a"), member("2", other, "b")) == wanted


def test_a_zone_that_dns_never_leaves_out_opens_by_itself() -> None:
    settings = replace(ZONAL, in_dns_from=Threshold())

    assert reached(settings, member("1", State.UNHEALTHY, "a"), member("2", State.SERVING, "b")) == ["1", "2"]


def test_thresholds_are_of_targets_and_not_of_instances() -> None:
    half = (State.SERVING, State.UNHEALTHY)
    two_ports = replace(member("1", State.SERVING), ports=(80, 81), states=half)

    assert Pool((two_ports,), Threshold(percent=51)).opens
    assert not Pool((two_ports,), Threshold(percent=50)).opens
