"""The rules of a load balancer that lead to blue, as ways to lead users by; and which group is blue."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from tasks.aws.forward import HEAVIEST, MOST_GROUPS, Forward, name_of
from tasks.aws.listener import Balancer, Listeners, Rule
from tasks.aws.side import Side
from tasks.running.errors import Refused
from tasks.switching.shares import Weights, words_of


class RuleWay:
    """A rule as a way: what is written is what was read last, with other weights.

    Args:
        network: Whether it is a Network Load Balancer's, whose connections stay where they are.
        arns: Those of target groups that it does not lead to yet, by name.
    """

    heaviest = HEAVIEST

    def __init__(self, listeners: Listeners, rule: Rule, arns: Mapping[str, str], *, network: bool) -> None:
        self.key, self.title = rule.key, rule.title
        self.lets_go = not network and not (rule.forward and rule.forward.stays)
        self._listeners = listeners
        self._rule = rule
        self._arns = {**rule.arns, **arns}
        self._actions: Sequence[Mapping[str, Any]] | None = None

    def stands(self) -> Weights:
        self._actions = self._listeners.actions(self._rule)
        forward = Forward.of(self._actions)
        return forward.named if forward else {}

    def write(self, weights: Weights) -> None:
        actions = self._actions or self._listeners.actions(self._rule)
        by_arn = {self._arns[name]: weight for name, weight in weights.items()}
        self._listeners.write(self._rule, actions, by_arn)


@dataclass(frozen=True)
class Found:
    """What there is behind one load balancer.

    Args:
        rules: Those that are to be moved, of the listeners that were asked for.
        elsewhere: Those of others, which lead to blue as well and are left alone.
        answering: Listeners that send nobody anywhere.
        port: That of the one listener that was asked for; empty if all were.
    """

    balancer: Balancer
    rules: tuple[Rule, ...]
    elsewhere: tuple[Rule, ...] = ()
    answering: tuple[Rule, ...] = ()
    port: str = ""

    def leading_to(self, names: Collection[str]) -> "Found":
        """Return the same, with only those rules that lead to one of these groups."""
        return replace(
            self,
            rules=tuple(rule for rule in self.rules if rule.reached & set(names)),
            elsewhere=tuple(rule for rule in self.elsewhere if rule.reached & set(names)),
        )

    def only(self, keys: Collection[str], names: Collection[str]) -> "Found":
        """Return the same with the rules of these keys; others that lead to one of these groups are left."""
        rest = tuple(rule for rule in self.rules if rule.key not in keys)
        left = replace(self, elsewhere=(*self.elsewhere, *rest)).leading_to(names)
        return replace(left, rules=tuple(rule for rule in self.rules if rule.key in keys))

    def stood(self, key: str) -> Weights:
        """Return the weights of a rule, as it was found."""
        return next(rule.named for rule in self.rules if rule.key == key)

    @property
    def stays(self) -> int:
        """Seconds for which a client may be held to the group that it has."""
        return max((rule.forward.stays for rule in self.rules if rule.forward), default=0)


def find_rules(listeners: Listeners, load_balancer: str | None, listener: str | None) -> Found:
    """Return every rule of the load balancer, or of one listener of it.

    Args:
        load_balancer: Its name or ARN, with ``:PORT`` for one of its listeners.

    Raises:
        Refused: There is no such load balancer or listener.
    """
    name, port = _parted(load_balancer or "")
    balancer = listeners.of_listener(listener) if listener else listeners.balancer(name)
    every = listeners.rules(balancer)
    port = next((each.port for each in every if each.listener == listener), port)
    meant = [each for each in every if port in ("", each.port)]
    if not meant:
        ports = ", ".join(dict.fromkeys(each.port for each in every)) or "none"
        raise Refused(f"{balancer.name} has no listener on port {port}", f"Its ports are: {ports}")
    leading = [each for each in meant if each.forward]
    answering = [each for each in meant if each.is_default and not each.forward]
    others = [each for each in every if each not in meant and each.forward]
    return Found(balancer, tuple(leading), tuple(others), tuple(answering), port)


def find_blue(found: Found, green: str, told: str | None) -> str | None:
    """Return the name of the group that serves now, for green to serve in its place; None if none does.

    Raises:
        Refused: Several serve, or that one does not.
    """
    serving = {name for rule in found.rules for name in rule.reached} - {green}
    if told:
        name = name_of(told)
        if not any(name in rule.named for rule in found.rules):
            raise Refused(f"no rule of {found.balancer.name} leads to {name}")
        if name == green:
            raise Refused(f"{name} cannot be led to from itself")
        return name
    if len(serving) > 1:
        names = ", ".join(sorted(serving))
        raise Refused(
            f"{found.balancer.name} leads to several target groups: {names}", "Say which: --from NAME"
        )
    return next(iter(serving), None)


def check_weights(found: Found, names: Collection[str]) -> None:
    """See that no rule with one of these groups leads nowhere, which no share of nothing would mend.

    Raises:
        Refused: One does.
    """
    for rule in found.rules:
        if rule.named.keys() & set(names) and not rule.reached:
            raise Refused(
                f"{rule.title} leads nowhere: {words_of(rule.named)}", "Give one of them a weight first"
            )


def check_rules(found: Found, blue: Side, green: Side) -> None:
    """See that AWS will take what is going to be written.

    Raises:
        Refused: It will not.
    """
    balancer = found.balancer
    if apart := set(green.balancers) - {balancer.arn}:
        theirs = ", ".join(sorted(arn.split("/")[-2] for arn in apart))
        raise Refused(
            f"{green.name} is behind another load balancer ({theirs}), and a target group has one only",
            f"Give {balancer.name} a target group of its own for these instances, or switch the record",
        )
    if (green.protocol.startswith("HTTP")) == balancer.network:
        raise Refused(f"{green.name} is for {green.protocol}, which {balancer.name} does not send")
    for rule in found.rules:
        weights = rule.named
        if green.name not in weights and len(weights) == MOST_GROUPS:
            names = ", ".join(weights)
            raise Refused(f"{rule.title} has {MOST_GROUPS} target groups, the most there can be: {names}")
    unkept = [rule for rule in found.rules if rule.forward and not rule.forward.stays]
    if unkept and not balancer.network:
        for side in (blue, green):
            if side.keeps_clients():
                raise Refused(
                    f"{side.name} keeps clients with its targets, which AWS refuses beside another group "
                    f"unless the rule keeps them with their group: {unkept[0].title} does not",
                    "Switch the rule's target group stickiness on, or the target group's stickiness off",
                )


def ways_of(
    listeners: Listeners, found: Found, keys: Iterable[str], arns: Mapping[str, str]
) -> tuple[RuleWay, ...]:
    """Return the ways that the rules of these keys are; *arns* are those of groups that no rule has yet."""
    by_key = {rule.key: rule for rule in found.rules}
    return tuple(RuleWay(listeners, by_key[key], arns, network=found.balancer.network) for key in keys)


def _parted(load_balancer: str) -> tuple[str, str]:
    name, _, port = load_balancer.rpartition(":")
    return (name, port) if name and port.isascii() and port.isdecimal() else (load_balancer, "")
