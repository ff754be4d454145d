"""What a detach took away, kept as tags on the instances so that any agent can put them back."""

import re
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta, timezone

from gocd.numbers import whole
from tasks.aws.api import Aws
from tasks.aws.errors import AwsError
from tasks.aws.instances import Instance
from tasks.aws.load_balancer import LoadBalancer, Member, State
from tasks.aws.target import Port, Target, number
from tasks.balancing.batch import NAMED
from tasks.running.errors import Refused
from tasks.running.next_command import gocd_tasks
from tasks.running.who import who

PREFIX = "gocd-tasks:out-of:"

# Begins the key of the tag beside it that says who gave the order, for people.
BY_PREFIX = "gocd-tasks:out-by:"

# Characters in a tag's value, and in its key (AWS, ec2/Using_Tags).
MOST_CHARACTERS, LONGEST_KEY = 256, 128

MOST_PORT = 65_535


@dataclass(frozen=True)
class Absence:
    """One load balancer that an instance was taken out of.

    Args:
        served: Whether it was healthy there; an instance that was not need not be guarded or awaited.
        ports: The ports it was registered on, and all else that it takes to register it so again.
        since: When the order to leave was given.
        by: The command that took it out, where that one means to put it back itself.
        unwell: Those of its ports that were not healthy, although others were.
        settled: Whether what led to it is over, or may be cut, although connections may stay open or the load
            balancer may still say that it drains.
    """

    served: bool
    ports: tuple[Port, ...]
    since: datetime
    by: str = ""
    unwell: tuple[Port, ...] = ()
    settled: bool = False

    def __str__(self) -> str:
        ports = ",".join(_written(port, port in self.unwell) for port in self.ports)
        by = f" by={self.by}" if self.by else ""
        served, settled = "yes" if self.served else "no", " settled" if self.settled else ""
        return f"served={served} ports={ports} since={self.since.isoformat()}{by}{settled}"


# What a tag tells that somebody edited, or a later version wrote: it was out, nobody knows on what ports.
UNREAD = Absence(served=True, ports=(), since=datetime.fromtimestamp(0, timezone.utc))


class Memory:
    """The absences of some instances, as their tags tell them.

    Args:
        by: The command that is going to take instances out, if it puts them back itself.
    """

    def __init__(self, aws: Aws, instances: Iterable[Instance] = (), by: str = "") -> None:
        self._aws = aws
        self._by = by
        self._names: dict[str, str] = {}
        self._absences: dict[tuple[str, str], Absence] = {}
        self._orderers: dict[tuple[str, str], str] = {}
        self.learn(instances)

    def learn(self, instances: Iterable[Instance]) -> None:
        """Read the tags of more instances; one that cannot be read tells of an absence all the same."""
        for instance in instances:
            self._names[instance.id] = instance.name
            for key, value in instance.tags.items():
                if key.startswith(PREFIX) and key != PREFIX:
                    address = key.removeprefix(PREFIX)
                    self._absences[instance.id, address] = _read(value) or UNREAD
                    self._orderers[instance.id, address] = instance.tags.get(BY_PREFIX + address, "")

    def absence(self, member: Member, now: datetime) -> Absence:
        """Return what must be known to undo that *member* leaves."""
        # One whose health cannot be told may well serve.
        well = (State.SERVING, State.UNKNOWN)
        served = member.state in well
        ports = member.of_ports(*(set(State) - {State.LEAVING})) or member.ports
        healthy = member.of_ports(*well)
        unwell = tuple(port for port in ports if port not in healthy) if served else ()
        # Never before the order, which follows: what is counted from it would end too early.
        since = now.replace(microsecond=0) + timedelta(seconds=1 if now.microsecond else 0)
        return Absence(served, ports, since, self._by, unwell)

    @property
    def addresses(self) -> list[str]:
        """The load balancers that any of them is out of."""
        return list(dict.fromkeys(address for _, address in self._absences))

    @property
    def doubts(self) -> Iterator[str]:
        """What of the tags cannot be read, and what to do about it, a line each."""
        for (instance_id, address), absence in self._absences.items():
            if absence is UNREAD:
                name = self._names[instance_id]
                back = gocd_tasks("attach-instance", name, "--load-balancer", address)
                yield (
                    f"{name}: its tag {PREFIX}{address} cannot be read, so nobody knows on what ports it "
                    f"was; to have it back on the load balancer's own, and the tag gone: {back}"
                )

    def of(self, instance: Instance, balancer: LoadBalancer) -> Absence | None:
        return self._absences.get((instance.id, balancer.address))

    def who(self, instance: Instance, address: str) -> str:
        """Who took an instance out of the load balancer of that address; empty where nobody knows."""
        return self._orderers.get((instance.id, address), "")

    def away(self, instance: Instance) -> dict[str, Absence]:
        """What an instance is out of, by the load balancers' addresses."""
        return {address: each for (id_, address), each in self._absences.items() if id_ == instance.id}

    def remember(self, absences: Mapping[tuple[str, str], Absence]) -> None:
        """Write down what is about to be taken away; before it is, so that nothing can be lost.

        Args:
            absences: By instance id and the load balancer's address.

        Raises:
            Refused: There is more to remember than a tag holds.
        """
        tags: dict[str, dict[str, str]] = defaultdict(dict)
        for (instance_id, address), each in absences.items():
            if len(str(each)) > MOST_CHARACTERS:
                name = self._names.get(instance_id, instance_id)
                what = f"{name} is registered with {address} on {len(each.ports)} ports"
                raise Refused(f"{what}, more than a tag can remember")
            tags[instance_id][PREFIX + address] = str(each)
            place = (instance_id, address)
            if not each.settled:
                self._orderers[place] = who()
            if self._orderers.get(place) and len(BY_PREFIX + address) <= LONGEST_KEY:
                tags[instance_id][BY_PREFIX + address] = self._orderers[place][:MOST_CHARACTERS]
        alike: dict[tuple[tuple[str, str], ...], list[str]] = defaultdict(list)
        for instance_id, written in tags.items():
            alike[tuple(sorted(written.items()))].append(instance_id)
        for pairs, ids in alike.items():
            some = set(ids)
            written_now = {place: each for place, each in absences.items() if place[0] in some}
            # Noted first: a cancel may come between an order and its answer.
            self._absences.update(written_now)
            try:
                self._tag("create_tags", ids, [{"Key": key, "Value": value} for key, value in pairs])
            except AwsError as error:
                if error.refusal:
                    for place in written_now:
                        del self._absences[place]
                raise

    def settle(self, instances: Iterable[Instance], balancer: LoadBalancer) -> None:
        """Note that whatever led to them is over, or may be cut."""
        places = {(instance.id, balancer.address) for instance in instances} & set(self._absences)
        self.remember({place: replace(self._absences[place], settled=True) for place in places})

    def forget(self, instances: Iterable[Instance], balancers: Iterable[LoadBalancer]) -> None:
        """Drop their absences; only after they serve again."""
        places = {(instance.id, balancer.address) for instance in instances for balancer in balancers}
        known = places & set(self._absences)
        if known:
            addresses = sorted({address for _, address in known})
            keys = [{"Key": prefix + address} for address in addresses for prefix in (PREFIX, BY_PREFIX)]
            self._tag("delete_tags", sorted({instance_id for instance_id, _ in known}), keys)
        for place in known:
            del self._absences[place]

    def _tag(self, operation: str, ids: list[str], tags: list[dict[str, str]]) -> None:
        subject = ", ".join(self._names.get(each, each) for each in ids[:NAMED])
        self._aws.call("ec2", operation, subject, Resources=ids, Tags=tags)


def _read(value: str) -> Absence | None:
    match = re.fullmatch(r"served=(yes|no) ports=(\S*) since=(\S+?)(?: by=(\S+))?( settled)?", value)
    if not match:
        return None
    words = [word for word in match[2].split(",") if word]
    try:
        since = datetime.fromisoformat(match[3]).astimezone(timezone.utc)
        ports = [_port(word) for word in words]
    except (ValueError, OverflowError):
        return None
    unwell = tuple(port for port, well in ports if not well)
    all_of_them = tuple(port for port, _ in ports)
    if len(set(all_of_them)) < len(ports):
        # Written by nobody here: one port cannot have been two things.
        return None
    return Absence(match[1] == "yes", all_of_them, since, match[4] or "", unwell, bool(match[5]))


def _written(port: Port, unwell: bool) -> str:
    """One port, for example ``8080``, ``8080-`` if it was not healthy, or ``8080@10.0.0.5/eu-west-1a``."""
    told = (port.address, port.zone, port.server_id) if isinstance(port, Target) else ()
    more = f"@{'/'.join(told)}".rstrip("@/")
    return f"{number(port)}{'-' if unwell else ''}{more}"


def _port(word: str) -> tuple[Port, bool]:
    """The port, and whether it was healthy."""
    plain, told, more = word.partition("@")
    numbered = whole(plain.removesuffix("-"))
    if numbered is None or numbered > MOST_PORT:
        raise ValueError(f"{plain} is no port")
    return (Target(numbered, *more.split("/", 2)) if told else numbered), not plain.endswith("-")
