"""StopInstances and StartInstances: stopping lasts as long as what runs on the instance takes to end.

Source: Amazon EC2 user guide, Instance state changes; EC2 API reference, error codes.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from moto.ec2.exceptions import EC2ClientError
from moto.ec2.models.instances import Instance, InstanceBackend

from gocd.rehearsal.standin_aws.control.corrections import Correction
from gocd.rehearsal.standin_aws.machines.instances import Instances

STOPPING = ("stopping", 64)


class Power:
    """Corrections around the states between running and stopped."""

    def __init__(self, instances: Instances) -> None:
        self._instances = instances
        self._stop = Instance.stop
        self._start = InstanceBackend.start_instances

    def corrections(self) -> Iterator[Correction]:
        yield Correction(Instance, "stop", self.stop)
        yield Correction(InstanceBackend, "start_instances", self.start)

    def stop(self, instance: Any) -> Any:
        """StopInstances on one: stopping first, as long as there is something to stop."""
        before: Any = self._stop(instance)
        if before.name in {"running", "stopping"} and self._instances.get(instance.id):
            instance.instance_state.name, instance.instance_state.code = STOPPING
        return before

    def start(self, backend: Any, ids: Sequence[str]) -> Any:
        """StartInstances: only of what is stopped or runs already."""
        for each in backend.get_multi_instances_by_id(ids):
            if each.state not in {"stopped", "running", "pending"}:
                text = f"The instance '{each.id}' is not in a state from which it can be started."
                raise EC2ClientError("IncorrectInstanceState", text)
        return self._start(backend, ids)
