"""A target group that is another one's clone: the same settings and attributes, no targets yet."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from tasks.aws.answer import plain
from tasks.aws.api import Aws
from tasks.aws.cloned_group import CLONE_OF, NOT_OURS_TO_COPY
from tasks.aws.errors import AwsError
from tasks.aws.parts import parts
from tasks.running.errors import Refused

# On a target group whose Auto Scaling group is being deleted.
GOES_WITH = "gocd-tasks:goes-with"

# Resources in one question (elbv2 API reference, DescribeTags).
MOST_TAGGED = 20

# elbv2 API reference, CreateTargetGroup: Name.
NAME = re.compile(r"(?!-)[A-Za-z0-9-]{1,32}(?<!-)")


@dataclass(frozen=True)
class TargetGroupClone:
    """What is to be: one called *name*, as the one that *source* describes.

    Args:
        arn: The clone's own; empty while there is none.
        attributes: Those that the clone does not have yet as its source has them.
    """

    name: str
    source: Mapping[str, Any]
    arn: str
    attributes: Mapping[str, str]

    @property
    def of(self) -> str:
        return str(self.source["TargetGroupName"])


def plan_target_group(aws: Aws, source_arn: str, name: str) -> TargetGroupClone:
    """Look at what there is of it.

    Raises:
        Refused: The name cannot be a target group's, or is that of another one.
    """
    if not NAME.fullmatch(name):
        what = f"{name} cannot be the name of a target group, which has up to 32 letters, digits and hyphens"
        raise Refused(what)
    [source] = aws.call("elbv2", "describe_target_groups", TargetGroupArns=[source_arn])["TargetGroups"]
    wanted = attributes_of(aws, source_arn)
    arn = _named(aws, name)
    if not arn:
        return TargetGroupClone(name, source, "", wanted)
    if tags_of(aws, arn).get(CLONE_OF) != source_arn:
        raise Refused(f"there is a target group {name}, which is no clone of {source['TargetGroupName']}")
    return TargetGroupClone(name, source, arn, _different(wanted, attributes_of(aws, arn)))


def carry_out(aws: Aws, plan: TargetGroupClone) -> str:
    """Make it so and return the clone's ARN; safe to repeat."""
    arn, attributes = plan.arn, plan.attributes
    if not arn:
        arn = _create(aws, plan)
        attributes = _different(attributes, attributes_of(aws, arn))
    if attributes:
        told = [{"Key": key, "Value": value} for key, value in attributes.items()]
        aws.call("elbv2", "modify_target_group_attributes", plan.name, TargetGroupArn=arn, Attributes=told)
    return arn


def delete(aws: Aws, arn: str, name: str) -> None:
    """Delete a target group; safe to repeat."""
    aws.call("elbv2", "delete_target_group", name, TargetGroupArn=arn)


def remember(aws: Aws, arn: str, name: str, group: str) -> None:
    """Note on a target group that it goes with an Auto Scaling group; safe to repeat."""
    tag = {"Key": GOES_WITH, "Value": group}
    aws.call("elbv2", "add_tags", name, ResourceArns=[arn], Tags=[tag])


def remembered(aws: Aws, group: str) -> list[tuple[str, str]]:
    """Return ARN and name of the target groups that go with a group of this name."""
    entries = aws.pages("elbv2", "describe_target_groups", "TargetGroups")
    names = {each["TargetGroupArn"]: each["TargetGroupName"] for each in entries}
    return [
        (told["ResourceArn"], names[told["ResourceArn"]])
        for some in parts(sorted(names), MOST_TAGGED)
        for told in aws.call("elbv2", "describe_tags", ResourceArns=some)["TagDescriptions"]
        if any(tag["Key"] == GOES_WITH and tag.get("Value") == group for tag in told["Tags"])
    ]


def tags_of(aws: Aws, arn: str) -> dict[str, str]:
    told = aws.call("elbv2", "describe_tags", ResourceArns=[arn])["TagDescriptions"]
    return {tag["Key"]: tag.get("Value", "") for each in told for tag in each["Tags"]}


def attributes_of(aws: Aws, arn: str) -> dict[str, str]:
    told = aws.call("elbv2", "describe_target_group_attributes", TargetGroupArn=arn)["Attributes"]
    return {each["Key"]: each["Value"] for each in told}


def _create(aws: Aws, plan: TargetGroupClone) -> str:
    source_arn = str(plan.source["TargetGroupArn"])
    settings = {
        name: plain(value)
        for name, value in plan.source.items()
        if name in aws.takes("elbv2", "create_target_group")
    }
    tags = tags_of(aws, source_arn)
    own = {key: value for key, value in tags.items() if not key.startswith(NOT_OURS_TO_COPY)}
    own[CLONE_OF] = source_arn
    told = aws.call(
        "elbv2",
        "create_target_group",
        plan.name,
        Name=plan.name,
        Tags=[{"Key": key, "Value": value} for key, value in own.items()],
        **settings,
    )
    return str(told["TargetGroups"][0]["TargetGroupArn"])


def _different(wanted: Mapping[str, str], had: Mapping[str, str]) -> dict[str, str]:
    return {key: value for key, value in wanted.items() if had.get(key) != value}


def _named(aws: Aws, name: str) -> str:
    try:
        [found] = aws.call("elbv2", "describe_target_groups", Names=[name])["TargetGroups"]
    except AwsError as error:
        if error.code == "TargetGroupNotFound":
            return ""
        raise
    return str(found["TargetGroupArn"])
