"""The load balancers' data plane: where traffic enters, where it may go, and what is seen of it."""

from __future__ import annotations

import threading
import time
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace
from enum import Enum
from pathlib import Path
from typing import Any

from gocd.errors import GoCDError
from gocd.rehearsal.standin_aws.data import envoy_doors, envoy_resources
from gocd.rehearsal.standin_aws.data.envoy import Envoy
from gocd.rehearsal.standin_aws.data.health_checks import Inquiry
from gocd.rehearsal.standin_aws.data.pools import Door, Endpoint, Pool, Share
from gocd.rehearsal.standin_aws.data.severing import MARKS, can_sever, sever
from gocd.rehearsal.standin_aws.machines.loopback import BlackHole

# What is in flight: requests where they are understood, else connections.
_TRAFFIC = {"http": "rq_active", "tcp": "cx_active"}


class Health(Enum):
    UNKNOWN = "not seen by the data plane yet"
    PENDING = "no check has ended yet"
    PASSING = "passes its checks"
    FAILING = "fails its checks"
    TIMED_OUT = "does not answer its checks"


@dataclass(frozen=True)
class Seen:
    """What the data plane saw of one endpoint: its health, what is in flight, whether new traffic goes there.

    *answer* is the status code a failing one gives to its health check, *requests* what it was sent in all.
    """

    health: Health
    in_flight: int = 0
    serving: bool = False
    answer: int | None = None
    requests: int = 0


@dataclass
class DataPlane:
    """Envoy, spoken to in load balancer's words.

    ``show`` says what there should be; ``look`` reads what there is; ``seen`` recalls the last look.
    *changes*
    counts how often either was new.
    """

    folder: Path
    mark: str
    black_holes: str
    changes: int = 0
    _shown: tuple[Sequence[Pool], Sequence[Door]] = ((), ())
    _seen: dict[tuple[str, str, int], Seen] = field(default_factory=dict)
    _ports: dict[str, int] = field(default_factory=dict)
    _holes: dict[tuple[str, int], BlackHole] = field(default_factory=dict)
    _inquiry: Inquiry = field(default_factory=Inquiry)
    _cuts: set[tuple[str, str, int]] = field(default_factory=set)
    _marks: dict[str, int] = field(default_factory=dict)
    _led: set[Share] = field(default_factory=set)

    def __post_init__(self) -> None:
        self._envoy = Envoy(self.folder, self.mark)
        self._looking = threading.Lock()

    def show(self, pools: Sequence[Pool], doors: Sequence[Door], unreachable: Collection[str] = ()) -> None:
        """Make the data plane look like this; endpoints at *unreachable* addresses lead nowhere."""
        holes_changed = self._dig_holes(pools, unreachable)
        if (pools, doors) == self._shown and not holes_changed:
            return
        # What is referred to comes before what refers to it, or who comes in between is sent nowhere.
        for pool in pools:
            self._envoy.publish(f"endpoints-{pool.name}", [envoy_resources.endpoints(pool, self._holes)])
        known = {door.name for door in self._shown[1]}
        self._lead([door for door in doors if door.name not in known])
        fronts = [door for door in doors if door.protocol == "tcp"]
        clusters = [
            envoy_resources.cluster(pool, self._envoy.source(f"endpoints-{pool.name}"), self._mark(pool.name))
            for pool in pools
        ]
        clusters += [envoy_doors.front(door, self._envoy.source(f"front-{door.name}")) for door in fronts]
        listeners = [envoy_doors.listener(door, self._envoy.source(f"routes-{door.name}")) for door in doors]
        self._envoy.publish("clusters", clusters)
        self._envoy.publish("listeners", [*envoy_doors.inner_listeners(self._ways(pools, doors)), *listeners])
        self._lead(doors)
        self._shown = (pools, doors)
        self.changes += 1

    def _lead(self, doors: Sequence[Door]) -> None:
        """Share what enters by each door among the pools that it leads to."""
        for door in doors:
            if door.protocol == "tcp":
                self._envoy.publish(f"front-{door.name}", [envoy_doors.front_endpoints(door)])
            else:
                self._envoy.publish(f"routes-{door.name}", [envoy_doors.routes(door)])

    def _ways(self, pools: Sequence[Pool], doors: Sequence[Door]) -> list[Share]:
        """Give each way of connections to a pool that there is, or was: on one of those some may go on."""
        there = {pool.name for pool in pools}
        new = [way for door in doors if door.protocol == "tcp" for way in envoy_doors.ways(door)]
        self._led = {way for way in (*self._led, *new) if way.pool in there}
        return sorted(self._led)

    def look(self) -> None:
        """Read health and traffic from Envoy, for ``seen`` and ``url``; in an empty world there is none.

        What is to be cut is cut here, as soon as nothing new can come after it.
        """
        with self._looking:
            pools, doors = self._shown
            seen = self._look_at(pools) if pools else {}
            for key in [each for each in self._cuts if each not in seen or not seen[each].serving]:
                pool, address, port = key
                sever(self._envoy.process, self._mark(pool), address, port)
                self._cuts.discard(key)
            ports = {door.name: self._ports[door.name] for door in doors if door.name in self._ports}
            if len(ports) < len(doors):
                ports = self._envoy.ports()
            news = {key: sight.health for key, sight in seen.items()}
            if ports != self._ports or news != {key: sight.health for key, sight in self._seen.items()}:
                self.changes += 1
            self._seen, self._ports = seen, ports

    @property
    def cuts(self) -> bool:
        """Whether ``cut`` can do anything on this machine."""
        return can_sever(self._envoy.process)

    def cut(self, pool: str, endpoint: Endpoint) -> None:
        """Close what is in flight between a pool and an endpoint that it no longer sends to."""
        self._cuts.add((pool, endpoint.address, endpoint.port))

    @property
    def unsettled(self) -> bool:
        """Whether something is on its way in or out, or is not well."""
        endpoints = [endpoint for pool in self._shown[0] for endpoint in pool.endpoints]
        return bool(self._cuts) or any(each.leaving or not each.serving for each in endpoints)

    def seen(self, pool: str, address: str, port: int) -> Seen:
        return self._seen.get((pool, address, port), Seen(Health.UNKNOWN))

    def serving(self, pool_name: str) -> set[str]:
        """Give the addresses that new traffic of a pool goes to, as of the last look."""
        pool = self.pool(pool_name)
        if not pool:
            return set()
        return {each.address for way in pool.ways for each in self._used(pool, way)}

    def behind(self, door_name: str) -> set[str]:
        """Give the addresses that new traffic of a listener goes to by any pool, as of the last look."""
        shares = [share for door in self._shown[1] if door.name == door_name for share in door.shares]
        return {address for share in shares if share.weight for address in self.serving(share.pool)}

    def leads_to(self, pool_name: str) -> bool:
        """Whether any listener leads to a pool, with weight or without."""
        return any(share.pool == pool_name for door in self._shown[1] for share in door.shares)

    def _used(self, pool: Pool, way: Sequence[Endpoint]) -> list[Endpoint]:
        seen = [(each, self.seen(pool.name, each.address, each.port)) for each in way]
        open_to = [each for each, sight in seen if sight.serving]
        healthy = [each for each, sight in seen if sight.serving and sight.health is Health.PASSING]
        return open_to if len(healthy) < pool.opens_below.of(len(open_to)) else healthy

    def in_flight(self, pool_name: str, address: str) -> int:
        """Count what is in flight between a pool and an address, as of the last look."""
        pool = self.pool(pool_name)
        ports = [each.port for each in pool.endpoints if each.address == address] if pool else []
        return sum(self.seen(pool_name, address, port).in_flight for port in ports)

    def requests(self, pool_name: str) -> dict[tuple[str, int], int]:
        """Count what each endpoint of a pool was sent in all, as of the last look; checks do not count."""
        return {
            (address, port): sight.requests
            for (pool, address, port), sight in self._seen.items()
            if pool == pool_name
        }

    def pool(self, name: str) -> Pool | None:
        return next((pool for pool in self._shown[0] if pool.name == name), None)

    def url(self, door: str, *, patience: float = 30.0) -> str:
        """Give the address a listener answers at, once it does; *patience* in seconds."""
        deadline = time.monotonic() + patience
        while door not in self._ports:
            if time.monotonic() > deadline:
                raise GoCDError(f"the stand-in load balancer opens no listener for {door}")
            self.look()
            time.sleep(0.01)
        return f"http://127.0.0.1:{self._ports[door]}/"

    def close(self) -> None:
        self._envoy.close()
        self._dig_holes((), ())

    def _mark(self, pool: str) -> int:
        return self._marks.setdefault(pool, MARKS[len(self._marks) % len(MARKS)])

    def _look_at(self, pools: Sequence[Pool]) -> dict[tuple[str, str, int], Seen]:
        holes = {(hole.address, hole.port): key for key, hole in list(self._holes.items())}
        traffic = {pool.name: _TRAFFIC[pool.protocol] for pool in pools}
        seen = {}
        for cluster, host in self._envoy.hosts():
            if cluster in traffic:
                socket = host["address"]["socket_address"]
                at = socket["address"], socket["port_value"]
                key = (cluster, *holes.get(at, at))
                seen[key] = self._with_reason(key, _seen(host, traffic[cluster]))
        return seen

    def _with_reason(self, key: tuple[str, str, int], sight: Seen) -> Seen:
        pool, address, port = key
        if sight.health is Health.PASSING:
            self._inquiry.close(key)
        if sight.health is not Health.FAILING:
            return sight
        if (address, port) in self._holes:
            return replace(sight, health=Health.TIMED_OUT)
        shown = self.pool(pool)
        answer = self._inquiry.about(key, shown.check) if shown and shown.check else None
        # Until the reason is known it is no news.
        if answer is None:
            return replace(sight, health=Health.PENDING)
        if answer == "silent":
            return replace(sight, health=Health.TIMED_OUT)
        return replace(sight, answer=answer if isinstance(answer, int) else None)

    def _dig_holes(self, pools: Sequence[Pool], unreachable: Collection[str]) -> bool:
        wanted = {(e.address, e.port) for pool in pools for e in pool.endpoints if e.address in unreachable}
        changed = wanted != self._holes.keys()
        for key in self._holes.keys() - wanted:
            self._holes.pop(key).close()
        for key in wanted - self._holes.keys():
            self._holes[key] = BlackHole(self.black_holes)
        return changed


def _seen(host: Mapping[str, Any], traffic: str) -> Seen:
    status = host.get("health_status", {})
    counts = {gauge["name"]: int(gauge.get("value", 0)) for gauge in host.get("stats", []) if "name" in gauge}
    if status.get("pending_active_hc"):
        health = Health.PENDING
    elif status.get("active_hc_timeout"):
        health = Health.TIMED_OUT
    elif status.get("failed_active_health_check"):
        health = Health.FAILING
    else:
        health = Health.PASSING
    serving = status.get("eds_health_status", "HEALTHY") in {"HEALTHY", "UNKNOWN"}
    return Seen(health, counts.get(traffic, 0), serving, requests=counts.get("rq_total", 0))
