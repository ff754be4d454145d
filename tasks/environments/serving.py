"""Whether anybody is served by an environment: by rules, by requests that are counted, by records."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import timedelta

from tasks.aws.api import Aws
from tasks.aws.errors import Denied
from tasks.aws.instances import Instance
from tasks.aws.listener import Listeners, Rule
from tasks.aws.minute_counts import requests_by_minute
from tasks.aws.records import leading_to
from tasks.aws.target_group import TargetGroup
from tasks.environments.fleet import Fleet
from tasks.running.clock import Clock
from tasks.switching.led_aside import led_aside

# Minutes without a request after which nobody comes any more: figures are late, and a minute may be without
# any by chance. Before those, a time in which there may have been some, so that none at all says nothing.
SILENT, BEFORE = 3, 120


@dataclass(frozen=True)
class Way:
    """A rule that has a target group beside others, without sending it anything."""

    rule: Rule
    group: TargetGroup

    @property
    def words(self) -> str:
        return f"takes {self.group.name}, at weight 0, out of {self.rule.title}"


@dataclass(frozen=True)
class Serving:
    """What was found.

    Args:
        reasons: Why it serves, in words; none if it does not.
        notes: What could not be found out, in words.
        ways: The rules that it is to be taken out of.
    """

    reasons: Sequence[str]
    notes: Sequence[str]
    ways: Sequence[Way]


def look_at(
    aws: Aws,
    own: Fleet,
    groups: Sequence[TargetGroup],
    instances: Sequence[Instance],
    classics: Sequence[str],
    clock: Clock,
) -> Serving:
    """Look who is sent to an environment.

    Args:
        own: What goes with it.
        groups: Its target groups, and those that its Auto Scaling groups are attached to.
        instances: Its own and those of its groups.
        classics: Classic load balancers that those are attached to.
    """
    reasons = [f"{each} sends requests to every instance that it has" for each in classics]
    notes: list[str] = []
    rules, ways = _rules(aws, own, groups)
    reasons += rules
    for group in groups:
        if group.balancers:
            reason, note = _counted(aws, group, own, clock)
            reasons += [reason] if reason else []
            notes += [note] if note else []
    records, note = _records(aws, own, instances)
    notes += [note] if note else []
    return Serving([*reasons, *records], [*notes, *_aside(aws, ways)], ways)


def _rules(aws: Aws, own: Fleet, groups: Sequence[TargetGroup]) -> tuple[list[str], list[Way]]:
    """Return the rules of others' load balancers that send to it, in words, and those that could."""
    reasons, ways = [], []
    listeners = Listeners(aws)
    for arn in dict.fromkeys(arn for group in groups for arn in group.balancers):
        # A load balancer of its own goes with it, whatever that sends to whom.
        for rule in listeners.rules(listeners.balancer(arn)) if arn not in own.load_balancers else []:
            for group in groups:
                if rule.forward is None or group.arn not in rule.forward.weights:
                    continue
                if leads(rule, group):
                    reasons.append(f"{rule.title} sends requests to {group.name}")
                else:
                    ways.append(Way(rule, group))
    return reasons, ways


def leads(rule: Rule, group: TargetGroup) -> bool:
    """Whether a rule sends requests to a group."""
    return rule.forward is not None and rule.forward.may_lead_to(group.arn)


def _counted(aws: Aws, group: TargetGroup, own: Fleet, clock: Clock) -> tuple[str, str]:
    now, source = clock.wall(), group.metrics()
    if source.requests.whole and not {*group.balancers} <= {*own.load_balancers}:
        together = "its load balancer counts all of its groups together"
        return "", f"whether {group.name} is silent is not known: {together}"
    counts = requests_by_minute(aws, source, now - timedelta(minutes=BEFORE), now)
    if not counts:
        return (
            "",
            f"CloudWatch has counted nothing for {group.name} in {BEFORE} minutes, which proves nothing",
        )
    last = max(counts)
    if now - last < timedelta(minutes=SILENT + 1):
        return f"{group.name} had {counts[last]} requests in the minute of {last:%H:%M} UTC", ""
    return "", f"{group.name} had its last request in the minute of {last:%H:%M} UTC"


def _aside(aws: Aws, ways: Sequence[Way]) -> Iterator[str]:
    names = {arn: way.group.name for way in ways for arn in way.group.balancers}
    for arn, group in names.items():
        balancer = Listeners(aws).balancer(arn)
        words = f"{group} leaves every rule before its instances go, as otherwise"
        yield from led_aside(aws, balancer.name, balancer.address, words)


def _records(aws: Aws, own: Fleet, instances: Sequence[Instance]) -> tuple[list[str], str]:
    targets = [each.private_ip for each in instances]
    if own.load_balancers:
        told = aws.call("elbv2", "describe_load_balancers", LoadBalancerArns=list(own.load_balancers))
        targets += [each["DNSName"] for each in told["LoadBalancers"]]
    if not targets:
        return [], ""
    try:
        return [f"the record {each} leads to it" for each in leading_to(aws, targets)], ""
    except Denied as denied:
        return [], f"records that lead to it were not looked for ({denied.what})"
