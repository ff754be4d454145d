"""Auto Scaling groups, asked for as AWS lets them be."""

import pytest

from gocd.rehearsal.standin_aws.world import World
from tasks.aws.api import Aws
from tasks.aws.auto_scaling_group import find_groups

pytestmark = pytest.mark.end_to_end


def test_more_groups_than_one_question_takes_are_all_found(cloud: World, aws: Aws) -> None:
    cloud.auto_scaling_group("first", size=0)
    cloud.auto_scaling_group("last", size=0)
    found = find_groups(aws, ["first", *(f"gone-{number:03}" for number in range(120)), "last"])

    assert sorted(found) == ["first", "last"]
