"""What is held of Auto Scaling groups while users may come back, and let go again."""

from typing import Any

import pytest

from gocd.rehearsal.standin_aws.world import World
from tasks.aws.api import Aws
from tasks.aws.cloned_group import CLONE_OF
from tasks.aws.least_size import USUAL
from tasks.switching.sizes import Sizes, release_arrived, sizes_behind
from tests.fakes import Stage
from tests.tasks.clone_environment.cloning import group


@pytest.fixture
def behind(cloud: World) -> str:
    """Two groups of nobody that register with one target group, whose ARN this is."""
    made = cloud.target_group("web", wait=False)
    for name, most in (("one", 3), ("two", 1)):
        cloud.auto_scaling_group(name, size=0, max_size=most, load_balancers=[made])
    cloud.auto_scaling_group("other", size=0, max_size=1)
    return made.arn


def tag(cloud: World, name: str, key: str, value: str) -> None:
    told: dict[str, Any] = {"Key": key, "Value": value, "PropagateAtLaunch": False}
    told |= {"ResourceId": name, "ResourceType": "auto-scaling-group"}
    cloud.client("autoscaling").create_or_update_tags(Tags=[told])


def least(cloud: World, name: str) -> tuple[int, str]:
    """Give the least size of a group, and what it says that this is usually."""
    told = group(cloud, name)
    tags = {each["Key"]: each["Value"] for each in told["Tags"]}
    return told["MinSize"], tags.get(USUAL, "")


def test_no_more_is_held_than_a_group_may_have_and_what_is_usual_is_what_was_first(
    cloud: World, aws: Aws, behind: str
) -> None:
    log = Stage().log
    assert sizes_behind(aws, behind) == {"one": 0, "two": 0}
    sizes = Sizes(aws, {"one": 1, "two": 2, "gone": 3}, log)
    sizes.hold()
    assert (least(cloud, "one"), least(cloud, "two")) == ((1, "0"), (1, "0"))
    Sizes(aws, {"one": 2}, log).hold()
    assert least(cloud, "one") == (2, "0")
    assert sizes.growing()
    for _ in range(2):
        sizes.release()
        assert (least(cloud, "one"), least(cloud, "two")) == ((0, ""), (0, ""))


def test_who_has_all_users_may_be_as_small_as_usual_but_for_a_clone_whose_source_is_there(
    cloud: World, aws: Aws, behind: str
) -> None:
    log = Stage().log
    Sizes(aws, {"one": 1, "two": 1, "other": 1}, log).hold()
    tag(cloud, "two", CLONE_OF, "another")
    release_arrived(aws, behind, log)

    assert [least(cloud, name) for name in ("one", "two", "other")] == [(0, ""), (1, "0"), (1, "0")]


def test_a_usual_size_that_is_none_changes_nothing_but_is_taken_away(
    cloud: World, aws: Aws, behind: str
) -> None:
    tag(cloud, "one", USUAL, "²")
    Sizes(aws, {"one": 1}, Stage().log).release()

    assert least(cloud, "one") == (0, "")
