"""A target group as one of two environments that users are led to."""

from collections.abc import Mapping
from typing import Any

from tasks.aws.api import Aws
from tasks.aws.attributes import Attributes
from tasks.aws.errors import AwsError
from tasks.aws.forward import name_of
from tasks.aws.load_balancer import State
from tasks.aws.metrics import MetricSource
from tasks.aws.target_group import TargetGroup
from tasks.aws.target_group_metrics import metrics_of
from tasks.running.errors import Refused

# AWS's words for a target group that there is not, or cannot be.
UNKNOWN = {"TargetGroupNotFound", "ValidationError"}


class Side:
    """Blue or green.

    Attributes:
        balancers: The ARNs of the load balancers that use it.
    """

    def __init__(self, aws: Aws, entry: Mapping[str, Any]) -> None:
        """Wrap one entry of DescribeTargetGroups.

        Raises:
            Refused: It holds no instances.
        """
        self._aws = aws
        self._entry = entry
        self._group = TargetGroup(aws, entry)
        self.name = self._group.name
        self.arn = self._group.arn
        self._unwell = ""
        self.balancers: list[str] = list(entry.get("LoadBalancerArns") or [])

    @property
    def protocol(self) -> str:
        return str(self._entry["Protocol"])

    @property
    def healthy_within(self) -> float:
        """Seconds in which its targets should be healthy once a rule has it."""
        return self._group.settings().healthy_within

    def healthy(self) -> int:
        """Count the targets that get requests and are healthy."""
        members = self._group.roster().members
        well = [each for each in members if each.state is State.SERVING and not each.shifted]
        self._unwell = next((f"{each.key} is {each.words}" for each in members if each not in well), "")
        return len(well)

    def trouble(self) -> str:
        """Tell what the load balancer says of the first target that did not count; empty if all did."""
        return self._unwell

    def registered(self) -> int:
        """Count the targets that there are, but for those on their way out."""
        return sum(1 for each in self._group.roster().members if each.state is not State.LEAVING)

    def keeps_clients(self) -> bool:
        """Whether a client stays with one of its targets."""
        told = self._aws.call(
            "elbv2", "describe_target_group_attributes", self.name, TargetGroupArn=self.arn
        )["Attributes"]
        return (
            Attributes("elasticloadbalancing:DescribeTargetGroupAttributes", told).get("stickiness.enabled")
            == "true"
        )

    def counted(self, balancer: str) -> MetricSource:
        """Where the requests of it are counted while this load balancer sends them."""
        entry = {"TargetGroupArn": self.arn, "LoadBalancerArns": [balancer]}
        return metrics_of(entry, 1, network=not self.protocol.startswith("HTTP"))


def _there(aws: Aws) -> str:
    """What target groups there are, for people."""
    every = aws.pages("elbv2", "describe_target_groups", "TargetGroups")
    names = sorted(str(each["TargetGroupName"]) for each in every)
    return f"There are: {', '.join(names[:10])}" if names else "There are none here at all"


def find_side(aws: Aws, wanted: str) -> Side:
    """Return the target group of that name or ARN.

    Raises:
        Refused: There is none, or it holds no instances.
    """
    question: dict[str, Any] = (
        {"TargetGroupArns": [wanted]} if wanted.startswith("arn:") else {"Names": [wanted]}
    )
    try:
        [entry] = aws.call("elbv2", "describe_target_groups", wanted, **question)["TargetGroups"]
    except AwsError as error:
        if error.code not in UNKNOWN:
            raise
        raise Refused(f"no target group is called {name_of(wanted)} in {aws.region}", _there(aws)) from None
    return Side(aws, entry)
