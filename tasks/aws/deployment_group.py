"""A CodeDeploy deployment group, and the instances that a deployment to it would reach.

Source: CodeDeploy user guide, Tagging instances for deployment groups in CodeDeploy.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from tasks.aws.api import Aws
from tasks.aws.errors import AwsError
from tasks.aws.instances import GONE
from tasks.running.errors import Refused

NOT_THERE = {
    "ApplicationDoesNotExistException": "no CodeDeploy application is called {application}",
    "DeploymentGroupDoesNotExistException": "CodeDeploy application {application} has no group {group}",
    "InvalidApplicationNameException": "{application!r} cannot be a CodeDeploy application",
    "InvalidDeploymentGroupNameException": "{group!r} cannot be a CodeDeploy deployment group",
}
SCALING_TAG = "aws:autoscaling:groupName"

# Where its load balancers are, by their kind (codedeploy LoadBalancerInfo).
BALANCED_BY = {"target-group": "targetGroupInfoList", "classic": "elbInfoList"}

# What a filter of EC2 takes for a pattern and CodeDeploy does not.
PATTERN = set("*?\\")


@dataclass(frozen=True)
class TagFilter:
    """*kind* is KEY_ONLY, VALUE_ONLY or KEY_AND_VALUE."""

    key: str
    value: str
    kind: str = "KEY_AND_VALUE"

    def fits(self, tags: Mapping[str, str]) -> bool:
        if self.kind == "KEY_ONLY":
            return self.key in tags
        if self.kind == "VALUE_ONLY":
            return self.value in tags.values()
        return self.key in tags and tags[self.key] == self.value

    @property
    def question(self) -> list[dict[str, Any]]:
        """What to ask EC2 for; its answer holds all that fit, and may hold more."""
        if self.kind == "VALUE_ONLY":
            return []
        if self.kind == "KEY_ONLY" or PATTERN & set(self.key + self.value):
            return [{"Name": "tag-key", "Values": [self.key]}]
        return [{"Name": f"tag:{self.key}", "Values": [self.value]}]


@dataclass(frozen=True)
class DeploymentGroup:
    """What a group says of whom it deploys to.

    Args:
        sets: An instance must fit a filter in each of these.
        scaling_groups: Auto Scaling groups, whose members belong to it as well.
        elsewhere: Whether it reaches on-premises instances too.
        blue_green: Whether it deploys to new instances instead of in place.
        routes_traffic: Whether it takes instances out of a load balancer, and puts them back, itself.
        load_balancers: The addresses of those that it does so with.
        platform: Server, Lambda or ECS.
    """

    application: str
    name: str
    sets: Sequence[Sequence[TagFilter]] = ()
    scaling_groups: Sequence[str] = ()
    elsewhere: bool = False
    blue_green: bool = False
    routes_traffic: bool = False
    load_balancers: Sequence[str] = ()
    platform: str = "Server"

    def selects(self, tags: Mapping[str, str]) -> bool:
        """Whether an instance with these tags is one of the group's."""
        tagged = bool(self.sets) and all(any(each.fits(tags) for each in group) for group in self.sets)
        return tagged or tags.get(SCALING_TAG) in self.scaling_groups


def find_deployment_group(aws: Aws, application: str, name: str) -> DeploymentGroup:
    """Return the group of that name.

    Raises:
        Refused: There is no such application, or it has no such group.
    """
    try:
        answer = aws.call(
            "codedeploy", "get_deployment_group", name, applicationName=application, deploymentGroupName=name
        )
    except AwsError as error:
        if error.code not in NOT_THERE:
            raise
        what = NOT_THERE[error.code].format(application=application, group=name)
        raise Refused(
            f"{what} in {aws.region}", "Check --application, --deployment-group and AWS_REGION"
        ) from None
    return read_deployment_group(answer["deploymentGroupInfo"])


def read_deployment_group(entry: Mapping[str, Any]) -> DeploymentGroup:
    """Read AWS's DeploymentGroupInfo."""
    style = entry.get("deploymentStyle", {})
    sets = entry.get("ec2TagSet", {}).get("ec2TagSetList", [])
    if any_of := entry.get("ec2TagFilters"):
        sets = [any_of]
    return DeploymentGroup(
        application=entry["applicationName"],
        name=entry["deploymentGroupName"],
        sets=[[_filter(each) for each in each_of] for each_of in sets],
        scaling_groups=[each["name"] for each in entry.get("autoScalingGroups", ())],
        elsewhere=bool(
            entry.get("onPremisesInstanceTagFilters")
            or entry.get("onPremisesTagSet", {}).get("onPremisesTagSetList")
        ),
        blue_green=style.get("deploymentType") == "BLUE_GREEN",
        routes_traffic=style.get("deploymentOption") == "WITH_TRAFFIC_CONTROL",
        load_balancers=[
            f"{kind}:{each['name']}"
            for kind, key in BALANCED_BY.items()
            for each in entry.get("loadBalancerInfo", {}).get(key, ())
            if each.get("name")
        ],
        platform=entry.get("computePlatform") or "Server",
    )


def reached(aws: Aws, group: DeploymentGroup) -> dict[str, str]:
    """Return the names, by id, of the instances that *group* selects, stopped ones too.

    A stopped instance gets no deployment now, but may be started by the time there is one.
    """
    found: dict[str, str] = {}
    for question in _questions(group):
        for reservation in aws.pages("ec2", "describe_instances", "Reservations", Filters=question):
            for entry in reservation["Instances"]:
                tags = {tag["Key"]: tag["Value"] for tag in entry.get("Tags", [])}
                if entry["State"]["Name"] not in GONE and group.selects(tags):
                    found[entry["InstanceId"]] = tags.get("Name") or entry["InstanceId"]
    return found


def _questions(group: DeploymentGroup) -> Iterator[list[dict[str, Any]]]:
    # Who fits every set fits the first one.
    yield from (each.question for each in (group.sets[0] if group.sets else ()))
    if group.scaling_groups:
        yield [{"Name": f"tag:{SCALING_TAG}", "Values": list(group.scaling_groups)}]


def _filter(entry: Mapping[str, str]) -> TagFilter:
    return TagFilter(entry.get("Key", ""), entry.get("Value", ""), entry.get("Type") or "KEY_AND_VALUE")
