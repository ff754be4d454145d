"""Listeners and their rules where AWS and moto differ.

Source: Elastic Load Balancing API reference (v2), CreateListener, ModifyListener, CreateRule, ModifyRule,
AddTags.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from typing import Any

from moto.elbv2.exceptions import ELBClientError, ListenerNotFoundError, TooManyTagsError, ValidationError
from moto.elbv2.models import ELBv2Backend

from gocd.rehearsal.standin_aws.control.corrections import Correction
from gocd.rehearsal.standin_aws.services.elb.actions import check, kept

# Tags of one resource, and what one may hold (Tag: letters, spaces and digits of any language, _.:/=+-@).
MOST_TAGS, LONGEST_VALUE = 50, 256
_TAG = re.compile(r"[\w\s.:/=+\-@]*")


class Listeners:
    """Corrections around what listeners do, and around tags."""

    def __init__(self) -> None:
        self._create_listener = ELBv2Backend.create_listener
        self._modify_listener = ELBv2Backend.modify_listener
        self._create_rule = ELBv2Backend.create_rule
        self._modify_rule = ELBv2Backend.modify_rule

    def corrections(self) -> Iterator[Correction]:
        yield Correction(ELBv2Backend, "create_listener", self.create_listener)
        yield Correction(ELBv2Backend, "modify_listener", self.modify_listener)
        yield Correction(ELBv2Backend, "create_rule", self.create_rule)
        yield Correction(ELBv2Backend, "modify_rule", self.modify_rule)
        yield Correction(ELBv2Backend, "add_tags", self.add_tags)

    def create_listener(
        self,
        backend: Any,
        load_balancer_arn: str,
        protocol: str,
        port: str,
        ssl_policy: str | None,
        certificate: str | None,
        actions: Sequence[dict[str, Any]],
        *more: Any,
        **named: Any,
    ) -> Any:
        """CreateListener: two listeners of one load balancer have two ports; without TLS it has no policy."""
        balancer = backend.load_balancers.get(load_balancer_arn)
        if balancer:
            check(backend, balancer, actions)
        encrypted = protocol in {"HTTPS", "TLS"}
        return self._create_listener(
            backend,
            load_balancer_arn,
            protocol,
            port,
            ssl_policy if encrypted else None,
            certificate,
            kept(actions),
            *more,
            **named,
        )

    def modify_listener(self, backend: Any, arn: str, *settings: Any) -> Any:
        """ModifyListener: the actions told replace all that there were; what is not told stays."""
        *others, actions = settings
        listener = backend.describe_listeners(None, [arn])
        if not listener:
            raise ListenerNotFoundError
        if actions:
            balancer = backend.load_balancers[listener[0].load_balancer_arn]
            check(backend, balancer, actions, [each.data for each in listener[0].default_actions])
        return self._modify_listener(backend, arn, *others, kept(actions or []))

    def create_rule(
        self, backend: Any, listener_arn: str, conditions: Any, priority: int, actions: Any, tags: Any = None
    ) -> Any:
        """CreateRule: with actions as any listener takes them."""
        [listener] = backend.describe_listeners(None, [listener_arn]) or [None]
        if listener:
            check(backend, backend.load_balancers[listener.load_balancer_arn], actions)
        return self._create_rule(backend, listener_arn, conditions, priority, kept(actions), tags)

    def modify_rule(self, backend: Any, rule_arn: str, conditions: Any, actions: Any) -> Any:
        """ModifyRule: of any rule but a listener's default one, which ModifyListener changes."""
        [rule] = backend.describe_rules(None, [rule_arn])
        if rule.is_default:
            raise ELBClientError("OperationNotPermitted", f"Default rule '{rule_arn}' cannot be modified")
        if actions:
            [listener] = backend.describe_listeners(None, [rule.listener_arn])
            balancer = backend.load_balancers[listener.load_balancer_arn]
            check(backend, balancer, actions, [each.data for each in rule.actions])
        return self._modify_rule(backend, rule_arn, conditions, kept(actions or []))

    def add_tags(self, backend: Any, resource_arns: Sequence[str], tags: Sequence[dict[str, str]]) -> None:
        """AddTags: to each, also to a default rule; at most 50 of them."""
        for tag in tags:
            value = tag.get("Value") or ""
            if len(value) > LONGEST_VALUE or not _TAG.fullmatch(value) or not _TAG.fullmatch(tag["Key"]):
                raise ValidationError(f"Tag '{tag['Key']}' has a value that is too long or not allowed")
        for arn in resource_arns:
            self._exists(backend, arn)
            there = backend.tagging_service.get_tag_dict_for_resource(arn)
            if len(there.keys() | {tag["Key"] for tag in tags}) > MOST_TAGS:
                raise TooManyTagsError
            backend.tagging_service.tag_resource(arn, tags)

    def _exists(self, backend: Any, arn: str) -> None:
        if ":listener-rule/" in arn:
            backend.describe_rules(None, [arn])
        else:
            backend._get_resource_by_arn(arn)
