"""What can be made to go wrong in the stand-in AWS."""

from __future__ import annotations

import random
import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from gocd.rehearsal.standin_aws.control import wire
from gocd.rehearsal.standin_aws.control.journal import Call
from gocd.rehearsal.standin_aws.control.permissions import Permissions

Hook = Callable[[Call], None]

# Makes another body of the one that AWS answers with.
Spoil = Callable[[bytes], bytes]


@dataclass
class _Failure:
    status: int
    code: str
    times: int


@dataclass
class _Loss:
    code: str
    times: int | None


@dataclass
class _Spoilt:
    spoil: Spoil
    times: int | None


@dataclass
class _Proxy:
    status: int
    page: str
    kind: str
    times: int | None


@dataclass(frozen=True)
class Lag:
    """How far descriptions lag behind: *seconds* of the stand-in's time, every so many-th of them."""

    seconds: float
    every: int


class Faults:
    """Throttling, denied actions, AWS's own failures, proxies' pages, lost and spoilt answers, and hooks.

    Instances can be cut off from load balancers as well.

    ``before_call`` runs before a call takes effect, ``after_call`` when it has and the client has no answer
    yet: the two moments at which to kill a client. Neither sees the calls that arrange a world.
    """

    def __init__(self, region: str) -> None:
        self._region = region
        self._lock = threading.Lock()
        self.clear()

    def clear(self) -> None:
        """Let everything go well again."""
        self.before_call: Hook | None = None
        self.after_call: Hook | None = None
        self.unreachable_instances: set[str] = set()
        self._denied: set[str] = set()
        self._permissions: Permissions | None = None
        self._lost: dict[str, _Loss] = {}
        self._failing: dict[str, _Failure] = {}
        self._spoilt: dict[str, _Spoilt] = {}
        self._proxy: _Proxy | None = None
        self.lag: Lag | None = None
        self._throttled_share = 0.0
        self._chance = random.Random(0)  # noqa: S311 - a fault that a test can repeat

    def throttle(self, share: float, *, seed: int = 0) -> None:
        """Refuse this *share* (0 to 1) of all calls, the same ones for the same *seed*."""
        self._throttled_share, self._chance = share, random.Random(seed)  # noqa: S311

    def deny(self, *actions: str) -> None:
        """Refuse these IAM actions, such as ``elasticloadbalancing:DeregisterTargets`` or ``ec2:*``."""
        self._denied.update(actions)

    def allow_only(self, policy: Mapping[str, Any]) -> None:
        """Refuse whatever this policy's document does not allow."""
        self._permissions = Permissions(policy, self._region, wire.ACCOUNT)

    def lose_answers(
        self, operation: str, code: str = "ServiceUnavailable", *, times: int | None = None
    ) -> None:
        """Let calls of this operation take effect, and answer them with *code*, an error on AWS's side.

        All of them, or the next *times*.
        """
        self._lost[operation] = _Loss(code, times)

    def fail(self, operation: str, status: int, code: str, *, times: int = 1) -> None:
        """Answer the next calls of this operation with an error on AWS's side; none of them takes effect."""
        self._failing[operation] = _Failure(status, code, times)

    def spoil(self, operation: str, spoil: Spoil, *, times: int | None = None) -> None:
        """Let calls of this operation take effect, and have something between change what they are answered.

        All successes, or the next *times*; status and headers stay, but for the length.
        """
        self._spoilt[operation] = _Spoilt(spoil, times)

    def block(self, status: int, page: str, *, kind: str = "text/html", times: int | None = None) -> None:
        """Have a proxy answer calls in AWS's place: all, or the next *times*.

        *page* is its page, of this *kind*, or where it redirects to.
        """
        self._proxy = _Proxy(status, page, kind, times)

    def stale(self, seconds: float, *, every: int = 1) -> None:
        """Answer what describes load balancers, instances and groups as things were up to *seconds* ago.

        Every question so, or every so many-th time that it is asked. With 0 the answers are as things are,
        and are kept, as nobody knows what a question would have been answered before it was asked at all.
        """
        self.lag = Lag(seconds, every)

    def unreachable(self, instance_id: str) -> None:
        """Cut the load balancers, and nobody else, off from an instance."""
        self.unreachable_instances.add(instance_id)

    def reachable(self, instance_id: str) -> None:
        """Undo ``unreachable``."""
        self.unreachable_instances.discard(instance_id)

    def refusal(self, call: Call) -> tuple[int, str, str] | None:
        """Decide whether a call is refused: status, code and message."""
        # A link may do what whoever signed it may, at the moment at which it is used.
        if self._permissions and not self._permissions.allow(call):
            return wire.denied(call)
        if call.presigned:
            return None
        if {call.action, f"{call.service}:*", "*"} & self._denied:
            return wire.denied(call)
        with self._lock:
            failure = self._failing.get(call.operation)
            if failure and failure.times:
                failure.times -= 1
                return failure.status, failure.code, "Try again later."
            unlucky = self._chance.random() < self._throttled_share
        return wire.throttled(call) if unlucky else None

    def in_between(self) -> wire.Answer | None:
        """Give what a proxy answers before AWS hears of a call, if one does."""
        with self._lock:
            proxy = self._proxy
            if not proxy or proxy.times == 0:
                return None
            if proxy.times:
                proxy.times -= 1
        leads = [("Location", proxy.page)] if 300 <= proxy.status < 400 else []
        content = b"" if leads else proxy.page.encode()
        headers = [("Content-Type", proxy.kind), ("Content-Length", str(len(content))), *leads]
        return f"{proxy.status} Proxy", headers, content

    def spoilt(self, call: Call, answer: wire.Answer) -> wire.Answer:
        """Give what arrives of an answer."""
        status, headers, content = answer
        with self._lock:
            found = self._spoilt.get(call.operation)
            if not found or found.times == 0 or not status.startswith("2"):
                return answer
            if found.times:
                found.times -= 1
        content = found.spoil(content)
        kept = [(name, value) for name, value in headers if name.lower() != "content-length"]
        return status, [*kept, ("Content-Length", str(len(content)))], content

    def loss(self, call: Call) -> tuple[int, str, str] | None:
        """Decide whether the answer to a call is lost: status, code and message in its place."""
        with self._lock:
            found = self._lost.get(call.operation)
            if not found or found.times == 0:
                return None
            if found.times:
                found.times -= 1
        return 503, found.code, "Try again later."
