"""The listeners of a load balancer and their rules: where each leads, read and written.

Source: Elastic Load Balancing API reference (v2), DescribeListeners, DescribeRules, ModifyListener,
ModifyRule.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from tasks.aws.api import Aws
from tasks.aws.balancer_lookup import ALL, ALL_IS_OF_ONE
from tasks.aws.errors import AwsError
from tasks.aws.forward import Forward, name_of, with_weights
from tasks.running.errors import Refused

# AWS's words for a load balancer that there is not, or cannot be.
UNKNOWN = {"LoadBalancerNotFound", "ValidationError"}

# Resources whose tags are asked for at once (DescribeTags).
MOST_TAGGED = 20


@dataclass(frozen=True)
class Balancer:
    """An Application or Network Load Balancer; *network* tells which, *address* is its name in DNS."""

    arn: str
    name: str
    network: bool
    address: str


@dataclass(frozen=True)
class Rule:
    """What one rule of a listener does, as of one look.

    Args:
        arn: That of the rule; of a default rule that of its listener, which is where it is changed.
        title: What people know it by.
        listener: The ARN of its listener.
        lock: The name of its listener's lock.
        forward: Where it sends requests; None if it answers them by itself.
    """

    arn: str
    title: str
    listener: str
    lock: str
    forward: Forward | None

    @property
    def key(self) -> str:
        """What tells it from other rules of its load balancer."""
        return "/".join(self.arn.split("/")[4:])

    @property
    def is_default(self) -> bool:
        return self.arn == self.listener

    @property
    def port(self) -> str:
        """The port of its listener."""
        return self.lock.rpartition(":")[2]

    @property
    def named(self) -> dict[str, int]:
        """The weights by the names of the target groups."""
        return self.forward.named if self.forward else {}

    @property
    def reached(self) -> set[str]:
        """The names of the target groups that get requests."""
        return {name_of(arn) for arn in self.forward.leads_to} if self.forward else set()

    @property
    def arns(self) -> dict[str, str]:
        """The ARNs of the target groups by their names."""
        return {name_of(arn): arn for arn in self.forward.weights} if self.forward else {}


class Listeners:
    def __init__(self, aws: Aws) -> None:
        self._aws = aws

    def balancer(self, wanted: str) -> Balancer:
        """Return the load balancer of that name or ARN.

        Raises:
            Refused: There is none, or it is one without weights.
        """
        if wanted.startswith("arn:"):
            question: dict[str, Any] = {"LoadBalancerArns": [wanted]}
        else:
            question = {"Names": [wanted]}
        try:
            [entry] = self._aws.call("elbv2", "describe_load_balancers", wanted, **question)["LoadBalancers"]
        except AwsError as error:
            if error.code not in UNKNOWN:
                raise
            raise self._no_balancer(wanted) from None
        if entry["Type"] == "gateway":
            raise Refused(f"{wanted} is a Gateway Load Balancer, which has no weights")
        return Balancer(
            entry["LoadBalancerArn"],
            entry["LoadBalancerName"],
            network=entry["Type"] == "network",
            address=entry["DNSName"],
        )

    def of_listener(self, arn: str) -> Balancer:
        """Return the load balancer of a listener."""
        [entry] = self._describe(ListenerArns=[arn])
        return self.balancer(entry["LoadBalancerArn"])

    def rules(self, balancer: Balancer) -> list[Rule]:
        """Return every rule of every listener, the default ones as well."""
        return [
            rule
            for entry in sorted(self._describe(LoadBalancerArn=balancer.arn), key=lambda each: each["Port"])
            for rule in self._rules_of(entry, balancer)
        ]

    def pass_over(self, group: str, balancers: Sequence[str]) -> bool:
        """Whether rules of these load balancers have a target group, and none sends anybody there.

        Who has its cookie goes there all the same, and connections through a Network Load Balancer stay
        where they are after a change (Network Load Balancers guide, Update listener rules).
        """
        found = [self.balancer(arn) for arn in balancers]
        rules = [rule.forward for each in found for rule in self.rules(each)]
        forwards = [each for each in rules if each and group in each.weights]
        held = any(each.network for each in found) or any(each.stays for each in forwards)
        return bool(forwards) and not held and not any(each.may_lead_to(group) for each in forwards)

    def actions(self, rule: Rule) -> Sequence[Mapping[str, Any]]:
        """Return what a rule does now."""
        if rule.is_default:
            [entry] = self._describe(ListenerArns=[rule.arn])
            actions: Sequence[Mapping[str, Any]] = entry["DefaultActions"]
            return actions
        [entry] = self._aws.call("elbv2", "describe_rules", rule.title, RuleArns=[rule.arn])["Rules"]
        told: Sequence[Mapping[str, Any]] = entry["Actions"]
        return told

    def write(self, rule: Rule, actions: Sequence[Mapping[str, Any]], weights: Mapping[str, int]) -> None:
        """Have a rule do all of these *actions*, and share by these weights, by the ARNs of target groups."""
        written = with_weights(actions, weights)
        if rule.is_default:
            self._aws.call(
                "elbv2", "modify_listener", rule.title, ListenerArn=rule.arn, DefaultActions=written
            )
        else:
            self._aws.call("elbv2", "modify_rule", rule.title, RuleArn=rule.arn, Actions=written)

    def stacks(self, rules: Sequence[Rule]) -> list[str]:
        """Return the names of the CloudFormation stacks that have made these."""
        arns = sorted({rule.arn for rule in rules})[:MOST_TAGGED]
        told = self._aws.call("elbv2", "describe_tags", ResourceArns=arns)["TagDescriptions"]
        tags = [(tag["Key"], tag.get("Value", "")) for each in told for tag in each.get("Tags", [])]
        return sorted({value for key, value in tags if key == "aws:cloudformation:stack-name"})

    def _rules_of(self, entry: Mapping[str, Any], balancer: Balancer) -> list[Rule]:
        arn = str(entry["ListenerArn"])
        title = f"{entry['Protocol']}:{entry['Port']} of {balancer.name}"
        lock = f"listener:{balancer.name}:{entry['Port']}"
        rules = [Rule(arn, title, arn, lock, Forward.of(entry["DefaultActions"]))]
        for each in self._aws.pages("elbv2", "describe_rules", "Rules", ListenerArn=arn):
            if not each["IsDefault"]:
                told = f"{title}, {_conditions(each)}"
                rules.append(Rule(each["RuleArn"], told, arn, lock, Forward.of(each["Actions"])))
        return rules

    def _describe(self, **question: Any) -> list[Mapping[str, Any]]:
        return self._aws.pages("elbv2", "describe_listeners", "Listeners", **question)

    def _no_balancer(self, wanted: str) -> Refused:
        try:
            self._aws.call("elb", "describe_load_balancers", wanted, LoadBalancerNames=[wanted])
        except AwsError:
            known = self._aws.pages("elbv2", "describe_load_balancers", "LoadBalancers")
            names = ", ".join(sorted(each["LoadBalancerName"] for each in known)[:10])
            there = f"There are: {names}" if names else "There are none here at all"
            if wanted == ALL:
                return Refused(ALL_IS_OF_ONE, f"Name the one that is meant. {there}")
            return Refused(f"no load balancer is called {wanted} in {self._aws.region}", there)
        return Refused(
            f"{wanted} is a Classic Load Balancer, which has no weights",
            "Attach green's Auto Scaling group to it, wait until all are in service, and detach blue's; or "
            "give green a load balancer of its own, and switch the record",
        )


def _conditions(rule: Mapping[str, Any]) -> str:
    """Tell which requests a rule is for."""
    told = []
    for each in rule.get("Conditions", []):
        config: Mapping[str, Any] = next(
            (each[name] for name in each if name.endswith("Config")), {"Values": each.get("Values", [])}
        )
        values = config.get("Values") or []
        told.append(f"{each['Field']} {' '.join(str(value) for value in values if isinstance(value, str))}")
    return " and ".join(each.strip() for each in told) or f"rule {rule['Priority']}"
