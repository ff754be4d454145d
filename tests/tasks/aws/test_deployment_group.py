"""Whom a deployment group selects, and what CodeDeploy's answers are read as."""

from collections.abc import Mapping
from datetime import datetime, timedelta, timezone
from typing import Any

import pytest

from tasks.aws.deployment_group import DeploymentGroup, TagFilter, read_deployment_group
from tasks.aws.deployment_state import read_deployment, read_target

TAGS = {"Name": "Staging-1", "Role": "web", "aws:autoscaling:groupName": "fleet"}
NAME, ROLE = TagFilter("Name", "Staging-1"), TagFilter("Role", "web")
OTHER = TagFilter("Name", "Staging-2")


@pytest.mark.parametrize(
    ("tag_filter", "fits"),
    [
        (NAME, True),
        (OTHER, False),
        (TagFilter("Name", "staging-1"), False),
        (TagFilter("Name", "Staging-*"), False),
        (TagFilter("Name", ""), False),
        (TagFilter("Role", "", "KEY_ONLY"), True),
        (TagFilter("Team", "", "KEY_ONLY"), False),
        (TagFilter("", "web", "VALUE_ONLY"), True),
        (TagFilter("", "db", "VALUE_ONLY"), False),
        (TagFilter("Team", "web"), False),
    ],
)
def test_a_filter_fits_by_key_value_or_both_and_knows_no_patterns(tag_filter: TagFilter, fits: bool) -> None:
    assert tag_filter.fits(TAGS) is fits


@pytest.mark.parametrize(
    ("group", "selects"),
    [
        ({}, False),
        ({"sets": [[OTHER, NAME]]}, True),
        ({"sets": [[NAME], [ROLE]]}, True),
        ({"sets": [[NAME], [OTHER]]}, False),
        ({"sets": [[]]}, False),
        ({"scaling_groups": ["fleet"]}, True),
        ({"scaling_groups": ["other"]}, False),
        ({"sets": [[OTHER]], "scaling_groups": ["fleet"]}, True),
    ],
)
def test_a_group_selects_who_fits_every_set_or_is_in_its_auto_scaling_group(
    group: Mapping[str, Any], selects: bool
) -> None:
    assert DeploymentGroup("app", "group", **group).selects(TAGS) is selects


def test_an_instance_without_tags_is_in_no_auto_scaling_group() -> None:
    assert not DeploymentGroup("app", "group", scaling_groups=["fleet"]).selects({})


@pytest.mark.parametrize(
    ("tag_filter", "question"),
    [
        (NAME, [{"Name": "tag:Name", "Values": ["Staging-1"]}]),
        (TagFilter("Name", "Staging-*"), [{"Name": "tag-key", "Values": ["Name"]}]),
        (TagFilter("Name", "C:\\"), [{"Name": "tag-key", "Values": ["Name"]}]),
        (TagFilter("Role", "", "KEY_ONLY"), [{"Name": "tag-key", "Values": ["Role"]}]),
        (TagFilter("", "web", "VALUE_ONLY"), []),
    ],
)
def test_ec2_is_asked_for_at_least_those_who_fit(tag_filter: TagFilter, question: object) -> None:
    assert tag_filter.question == question


@pytest.mark.parametrize(
    ("told", "expected"),
    [
        ({}, {}),
        (
            {"ec2TagFilters": [{"Key": "Name", "Value": "Staging-1", "Type": "KEY_AND_VALUE"}]},
            {"sets": [[NAME]]},
        ),
        ({"ec2TagFilters": [{"Key": "Name", "Value": "Staging-1"}]}, {"sets": [[NAME]]}),
        (
            {"ec2TagSet": {"ec2TagSetList": [[{"Key": "Role", "Value": "web"}]]}, "ec2TagFilters": []},
            {"sets": [[ROLE]]},
        ),
        ({"autoScalingGroups": [{"name": "fleet", "hook": "h"}]}, {"scaling_groups": ["fleet"]}),
        ({"onPremisesInstanceTagFilters": [{"Key": "Name"}]}, {"elsewhere": True}),
        ({"onPremisesTagSet": {"onPremisesTagSetList": [[{"Key": "Name"}]]}}, {"elsewhere": True}),
        ({"computePlatform": "ECS"}, {"platform": "ECS"}),
        (
            {"deploymentStyle": {"deploymentType": "BLUE_GREEN", "deploymentOption": "WITH_TRAFFIC_CONTROL"}},
            {"blue_green": True, "routes_traffic": True},
        ),
        (
            {
                "loadBalancerInfo": {
                    "targetGroupInfoList": [{"name": "web"}],
                    "elbInfoList": [{"name": "old"}],
                }
            },
            {"load_balancers": ["target-group:web", "classic:old"]},
        ),
        (
            {
                "deploymentStyle": {
                    "deploymentType": "IN_PLACE",
                    "deploymentOption": "WITHOUT_TRAFFIC_CONTROL",
                }
            },
            {},
        ),
    ],
)
def test_a_group_is_read_as_aws_tells_it(told: Mapping[str, Any], expected: Mapping[str, Any]) -> None:
    read = read_deployment_group({"applicationName": "app", "deploymentGroupName": "group", **told})
    plain = {"sets": [], "scaling_groups": [], "load_balancers": [], **expected}

    assert read == DeploymentGroup("app", "group", **plain)


def test_a_deployment_is_read_with_whatever_is_missing() -> None:
    bare = read_deployment({"deploymentId": "d-1", "status": "Created"})
    off = {"enabled": False, "events": ["DEPLOYMENT_FAILURE"]}

    assert (bare.revision, bare.error, bare.rollback_id, bare.rolls_back_on) == (None, "", "", frozenset())
    assert not bare.ended
    told = {"deploymentId": "d-1", "status": "Stopped", "autoRollbackConfiguration": off}
    assert read_deployment(told).rolls_back_on == frozenset()
    assert read_deployment(told).ended
    github = {"revisionType": "GitHub", "gitHubLocation": {"repository": "a/b"}}
    assert read_deployment({**told, "revision": github}).revision is None


@pytest.mark.parametrize(
    ("label", "expected"), [("Blue", "Blue"), ("GREEN", "Green"), ("green", "Green"), (None, "")]
)
def test_a_target_is_read_from_under_the_name_of_its_kind(label: str | None, expected: str) -> None:
    start = datetime(2026, 1, 1, tzinfo=timezone.utc)
    events = [
        {"lifecycleEventName": "Install", "status": "Succeeded", "startTime": start, "endTime": start},
        {"lifecycleEventName": "AfterInstall", "startTime": start},
        {
            "lifecycleEventName": "ApplicationStart",
            "status": "Failed",
            "startTime": start,
            "endTime": start + timedelta(seconds=3),
            "diagnostics": {"errorCode": "ScriptFailed", "logTail": "[stderr]no"},
        },
    ]
    told = {"targetId": "i-1", "status": "Failed", "lifecycleEvents": events}
    target = read_target(
        {
            "deploymentTargetType": "InstanceTarget",
            "instanceTarget": told | ({"instanceLabel": label} if label else {}),
        }
    )

    assert (target.id, target.status, target.label) == ("i-1", "Failed", expected)
    assert [event.seconds for event in target.events] == [0.0, None, 3.0]
    assert [event.status for event in target.events] == ["Succeeded", "Unknown", "Failed"]
    assert (target.events[2].code, target.events[2].log_tail) == ("ScriptFailed", "[stderr]no")


def test_a_target_of_a_new_kind_is_unknown_and_no_success() -> None:
    assert read_target({"deploymentTargetType": "MoonTarget"}).status == "Unknown"
