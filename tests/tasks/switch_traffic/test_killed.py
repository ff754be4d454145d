"""kill -9 after every single AWS call, then the same command again: users are led to green all the same.

Not for a moment is there nobody healthy behind the address that users know.
"""

import json
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from gocd.rehearsal.standin_aws.control.journal import Call
from tests.gocd.rehearsal.standin_aws.services.elb.routing import Site
from tests.program import CommandLine
from tests.tasks.killing import Moment, killed_at, moments
from tests.tasks.switch_traffic.conftest import QUICK, Switch, standing

pytestmark = pytest.mark.end_to_end

AT = pytest.mark.parametrize(
    "every", [False, pytest.param(True, marks=pytest.mark.exhaustive)], ids=["a write", "each call"]
)


def killing_moments(site: Site, every: bool) -> list[Moment]:
    found = moments(site.cloud.journal.calls, every=True)
    writes = [each for each in found if each.operation == "ModifyListener"]
    # In every run the one write after which users are on both sides, or the only one.
    return found if every else writes[:2][-1:]


@AT
def test_the_same_command_again_heals(
    site: Site, switch: Switch, gocd_tasks: CommandLine, every: bool
) -> None:
    def begin_anew() -> None:
        site.listen({"Type": "forward", "TargetGroupArn": site.blue.arn})

    words = ("switch-traffic", "green", "--load-balancer", "blue-lb", *QUICK)
    assert switch("green").returncode == 0
    kills = killing_moments(site, every)
    assert kills
    for moment in kills:
        begin_anew()
        with someone_healthy(site):
            killed_at(site.cloud, moment, gocd_tasks, *words)
            again = switch("green", "--lock-wait", "300")

        assert again.returncode == 0, f"after kill -9 at {moment}: {again.stderr}"
        assert standing(site) == [{"blue": 0, "green": 100}], f"after kill -9 at {moment}"
        assert remembered(site) == ["done"], f"after kill -9 at {moment}"


@AT
@pytest.mark.exhaustive
def test_back_again_heals(site: Site, switch: Switch, gocd_tasks: CommandLine, every: bool) -> None:
    back = ("--back", "--load-balancer", "blue-lb")
    assert switch("green").returncode == 0
    site.cloud.journal.clear()
    assert switch("--back").returncode == 0
    kills = killing_moments(site, every)
    assert kills
    for moment in kills:
        assert switch("green").returncode == 0
        with someone_healthy(site):
            killed_at(site.cloud, moment, gocd_tasks, "switch-traffic", *back)
            again = switch(*back, "--lock-wait", "300")

        assert again.returncode == 0, f"after kill -9 at {moment}: {again.stderr}"
        assert standing(site) == [{"blue": 1}], f"after kill -9 at {moment}"
        assert remembered(site) == ["back"], f"after kill -9 at {moment}"


@pytest.mark.exhaustive
@pytest.mark.timeout(600)
@pytest.mark.parametrize("back", [True, False], ids=["forth, then back", "back, then forth"])
def test_the_other_way_heals_as_well(site: Site, switch: Switch, gocd_tasks: CommandLine, back: bool) -> None:
    ways = {False: ("green", *QUICK), True: ("--back",)}
    place = ("--load-balancer", "blue-lb")
    assert switch(*ways[False]).returncode == 0
    if not back:
        site.cloud.journal.clear()
        assert switch(*ways[True]).returncode == 0
    for moment in killing_moments(site, every=True):
        assert switch(*ways[back], "--lock-wait", "300").returncode == 0
        with someone_healthy(site):
            killed_at(site.cloud, moment, gocd_tasks, "switch-traffic", *ways[not back], *place)
            other = switch(*ways[back], "--lock-wait", "300")

        assert other.returncode == 0, f"after kill -9 at {moment}: {other.stderr}"
        there = {"blue": 1} if back else {"blue": 0, "green": 100}
        assert standing(site) == [there], f"after kill -9 at {moment}"
        assert remembered(site) == ["back" if back else "done"], f"after kill -9 at {moment}"


def remembered(site: Site) -> list[str]:
    """Give the states of all switches that are remembered: what is under way nobody may be retired for."""
    path = {"Path": "/gocd-tasks/switch", "Recursive": True}
    told = site.cloud.client("ssm").get_parameters_by_path(**path)["Parameters"]
    return [json.loads(each["Value"])["state"] for each in told]


@contextmanager
def someone_healthy(site: Site) -> Iterator[None]:
    """See all along that someone who gets requests is healthy."""
    groups = {"blue": site.blue.arn, "green": site.green}
    nobody: list[dict[str, int]] = []

    def look() -> None:
        for weights in standing(site):
            serving = [name for name, weight in weights.items() if weight or len(weights) == 1]
            targets = [
                each["TargetHealth"]["State"]
                for name in serving
                for each in site.elbv2.describe_target_health(TargetGroupArn=groups[name])[
                    "TargetHealthDescriptions"
                ]
            ]
            if "healthy" not in targets:
                nobody.append(weights)

    def before(call: Call) -> None:
        if not call.operation.startswith("Describe"):
            look()

    site.cloud.faults.before_call = before
    yield
    site.cloud.faults.before_call = None
    assert nobody == []
