"""Alarms that call the policies of a clone, as those of its source are called.

Source: Amazon CloudWatch API reference, MetricAlarm and PutMetricAlarm: whatever both have is taken over as
it is, and an alarm of the same name is written over. Auto Scaling makes those of target tracking by itself,
and deletes, with a group, any alarm that has no other action (its API reference, DeleteAutoScalingGroup).
"""

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

from tasks.aws.answer import plain
from tasks.aws.api import Aws
from tasks.aws.errors import Denied
from tasks.aws.extra import Extra
from tasks.aws.parts import parts

# Types of policies that alarms call.
CALLED = ("StepScaling", "SimpleScaling")

# Alarms in one question (API reference, DescribeAlarms).
MOST_ASKED = 100

ACTIONS = ("AlarmActions", "OKActions", "InsufficientDataActions")
GROUP, TARGET_GROUP, BALANCER = "AutoScalingGroupName", "TargetGroup", "LoadBalancer"

Policies = Sequence[Mapping[str, Any]]


def alarm_extras(
    aws: Aws,
    groups: tuple[str, str],
    policies: tuple[Policies, Policies],
    now: Callable[[], Policies],
    labels: Mapping[str, str],
    left: list[str],
) -> Iterator[Extra]:
    """Yield each alarm that a clone does not have yet, and add to *left* what it cannot have, in words.

    Args:
        groups: The names of the source and of its clone.
        policies: What DescribePolicies tells of the two.
        now: Asks for those of the clone once more, when they are all made.
        labels: What is the clone's own by the tail of a target group's ARN: load balancer and target group.
    """
    source, name = groups
    theirs, ours = ({alarm for each in some for alarm in _alarms(each)} for some in policies)
    renamed = {alarm: _renamed(alarm, source, name) for alarm in sorted(theirs)}
    wanted = {alarm: new for alarm, new in renamed.items() if new not in ours}
    try:
        told = _described(aws, [*wanted, *wanted.values()])
    except Denied as denied:
        left.append(f"its policies wait for alarms of their own, as those of {source} have ({denied.what})")
        return
    taken = aws.takes("cloudwatch", "put_metric_alarm")
    for alarm, new in wanted.items():
        if alarm not in told:
            continue
        entry = plain(told[alarm])
        request = {key: value for key, value in entry.items() if key in taken and value not in ("", [], {})}
        if new in told and not _is_of(told[new], name):
            left.append(f"there is an alarm {new}, which is no clone of {alarm}")
        elif not _moved(request, source, name, labels):
            left.append(
                f"alarm {alarm} is about a target group that no load balancer sends to yet: run this again "
                "when one does"
            )
        else:
            yield Extra(f"alarm {new}", _order(aws, {**request, "AlarmName": new}, policies[0], now))


def _order(aws: Aws, request: Mapping[str, Any], theirs: Policies, now: Callable[[], Policies]) -> Any:
    def make() -> None:
        ours = {each["PolicyName"]: each["PolicyARN"] for each in now()}
        own = {each["PolicyARN"]: ours.get(each["PolicyName"]) for each in theirs}
        actions = {
            key: [own.get(each) or each for each in request[key] if own.get(each) or not _scales(each)]
            for key in ACTIONS
            if key in request
        }
        aws.call("cloudwatch", "put_metric_alarm", request["AlarmName"], **{**request, **actions})

    return make


def _alarms(policy: Mapping[str, Any]) -> list[str]:
    called = policy["PolicyType"] in CALLED
    return [each["AlarmName"] for each in policy.get("Alarms", [])] if called else []


def _described(aws: Aws, names: Sequence[str]) -> dict[str, Mapping[str, Any]]:
    return {
        each["AlarmName"]: each
        for some in parts(names, MOST_ASKED)
        for each in aws.pages("cloudwatch", "describe_alarms", "MetricAlarms", AlarmNames=some)
    }


def _renamed(alarm: str, source: str, name: str) -> str:
    """Return the name of a clone's alarm: with the clone's own in place of the source's, or at its end."""
    new, found = re.subn(rf"(?<![A-Za-z0-9]){re.escape(source)}(?![A-Za-z0-9])", lambda _: name, alarm)
    return new if found else f"{alarm}-{name}"


def _dimensions(alarm: Mapping[str, Any]) -> Iterator[dict[str, str]]:
    yield from alarm.get("Dimensions", [])
    for each in alarm.get("Metrics", []):
        yield from each.get("MetricStat", {}).get("Metric", {}).get("Dimensions", [])


def _is_of(alarm: Mapping[str, Any], name: str) -> bool:
    return any(each["Name"] == GROUP and each["Value"] == name for each in _dimensions(alarm))


def _moved(request: Mapping[str, Any], source: str, name: str, labels: Mapping[str, str]) -> bool:
    """Have an alarm look at what is the clone's own; whether it can."""
    dimensions = list(_dimensions(request))
    for each in dimensions:
        if each["Name"] == GROUP and each["Value"] == source:
            each["Value"] = name
        if each["Name"] == TARGET_GROUP:
            balancer, _, group = labels.get(each["Value"], "").partition("/targetgroup/")
            if not group:
                return False
            each["Value"] = f"targetgroup/{group}"
            for other in dimensions:
                if other["Name"] == BALANCER:
                    other["Value"] = balancer
    return True


def _scales(action: str) -> bool:
    """Whether an action calls a policy, which is another group's."""
    return ":scalingPolicy:" in action
