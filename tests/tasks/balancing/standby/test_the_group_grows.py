"""Whatever becomes of a group while a member is in Standby, the member comes back and the sizes are right."""

import pytest

from gocd.rehearsal.standin_aws.control.journal import Call
from gocd.rehearsal.standin_aws.group_events import GroupEvents
from gocd.rehearsal.standin_aws.world import World
from tests.gocd.rehearsal.standin_aws.conftest import in_time
from tests.program import CommandLine
from tests.tasks.balancing.standby.conftest import Group
from tests.tasks.killing import Moment, killed_at

pytestmark = pytest.mark.end_to_end

BEHIND = ("--load-balancer", "web")


def update(cloud: World, **sizes: int) -> None:
    cloud.client("autoscaling").update_auto_scaling_group(AutoScalingGroupName="fleet", **sizes)


def in_service(group: Group) -> set[str]:
    return {each for each, state in group.look()["states"].items() if state == "InService"}


@pytest.fixture
def away(group: Group, gocd_tasks: CommandLine) -> str:
    """The member that is in Standby; it is alone in its zone, so that whoever takes its place is as well."""
    zones = [each.zone for each in group.members]
    member = next(each.id for each in group.members if zones.count(each.zone) == 1)
    out = gocd_tasks("detach-instance", member, *BEHIND)
    assert out.returncode == 0, out.stderr
    return member


@pytest.fixture
def overgrown(cloud: World, group: Group, away: str) -> str:
    """The member that is in Standby, while another has taken its place."""
    update(cloud, DesiredCapacity=3)
    in_time(cloud, lambda: len(in_service(group)), 3)
    return away


def test_a_scaling_policy_waits_until_the_member_is_back(
    cloud: World, group: Group, gocd_tasks: CommandLine
) -> None:
    events = GroupEvents(cloud, "fleet")
    events.policy("out", 1)
    before = group.look()
    assert gocd_tasks("detach-instance", group.members[0].id, *BEHIND).returncode == 0
    events.breach("out")
    cloud.let_pass(120)
    back = gocd_tasks("attach-instance", group.members[0].id, *BEHIND)

    assert back.returncode == 0, back.stderr
    assert group.look() == before


def test_room_is_made_for_a_member_whose_place_was_taken(
    cloud: World, group: Group, gocd_tasks: CommandLine, overgrown: str
) -> None:
    back = gocd_tasks("attach-instance", overgrown, *BEHIND)

    assert back.returncode == 0, back.stderr
    assert (
        "fleet: the group has grown to 3 without 1 in Standby; maximum size 3 is raised to 4" in back.stdout
    )
    assert f"{overgrown}: healthy in web" in back.stdout
    assert "fleet: maximum size stays 4 while it wants 4 members" in back.stdout
    assert group.look()["sizes"] == (3, 4, 4)
    assert group.look()["suspended"] == set()
    assert set(group.look()["states"].values()) == {"InService"}


def test_the_maximum_comes_back_when_the_group_fits_and_no_member_is_ended_for_it(
    cloud: World, group: Group, gocd_tasks: CommandLine, overgrown: str
) -> None:
    other = next(each.id for each in group.members if each.id != overgrown)
    assert gocd_tasks("attach-instance", overgrown, *BEHIND).returncode == 0
    assert gocd_tasks("detach-instance", other, *BEHIND).returncode == 0
    assert gocd_tasks("attach-instance", other, *BEHIND).returncode == 0
    assert group.look()["sizes"] == (3, 4, 4)
    assert len(in_service(group)) == 4

    update(cloud, DesiredCapacity=3)
    in_time(cloud, lambda: len(group.look()["states"]), 3)
    fits = gocd_tasks("attach-instance", min(in_service(group)), *BEHIND)
    assert "fleet: maximum size is 3 again" in fits.stdout
    assert group.look()["sizes"] == (3, 3, 3)
    assert set(group.look()["tags"]) == {"Name"}


@pytest.mark.parametrize(
    ("operation", "place"),
    [
        *(("UpdateAutoScalingGroup", 1), ("ExitStandby", 1)),
        *(
            pytest.param(*each, marks=pytest.mark.exhaustive)
            for each in (
                *(("CreateOrUpdateTags", 1), ("UpdateAutoScalingGroup", 2)),
                *(("ResumeProcesses", 1), ("DeleteTags", 3)),
            )
        ),
    ],
)
def test_killed_while_room_is_made_the_same_command_heals(
    cloud: World, group: Group, gocd_tasks: CommandLine, overgrown: str, operation: str, place: int
) -> None:
    words = ("attach-instance", overgrown, *BEHIND)
    killed_at(cloud, Moment(operation, place), gocd_tasks, *words)

    again = gocd_tasks(*words)
    assert again.returncode == 0, again.stderr
    assert group.look()["sizes"] == (3, 4, 4)
    assert group.look()["suspended"] == set()
    assert {"gocd-tasks:min-size", "gocd-tasks:suspended"}.isdisjoint(group.look()["tags"])
    assert group.remembered() == set()


def test_sizes_that_a_schedule_sets_meanwhile_stay(
    cloud: World, group: Group, gocd_tasks: CommandLine, away: str
) -> None:
    GroupEvents(cloud, "fleet").schedule("night", after=5, MinSize=0, MaxSize=8, DesiredCapacity=1)
    cloud.let_pass(6)
    in_time(cloud, lambda: len(in_service(group)), 1)
    back = gocd_tasks("attach-instance", away, *BEHIND)

    assert back.returncode == 0, back.stderr
    assert group.look()["sizes"] == (0, 2, 8)
    assert set(group.look()["tags"]) == {"Name"}


def test_what_is_said_of_a_member_that_does_not_come_back_is_true_and_its_advice_works(
    cloud: World, group: Group, gocd_tasks: CommandLine, overgrown: str
) -> None:
    def shrink(call: Call) -> None:
        if call.operation == "ExitStandby":
            update(cloud, MaxSize=3)

    cloud.faults.before_call = shrink
    failed = gocd_tasks("attach-instance", overgrown, *BEHIND)
    cloud.faults.before_call = None

    assert failed.returncode == 1
    assert group.look()["states"][overgrown] == "Standby"
    assert f"{overgrown} is still out of web and serves nobody" in failed.stderr
    assert "stays registered" not in failed.stderr
    size = "aws autoscaling update-auto-scaling-group --auto-scaling-group-name fleet --max-size 4"
    again = f"gocd-tasks attach-instance {overgrown} --load-balancer target-group:web"
    assert f"It is at its maximum size, 3; raise that: {size}; then: {again}" in failed.stderr

    update(cloud, MaxSize=4)
    back = gocd_tasks(*again.split()[1:])
    assert back.returncode == 0, back.stderr
    assert overgrown in cloud.serving(group.balancer)


def test_an_order_whose_answer_is_lost_is_looked_up(
    cloud: World, gocd_tasks: CommandLine, group: Group, away: str
) -> None:
    cloud.faults.lose_answers("ExitStandby")
    done = gocd_tasks("attach-instance", away, *BEHIND)

    assert done.returncode == 0, done.stderr
    assert f"{away}: registered with web: the order was followed" in done.stdout
    assert away in cloud.serving(group.balancer)
