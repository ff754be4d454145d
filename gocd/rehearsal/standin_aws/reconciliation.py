"""Ties the control plane to the data plane and the instances, and lets time pass for them."""

from __future__ import annotations

import http.client
import threading
import time
from contextlib import AbstractContextManager
from typing import Any

from moto.autoscaling.models import autoscaling_backends
from moto.elb.models import elb_backends
from moto.elbv2.models import elbv2_backends

from gocd.rehearsal.standin_aws.control.faults import Faults
from gocd.rehearsal.standin_aws.control.wire import ACCOUNT
from gocd.rehearsal.standin_aws.data.data_plane import DataPlane
from gocd.rehearsal.standin_aws.machines.instances import Instances
from gocd.rehearsal.standin_aws.services.auto_scaling.auto_scaling import AutoScaling
from gocd.rehearsal.standin_aws.services.elb import load_balancers
from gocd.rehearsal.standin_aws.services.elb.classic_load_balancers import ClassicLoadBalancers
from gocd.rehearsal.standin_aws.services.elb.target_groups import TargetGroups

# Seconds between two looks at the data plane.
PERIOD = 0.05


class Reconciliation:
    """``step`` makes data plane and instances what the control plane says, every ``PERIOD``."""

    def __init__(
        self,
        region: str,
        plane: DataPlane,
        instances: Instances,
        groups: TargetGroups,
        classics: ClassicLoadBalancers,
        auto_scaling: AutoScaling,
        faults: Faults,
    ) -> None:
        self._region = region
        self._plane = plane
        self._instances = instances
        self._groups = groups
        self._classics = classics
        self._auto_scaling = auto_scaling
        self._faults = faults
        self._ended = threading.Event()

    def step(self) -> None:
        """Let the present take effect; the caller holds the control plane's lock."""
        groups = list(elbv2_backends[ACCOUNT][self._region].target_groups.values())
        classics = self.classics()
        for group in groups:
            self._groups.advance(group)
        for balancer in classics:
            self._classics.advance(balancer)
        self._instances.follow()
        self._auto_scaling.advance(autoscaling_backends[ACCOUNT][self._region])
        pools = [self._groups.pool(group) for group in groups] + [
            self._classics.pool(each) for each in classics
        ]
        doors = [door for _, door in load_balancers.doors(elbv2_backends[ACCOUNT][self._region])]
        doors += [self._classics.door(balancer) for balancer in classics]
        cut_off = {
            each.private_ip for each in self._instances if each.id in self._faults.unreachable_instances
        }
        self._plane.show(pools, doors, cut_off)

    def classics(self) -> list[Any]:
        return list(elb_backends[ACCOUNT][self._region].load_balancers.values())

    def start(self, lock: AbstractContextManager[Any]) -> None:
        def beat() -> None:
            pause = PERIOD
            while not self._ended.wait(pause):
                began = time.monotonic()
                try:
                    self._plane.look()
                except (OSError, ValueError, http.client.HTTPException):
                    # Envoy is busy or ending; the last look stands.
                    continue
                with lock:
                    if not self._ended.is_set():
                        self.step()
                # In a large world a look takes a while: leave most of the time to others.
                pause = max(PERIOD, 2 * (time.monotonic() - began))

        self._thread = threading.Thread(target=beat, daemon=True)
        self._thread.start()

    def end(self) -> None:
        self._ended.set()
        self._thread.join(5)
