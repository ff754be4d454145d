"""A blue/green deployment rolled back: users are sent to the blue fleet again, and to no green one.

Source: CodeDeploy user guide, Redeploy and roll back a deployment; that the green fleet is left to look at
is what people report.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

from gocd.rehearsal.standin_aws.services.code_deploy.blue_green import BlueGreen, MakeTarget
from gocd.rehearsal.standin_aws.services.code_deploy.deployments import Deployment, Ending
from gocd.rehearsal.standin_aws.services.code_deploy.fleets import Fleets
from gocd.rehearsal.standin_aws.services.code_deploy.in_place import FAILED
from gocd.rehearsal.standin_aws.services.code_deploy.lifecycle import ALLOW_EVENTS, BLOCK_EVENTS, Target
from gocd.rehearsal.standin_aws.services.code_deploy.traffic_routing import Routing


class TrafficBack:
    """What *failed* did to the traffic, undone; its blue fleet must still be there."""

    fleet = ""

    def __init__(
        self,
        failed: BlueGreen,
        group: Any,
        fleets: Fleets,
        routing: Callable[[], Routing],
        target: MakeTarget,
    ) -> None:
        self.targets: dict[str, Target] = {}
        self._failed = failed
        self._group = group
        self._fleets = fleets
        self._open_routing = routing
        self._target = target

    def run(self, deployment: Deployment) -> Ending:
        failed = self._failed
        routing = self._open_routing()
        self._fleets.attach(failed.former, failed.attached)
        if failed.fleet:
            self._fleets.release(failed.fleet, failed.attached)
        make = self._target
        back = [
            make(
                each,
                events=ALLOW_EVENTS,
                label="Blue",
                service={"AllowTraffic": partial(routing.allow, each.id)},
            )
            for each in (target.instance for target in failed.blue)
        ] + [
            make(
                each,
                events=BLOCK_EVENTS,
                label="Green",
                service={"BlockTraffic": partial(routing.block, each.id)},
            )
            for each in (target.instance for target in failed.green)
        ]
        self.targets = {target.instance.id: target for target in back}
        went_well = all(target.walk() for target in back)
        self._group.auto_scaling_groups = [failed.former]
        return Ending("Succeeded") if went_well else FAILED
