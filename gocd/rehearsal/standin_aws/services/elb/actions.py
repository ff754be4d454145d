"""What listeners and rules do with a request, as AWS takes it, keeps it and tells of it.

Sources: Elastic Load Balancing API reference (v2), Action, ForwardActionConfig, TargetGroupTuple,
TargetGroupStickinessConfig, AuthenticateOidcActionConfig; Application Load Balancers guide, Quotas. Codes are
those that the API lists for the calls; where it lists none that fits, ValidationError.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from moto.elbv2.exceptions import (
    ActionTargetGroupNotFoundError,
    ELBClientError,
    InvalidConfigurationRequest,
    InvalidLoadBalancerActionException,
    ValidationError,
)

from gocd.rehearsal.standin_aws.services.elb.target_group_settings import (
    STICKY,
    load_balancers_of,
    sends_requests,
)

Action = Mapping[str, Any]

# One of these ends the list; the others come before it.
_LAST = ("forward", "redirect", "fixed-response")
MOST_GROUPS, MOST_GROUPS_OF_ONE, MOST_ORDER = 5, 100, 50_000
# Seconds, 1 to seven days.
LONGEST_STICKINESS = 604_800


def kept(actions: Sequence[Action]) -> list[dict[str, Any]]:
    """Give what AWS keeps of *actions*: each with its order, a forward in each form that it has, no secret.

    A forward to one group is told as ``TargetGroupArn`` and as ``ForwardConfig``, one to several as the
    latter alone (crossplane-contrib/provider-upjet-aws issue 1771).
    """
    return [
        {**_kept(action), "Order": int(action.get("Order") or place)}
        for place, action in enumerate(actions, 1)
    ]


def forwards(action: Action) -> list[tuple[str, int]]:
    """Give the groups of a forward and their weights: 1 unless told."""
    weighted = (action.get("ForwardConfig") or {}).get("TargetGroups", [])
    if weighted:
        return [(each["TargetGroupArn"], int(each.get("Weight", 1))) for each in weighted]
    return [(action["TargetGroupArn"], 1)]


def stays(action: Action) -> int:
    """Give the seconds for which a client stays with its group; 0 if it need not."""
    stickiness = (action.get("ForwardConfig") or {}).get("TargetGroupStickinessConfig") or {}
    return int(stickiness.get("DurationSeconds") or 0) if _true(stickiness.get("Enabled")) else 0


def check(backend: Any, balancer: Any, actions: Sequence[Action], now: Sequence[Action] = ()) -> None:
    """Refuse what AWS does; *now* is what is there already."""
    types = [str(action.get("Type")) for action in actions]
    if not types or types[-1] not in _LAST or any(each in _LAST for each in types[:-1]):
        raise InvalidLoadBalancerActionException(
            "There must be exactly one action of type forward, redirect or fixed-response, and it must be "
            "performed last"
        )
    for action in actions:
        if not 1 <= int(action.get("Order") or 1) <= MOST_ORDER:
            raise ValidationError(f"Order '{action['Order']}' must be between 1 and {MOST_ORDER} inclusive")
        if action.get("Type") == "authenticate-oidc":
            _check_secret(action, now)
        if action.get("Type") == "forward":
            _check_forward(backend, balancer, action)


def _kept(action: Action) -> dict[str, Any]:
    if action.get("Type") == "authenticate-oidc":
        hidden = ("ClientSecret", "UseExistingClientSecret")
        told = {name: value for name, value in action["AuthenticateOidcConfig"].items() if name not in hidden}
        return {**action, "AuthenticateOidcConfig": told}
    if action.get("Type") != "forward":
        return dict(action)
    groups = [{"TargetGroupArn": arn, "Weight": weight} for arn, weight in forwards(action)]
    lasts = stays(action)
    stickiness: dict[str, Any] = {"Enabled": bool(lasts)}
    if lasts:
        stickiness["DurationSeconds"] = lasts
    config = {"TargetGroups": groups, "TargetGroupStickinessConfig": stickiness}
    one = {"TargetGroupArn": groups[0]["TargetGroupArn"]} if len(groups) == 1 else {}
    return {"Type": "forward", **one, "ForwardConfig": config}


def _check_secret(action: Action, now: Sequence[Action]) -> None:
    config = action.get("AuthenticateOidcConfig") or {}
    uses_old = _true(config.get("UseExistingClientSecret"))
    if uses_old and not any(each.get("Type") == "authenticate-oidc" for each in now):
        raise ValidationError("UseExistingClientSecret cannot be true where there is no client secret yet")
    if not uses_old and not config.get("ClientSecret"):
        raise ValidationError("A client secret must be specified for an authenticate-oidc action")


def _check_forward(backend: Any, balancer: Any, action: Action) -> None:
    if not action.get("TargetGroupArn") and not (action.get("ForwardConfig") or {}).get("TargetGroups"):
        raise ValidationError("A forward action must specify at least one target group")
    groups = forwards(action)
    arns = [arn for arn, _ in groups]
    if action.get("TargetGroupArn") and arns != [action["TargetGroupArn"]]:
        raise ValidationError("TargetGroupArn and ForwardConfig must specify one and the same target group")
    if len(set(arns)) < len(arns):
        raise ValidationError("A target group can be specified only once in a forward action")
    if len(arns) > MOST_GROUPS:
        raise ValidationError(f"A forward action can specify at most {MOST_GROUPS} target groups")
    for arn, weight in groups:
        if arn not in backend.target_groups:
            raise ActionTargetGroupNotFoundError(arn)
        if not 0 <= weight <= 999:
            raise ValidationError(f"Weight '{weight}' must be between 0 and 999 inclusive")
    _check_stickiness(balancer, action)
    for group in (backend.target_groups[arn] for arn in arns):
        _check_group(backend, balancer, group)
        if len(arns) > 1 and not stays(action):
            check_own_stickiness(group, group.attributes)
    others = {each.arn for each in backend.target_groups.values() if balancer.arn in users(backend, each)}
    if len(others | set(arns)) > MOST_GROUPS_OF_ONE:
        raise ELBClientError(
            "TooManyUniqueTargetGroupsPerLoadBalancer",
            "You've reached the limit on the number of unique target groups per load balancer",
        )


def check_own_stickiness(group: Any, attributes: Mapping[str, Any]) -> None:
    """Refuse sticky targets in a group that shares a rule without the rule's own stickiness.

    Source: kubernetes-sigs/aws-load-balancer-controller issue 2734.
    """
    if str(attributes.get(STICKY, "false")) == "true":
        raise InvalidConfigurationRequest(
            f"You cannot enable stickiness on target group '{group.arn}' while it is in a weighted forward "
            "action without target group stickiness"
        )


def weighted_without_stickiness(backend: Any, group_arn: str) -> Iterator[Action]:
    """Give the forwards that share requests between a group and others, and keep nobody with either."""
    for balancer in backend.load_balancers.values():
        for listener in balancer.listeners.values():
            for rule in listener.rules.values():
                for action in rule.actions:
                    if action.type == "forward" and not stays(action.data):
                        arns = [arn for arn, _ in forwards(action.data)]
                        if group_arn in arns and len(arns) > 1:
                            yield action.data


def _check_stickiness(balancer: Any, action: Action) -> None:
    stickiness = (action.get("ForwardConfig") or {}).get("TargetGroupStickinessConfig") or {}
    if not _true(stickiness.get("Enabled")):
        return
    lasts = int(stickiness.get("DurationSeconds") or 0)
    if balancer.type == "application" and not 1 <= lasts <= LONGEST_STICKINESS:
        raise ValidationError(
            f"Stickiness duration '{lasts}' must be between 1 and {LONGEST_STICKINESS} inclusive"
        )


def _check_group(backend: Any, balancer: Any, group: Any) -> None:
    if group.target_type == "lambda":
        return
    if sends_requests(group) != (balancer.type == "application"):
        raise ELBClientError(
            "IncompatibleProtocols",
            f"Target group '{group.arn}' of protocol {group.protocol} cannot be used by a load balancer of "
            f"type {balancer.type}",
        )
    if users(backend, group) - {balancer.arn}:
        raise ELBClientError(
            "TargetGroupAssociationLimit",
            f"The following target groups cannot be associated with more than one load balancer: {group.arn}",
        )


def users(backend: Any, group: Any) -> set[str]:
    """Give the load balancers that use a group."""
    return set(load_balancers_of(backend, group.arn))


def _true(value: Any) -> bool:
    return str(value).lower() == "true"
