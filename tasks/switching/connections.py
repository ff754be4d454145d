"""Connections open on the hosts of an environment: who is still there, whatever leads to it."""

from collections.abc import Iterable, Sequence

from tasks.aws.api import Aws
from tasks.aws.errors import AwsError
from tasks.aws.instances import Handle, Instance, find_called
from tasks.aws.named_balancer import NamedBalancer
from tasks.aws.target import number
from tasks.aws.target_groups import groups_by_arn
from tasks.hosts.idleness import Hosts, Idleness
from tasks.running.errors import Refused
from tasks.running.waiting import Wait

# The ports that a host is asked about, by what calls it.
Asked = dict[Handle, set[int]]


class Connections:
    """What the hosts behind something say, all together."""

    def __init__(self, aws: Aws, hosts: Hosts, wait: Wait) -> None:
        self._aws = aws
        self._hosts = hosts
        self._wait = wait

    def of_groups(self, arns: Sequence[str]) -> Idleness:
        """Count those of the targets of these groups."""
        asked: Asked = {}
        try:
            for group in groups_by_arn(self._aws, arns):
                for member in group.roster().members:
                    asked.setdefault(member.handle, set()).update(map(number, member.ports))
        except Refused as refused:
            return Idleness(None, refused.what)
        return self._of(asked)

    def of_balancer(self, balancer: NamedBalancer) -> Idleness:
        """Count those of all that is behind a load balancer."""
        if balancer.arn:
            return self.of_groups(balancer.groups())
        ids, ports = balancer.classic_members()
        return self._of({Handle("", each): set(ports) for each in ids})

    def of_addresses(self, values: Iterable[str], port: int | None) -> Idleness:
        """Count those of the instances that have these addresses."""
        if port is None:
            return Idleness(None, "no load balancer tells which port it serves on (--port says it)")
        return self._of({Handle("", each): {port} for each in values})

    def _of(self, asked: Asked) -> Idleness:
        if not asked:
            return Idleness(None, "no host of it is known")
        try:
            found = _by_handle(find_called(self._aws, asked), asked)
        except (AwsError, Refused) as error:
            return Idleness(None, error.what)
        if missing := [each.key for each in asked if each not in found]:
            return Idleness(None, f"{missing[0]} is no instance of this account in {self._aws.region}")
        ports: dict[str, tuple[Instance, tuple[int, ...]]] = {}
        for handle, numbers in asked.items():
            instance = found[handle]
            _, known = ports.get(instance.id, (instance, ()))
            ports[instance.id] = (instance, tuple(sorted({*known, *numbers})))
        total = 0
        for key, seen in self._hosts.look(ports, self._wait).items():
            if seen.connections is None:
                return Idleness(None, f"{ports[key][0].name} has no evidence ({seen.why})")
            total += seen.connections
        return Idleness(total)


def _by_handle(instances: Iterable[Instance], asked: Asked) -> dict[Handle, Instance]:
    return {handle: each for each in instances for handle in each.handles if handle in asked}
