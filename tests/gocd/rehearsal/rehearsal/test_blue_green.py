"""The pipeline whose environments take turns, rehearsed."""

from dataclasses import replace
from pathlib import Path

import pytest

from gocd.errors import GoCDError
from gocd.reading.pipelines import read_pipelines
from gocd.rehearsal.pair_site import check_pair_site
from gocd.rehearsal.plan import Plan
from gocd.rehearsal.site import read_site
from gocd.rehearsal.turns import check_turns
from tests.gocd.rehearsal.rehearsal.rehearsing import (
    BLUE_GREEN,
    FAST,
    STAGING,
    consoles,
    rehearse,
    statuses,
)


def test_its_site_is_the_first_of_two_environments_behind_the_load_balancer() -> None:
    site = read_site(read_pipelines(BLUE_GREEN)[0])

    assert site.pair == ("web-a", "web-b")
    assert (site.load_balancers, site.buckets, site.instances) == (("web",), ("app-releases",), ())
    assert (site.install_to, site.unit, site.port, site.health_path) == ("/srv/app", "app", 8080, "/_status")
    assert site.fleet is None


@pytest.mark.parametrize(
    ("asked", "told"),
    [
        (("network", "linux", ""), "application load balancer"),
        (("application", "windows", ""), "on Linux"),
        (("application", "linux", "undrained"), "fault undrained cannot befall"),
    ],
)
def test_what_cannot_be_rehearsed_with_two_environments_is_refused(
    asked: tuple[str, str, str], told: str
) -> None:
    check_pair_site("application", "linux", "bad-release:answers-500")
    with pytest.raises(GoCDError, match=told):
        check_pair_site(*asked)


def test_waits_are_shortened_and_limits_are_not(tmp_path: Path) -> None:
    assert Plan(BLUE_GREEN, tmp_path, speed=60).scaled_parameters() == {
        "step_seconds": ("60", "1"),
        "keep_seconds": ("1800", "30"),
        "verify_seconds": ("180", "3"),
    }


def test_only_environments_that_take_turns_do_so_again(tmp_path: Path) -> None:
    plan = Plan(BLUE_GREEN, tmp_path, turns=2)
    check_turns(plan, read_site(read_pipelines(BLUE_GREEN)[0]))
    with pytest.raises(GoCDError, match="each turn has a release of its own"):
        check_turns(replace(plan, version="2.1"), read_site(read_pipelines(BLUE_GREEN)[0]))
    with pytest.raises(GoCDError, match="no environments take turns in this pipeline"):
        check_turns(plan, read_site(read_pipelines(STAGING)[0]))


@pytest.mark.exhaustive
@pytest.mark.timeout(1800)
@pytest.mark.end_to_end
def test_users_are_led_to_a_second_environment_and_back_to_the_first_name_and_lose_no_request(
    tmp_path: Path,
) -> None:
    folder = tmp_path / "r"
    done, summary = rehearse(folder, BLUE_GREEN, *FAST, "--approve", "contract", "--turns", "2")

    assert done.returncode == 0, done.stdout + done.stderr
    assert summary["requests"]["lost"] == 0
    assert list(summary["requests"]["requests_per_version"]) == ["1.0", "2.0", "3.0"]
    told = statuses(summary)
    assert [each for each in told if not each.endswith(" passed")] == []
    assert told.count("report passed") == 2
    said = consoles(folder)
    for left, taken in (("web-a", "web-b"), ("web-b", "web-a")):
        assert f"{taken}: all users; {left} is left beside it without any" in said
        assert f"{left}: gone, " in said
