"""Ties the control plane to the data plane and the instances, and lets time pass for them."""

from __future__ import annotations

import http.client
import threading
import time
from collections.abc import Sequence
from contextlib import AbstractContextManager
from typing import Any

from gocd.rehearsal.standin_aws.control.faults import Faults
from gocd.rehearsal.standin_aws.data.data_plane import DataPlane
from gocd.rehearsal.standin_aws.machines.instances import Instances
from gocd.rehearsal.standin_aws.services.elb.elb import ElasticLoadBalancing
from gocd.rehearsal.standin_aws.services.service import AwsService

# Seconds between two looks at the data plane while things change, and while nothing does.
PERIOD, AT_REST = 0.05, 0.5
# Seconds without a change after which a world is at rest.
RESTS_AFTER = 1.0


class Reconciliation:
    """``step`` makes data plane and instances what the control plane says.

    It does so after each call that changes something, before each call that asks for something, and by
    itself: often while things change, and seldom while nothing does.
    """

    def __init__(
        self,
        services: Sequence[AwsService],
        elb: ElasticLoadBalancing,
        plane: DataPlane,
        instances: Instances,
        faults: Faults,
        lock: AbstractContextManager[Any],
    ) -> None:
        self._services = services
        self._elb = elb
        self._plane = plane
        self._instances = instances
        self._faults = faults
        self._lock = lock
        self._ended = False
        self._stirred = threading.Event()
        self._due = self._changed = 0.0
        self._known = 0

    def step(self) -> None:
        """Let the present take effect; the caller holds the control plane's lock."""
        self._known = self._plane.changes
        for service in self._services:
            service.advance()
        cut_off = {
            each.private_ip for each in self._instances if each.id in self._faults.unreachable_instances
        }
        self._plane.show(self._elb.pools(), self._elb.doors(), cut_off)

    def changed(self) -> None:
        """Let what a call changed take effect; the caller holds the control plane's lock."""
        self.step()
        self._changed = time.monotonic()
        self._stirred.set()

    def catch_up(self) -> None:
        """Look at the data plane and let the present take effect, if that was not done just now."""
        began = time.monotonic()
        if began >= self._due:
            self._due = began + PERIOD
            try:
                self._plane.look()
            except (OSError, ValueError, http.client.HTTPException):
                # Envoy is busy or ending; the last look stands.
                return
        elif self._known == self._plane.changes:
            return
        with self._lock:
            if not self._ended:
                self.step()
        # In a large world a look takes a while: leave most of the time to others.
        now = time.monotonic()
        self._due = max(self._due, now + 2 * (now - began))

    def start(self) -> None:
        """Let time pass from now on."""
        self._thread = threading.Thread(target=self._live, daemon=True)
        self._thread.start()

    def end(self) -> None:
        self._ended = True
        self._stirred.set()
        self._thread.join(5)

    def _live(self) -> None:
        known = -1
        while not self._ended:
            self._stirred.clear()
            self.catch_up()
            if self._plane.changes != known:
                known, self._changed = self._plane.changes, time.monotonic()
            if self._plane.unsettled or time.monotonic() - self._changed < RESTS_AFTER:
                time.sleep(PERIOD)
            else:
                self._stirred.wait(AT_REST)
