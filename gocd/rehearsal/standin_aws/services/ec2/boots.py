"""What an instance runs is in the image it is launched from, whoever launches it: a group, a stack, a client.

Source: EC2 user guide, Amazon Machine Images: an instance begins with what its image holds.
"""

from __future__ import annotations

import threading
from collections.abc import Iterator
from typing import Any

from moto.ec2.models import ec2_backends

from gocd.rehearsal.standin_aws.control.wire import ACCOUNT
from gocd.rehearsal.standin_aws.machines.instances import Instance, Instances, Service


class Boots:
    """Boots what is launched from images that are known here.

    Attributes:
        images: What runs on an instance that is launched from an image, by the image's id.
    """

    def __init__(self, instances: Instances, region: str) -> None:
        self.images: dict[str, Service] = {}
        self._instances = instances
        self._region = region
        self._booting: dict[str, threading.Thread] = {}
        self._lock = threading.Lock()

    def advance(self) -> None:
        """Boot what has been launched since."""
        with self._lock:
            for launched in self._launched() if self.images else ():
                service = self.images.get(launched.image_id)
                if service is None or launched.id in self._booting or launched.state != "running":
                    continue
                name = _name(launched)
                root = self._instances.root_of(f"{name}-{launched.id}")
                instance = Instance(
                    launched.id, name, launched.private_ip, launched.placement.zone, root, service
                )
                # Booting takes a while, and the control plane must answer meanwhile.
                boot = threading.Thread(target=self._instances.add, args=(instance,), daemon=True)
                self._booting[launched.id] = boot
                boot.start()

    def forget(self) -> None:
        """Drop all images, and wait until what boots has booted."""
        with self._lock:
            self.images.clear()
            booting = list(self._booting.values())
            self._booting.clear()
        for boot in booting:
            boot.join()

    def _launched(self) -> Iterator[Any]:
        for reservation in list(ec2_backends[ACCOUNT][self._region].reservations.values()):
            yield from reservation.instances


def _name(launched: Any) -> str:
    group = getattr(launched, "autoscaling_group", None)
    if group is not None:
        return str(group.name)
    tags = {tag["key"]: tag["value"] for tag in launched.get_tags()}
    return str(tags.get("Name") or launched.id)
