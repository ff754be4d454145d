"""The doors that Application and Network Load Balancers open, and how soon they follow their listeners.

Sources: Elastic Load Balancing API reference (v2), RuleCondition, ForwardActionConfig, RedirectActionConfig;
Application Load Balancers guide, Listener rules. Who signs in has done so: an authenticate action lets all
pass.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from gocd.rehearsal.standin_aws.data.pools import Answer, Door, Route, Share
from gocd.rehearsal.standin_aws.services.elb.actions import forwards, stays
from gocd.rehearsal.standin_aws.services.elb.target_group_settings import crosses_zones, pool_name
from gocd.rehearsal.standin_aws.settings import Settings

# Where all of a stand-in's clients come from.
_CLIENTS = ("0.0.0.0/0", "127.0.0.1/32", "127.0.0.0/8")


class Doors:
    """Every listener's door; a change of one is followed some time after AWS has said that it is made.

    No page tells how long: users of an Application Load Balancer saw requests at the old group for seconds
    after (argoproj/argo-rollouts issues 3926 and 4595), and AWS's own deployments allow a Network Load
    Balancer ten minutes (ECS developer guide, Network Load Balancer resources for blue/green deployments).
    """

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._shown: dict[str, Door] = {}
        self._wanted: dict[str, tuple[Door, float]] = {}

    def of(self, backend: Any) -> Iterator[tuple[str, Door]]:
        """Give the load balancer and the door of every listener."""
        now = self._settings.clock()
        for balancer in backend.load_balancers.values():
            for listener in balancer.listeners.values():
                door = _door(backend, balancer, listener, self._settings.clock.speed)
                yield balancer.arn, self._followed(door, now)

    def forget(self) -> None:
        self._shown.clear()
        self._wanted.clear()

    def _followed(self, door: Door, now: float) -> Door:
        shown = self._shown.setdefault(door.name, door)
        if shown == door:
            self._wanted.pop(door.name, None)
            return shown
        wanted, since = self._wanted.get(door.name, (door, now))
        if wanted != door:
            since = now
        self._wanted[door.name] = door, since
        if now - since >= self._lag(door):
            self._shown[door.name] = door
        return self._shown[door.name]

    def _lag(self, door: Door) -> float:
        settings = self._settings
        lag = settings.request_lag if door.protocol == "http" else settings.connection_lag
        return lag / settings.propagation_speed


def _door(backend: Any, balancer: Any, listener: Any, speed: float) -> Door:
    zones = [zone.zone_name for zone in balancer.availability_zones]
    *_, default = listener.rules.values()
    rules = sorted((each for each in listener.rules.values() if not each.is_default), key=_priority)
    routes = [route for rule in [*rules, default] for route in _routes(backend, rule, listener, zones, speed)]
    protocol = "http" if balancer.type == "application" else "tcp"
    return Door("-".join(listener.arn.split("/")[-3:]), protocol, routes)


def _priority(rule: Any) -> int:
    return int(rule.priority)


def _routes(backend: Any, rule: Any, listener: Any, zones: Sequence[str], speed: float) -> Iterator[Route]:
    match = [header for condition in rule.conditions for header in _headers(condition)]
    action = rule.actions[-1].data
    if action["Type"] == "forward":
        groups = forwards(action)
        there = [
            (backend.target_groups[arn], weight) for arn, weight in groups if arn in backend.target_groups
        ]
        # A group alone has everything, whatever its weight.
        shares = [
            share
            for group, weight in there
            for share in _shares(group, weight if len(groups) > 1 else 1, zones)
        ]
        yield Route(shares, match, stays(action) / max(1.0, speed))
    elif action["Type"] == "redirect":
        yield Route((), match, answer=_redirect(action["RedirectConfig"], listener))
    else:
        fixed = action["FixedResponseConfig"]
        yield Route((), match, answer=Answer(int(fixed["StatusCode"]), str(fixed.get("MessageBody") or "")))


def _redirect(config: Mapping[str, Any], listener: Any) -> Answer:
    protocol = str(config.get("Protocol", "#{protocol}")).replace("#{protocol}", listener.protocol).lower()
    host = str(config.get("Host", "#{host}")).replace("#{host}", "localhost")
    port = str(config.get("Port", "#{port}")).replace("#{port}", str(listener.port))
    path = str(config.get("Path", "/#{path}")).replace("#{path}", "")
    status = 301 if config["StatusCode"] == "HTTP_301" else 302
    return Answer(status, leads=f"{protocol}://{host}:{port}{path}")


def _headers(condition: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    """Say what headers a condition wants; one that no client of a stand-in meets fits nothing."""
    field, values = condition["Field"], condition.get("Values", [])
    if field == "path-pattern":
        values = condition.get("PathPatternConfig", {}).get("Values", values)
        yield ":path", f"({_any(values)})(\\?.*)?"
    elif field == "host-header":
        values = condition.get("HostHeaderConfig", {}).get("Values", values)
        yield ":authority", f"(?i)({_any(values)})(:[0-9]+)?"
    elif field == "http-request-method":
        yield ":method", _any(condition["HttpRequestMethodConfig"]["Values"])
    elif field == "http-header":
        config = condition["HttpHeaderConfig"]
        yield config["HttpHeaderName"].lower(), f"(?i)({_any(config['Values'])})"
    elif field == "query-string":
        pairs = condition["QueryStringConfig"]["Values"]
        told = [f"{each['Key']}={each['Value']}" if "Key" in each else f"*={each['Value']}" for each in pairs]
        yield ":path", f"[^?]*\\?(.*&)?({_any(told)})(&.*)?"
    elif not set(condition.get("SourceIpConfig", {}).get("Values", [])) & set(_CLIENTS):
        yield ":path", "never"


def _any(patterns: Sequence[str]) -> str:
    """Turn patterns with ``*`` and ``?`` into one regular expression."""
    return "|".join(
        "".join({"*": ".*", "?": "."}.get(letter, re.escape(letter)) for letter in pattern)
        for pattern in patterns
    )


def _shares(group: Any, weight: int, zones: Sequence[str]) -> Iterator[Share]:
    """Clients are spread evenly over the zones; whether these serve each other or not."""
    if crosses_zones(group):
        yield Share(pool_name(group), weight * len(zones))
    else:
        yield from (Share(pool_name(group), weight, zone) for zone in zones)
