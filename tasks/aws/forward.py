"""What a rule of a listener does with a request, as far as its weights go.

Source: Elastic Load Balancing API reference (v2), Action, ForwardActionConfig, AuthenticateOidcActionConfig.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from tasks.aws.answer import plain

# Target groups of one forward (Application Load Balancers guide, Quotas), and the largest weight.
MOST_GROUPS, HEAVIEST = 5, 999


@dataclass(frozen=True)
class Forward:
    """Where a rule sends requests.

    Args:
        weights: By the ARN of each target group. One alone has everything, whatever its weight.
        stays: Seconds for which a client stays with the group it was given first; 0 if it need not.
    """

    weights: Mapping[str, int]
    stays: int = 0

    @classmethod
    def of(cls, actions: Sequence[Mapping[str, Any]]) -> "Forward | None":
        """Return what the forward among *actions* says; None if there is none."""
        for action in actions:
            if action["Type"] == "forward":
                config = action.get("ForwardConfig", {})
                groups = config.get("TargetGroups") or [{"TargetGroupArn": action["TargetGroupArn"]}]
                weights = {each["TargetGroupArn"]: int(each.get("Weight", 1)) for each in groups}
                return cls(weights, _stays(config.get("TargetGroupStickinessConfig", {})))
        return None

    @property
    def named(self) -> dict[str, int]:
        """The weights by the names of the groups."""
        return {name_of(arn): weight for arn, weight in self.weights.items()}

    @property
    def leads_to(self) -> list[str]:
        """The groups that get requests."""
        return [arn for arn, weight in self.weights.items() if weight or len(self.weights) == 1]

    def may_lead_to(self, arn: str) -> bool:
        """Whether a group may get requests."""
        # What a load balancer does when all weights are 0 is not written down anywhere.
        return not self.leads_to or arn in self.leads_to


def with_weights(actions: Sequence[Mapping[str, Any]], weights: Mapping[str, int]) -> list[dict[str, Any]]:
    """Return *actions* as they are to be written back: with these weights, and all else as it is.

    One group and several have different forms, and AWS gives no client secret away, but keeps the one it has.
    """
    return [_written(plain(action), weights) for action in actions]


def name_of(arn: str) -> str:
    """Return the name of a target group, which its ARN has, and which is no other's in its region."""
    return arn.partition(":targetgroup/")[2].partition("/")[0] or arn


def id_of(arn: str) -> str:
    """Return what of a target group's ARN no second one of the same name has."""
    return arn.rpartition("/")[2]


def _written(action: dict[str, Any], weights: Mapping[str, int]) -> dict[str, Any]:
    if action["Type"] == "forward":
        config = action.get("ForwardConfig", {})
        groups = [{"TargetGroupArn": arn, "Weight": weight} for arn, weight in weights.items()]
        kept = {name: value for name, value in action.items() if name != "TargetGroupArn"}
        return {**kept, "ForwardConfig": {**config, "TargetGroups": groups}}
    if action["Type"] == "authenticate-oidc":
        config = {**action["AuthenticateOidcConfig"], "UseExistingClientSecret": True}
        config.pop("ClientSecret", None)
        return {**action, "AuthenticateOidcConfig": config}
    return action


def _stays(config: Mapping[str, Any]) -> int:
    return int(config.get("DurationSeconds", 0)) if config.get("Enabled", False) else 0
