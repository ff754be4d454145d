"""Two environments that take turns: who is blue is looked at, and written in no pipeline."""

import re

import pytest

from gocd.rehearsal.standin_aws.world import World
from tasks.aws.api import Aws
from tasks.aws.cloned_group import CLONE_OF
from tasks.environments.members import target_group_of
from tasks.environments.pair import named
from tasks.running.errors import Refused
from tests.tasks.clone_environment.cloning import group

BLUE, GREEN = "blue:one,other", "green:one,other"


def make(cloud: World, name: str, of: str = "") -> None:
    """An Auto Scaling group of nobody, as the clone of another one if that is named."""
    cloud.auto_scaling_group(name, size=0, max_size=1)
    if of:
        tag(cloud, name, group(cloud, of)["AutoScalingGroupARN"])


def tag(cloud: World, name: str, value: str) -> None:
    told = {"Key": CLONE_OF, "Value": value, "PropagateAtLaunch": False}
    told |= {"ResourceId": name, "ResourceType": "auto-scaling-group"}
    cloud.client("autoscaling").create_or_update_tags(Tags=[told])


def delete(cloud: World, name: str) -> None:
    cloud.client("autoscaling").delete_auto_scaling_group(AutoScalingGroupName=name)
    cloud.let_pass(600)


def roles(aws: Aws, *, before: bool = False) -> tuple[str, str]:
    return named(aws, BLUE, before=before), named(aws, GREEN, before=before)


def test_the_names_change_places_from_run_to_run(cloud: World, aws: Aws) -> None:
    make(cloud, "one")
    assert roles(aws, before=True) == ("one", "other")
    with pytest.raises(Refused, match="one is there alone, and no clone, so nobody is green"):
        roles(aws)

    make(cloud, "other", of="one")
    assert roles(aws, before=True) == roles(aws) == ("one", "other")
    with pytest.raises(Refused, match="other has not one target group but none"):
        target_group_of(aws, GREEN)

    # Once blue is gone, what is left to do of this run is still about the same two.
    delete(cloud, "one")
    assert roles(aws) == ("one", "other")
    assert roles(aws, before=True) == ("other", "one")

    cloud.client("ec2").delete_launch_template(LaunchTemplateName="one")
    # It still tells that it was cloned from one of that name, which is another one by now.
    make(cloud, "one", of="other")
    assert roles(aws, before=True) == roles(aws) == ("other", "one")


def test_two_of_which_neither_is_the_others_clone_are_no_pair(cloud: World, aws: Aws) -> None:
    with pytest.raises(Refused, match="neither one nor other is there"):
        roles(aws, before=True)
    make(cloud, "one")
    make(cloud, "other")

    with pytest.raises(Refused, match="neither is a clone of the other"):
        roles(aws)


@pytest.mark.parametrize(
    "wanted", ["blue:one", "green:one,", "blue:one,one", "green:one,other,third", "blue:"]
)
def test_a_pair_is_of_two_names(aws: Aws, wanted: str) -> None:
    with pytest.raises(Refused, match=re.escape(wanted)):
        named(aws, wanted)


def test_any_other_name_is_its_own(aws: Aws) -> None:
    for wanted in (
        "blue",
        "group:blue",
        "stack:green",
        "arn:aws:elasticloadbalancing:eu-west-1:1:targetgroup/a/b",
    ):
        assert named(aws, wanted) == target_group_of(aws, wanted) == wanted
