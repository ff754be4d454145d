"""A second VPC on the same private range as the world's own, as an account with several VPCs often has.

Its instances get the addresses that those of the first have as well: which is meant, only the VPC tells.
"""

from __future__ import annotations

from gocd.rehearsal.standin_aws.machines.instances import Instance, Service
from gocd.rehearsal.standin_aws.world import World


class SecondVpc:
    """The VPC and its instances.

    Two machines cannot listen at one address of this machine, so what runs on these instances listens
    elsewhere: the load balancers of this VPC find it by its address in here, and who asks that address from
    anywhere else meets the instance of the first VPC, as an agent that runs there would.
    """

    def __init__(self, world: World) -> None:
        self.network = world.network.twin()
        self._world = world
        self._launched = 0

    def launch(self, name: str, *, zone: str | None = None, service: Service | None = None) -> Instance:
        """Launch an instance with this Name tag; its *private_ip* is where it really listens.

        Launched in the same order, instances have the same addresses as those of the first VPC.
        """
        world = self._world
        zone = zone or world.zones[0]
        with world.parts.control_plane.lock:
            instance_id, _ = self.network.launch(name, zone)
        self._launched += 1
        root = world.parts.instances.root_of(f"{name}-{instance_id}")
        listens_at = self.network.outside(self._launched)
        instance = Instance(instance_id, name, listens_at, zone, root, service)
        world.parts.instances.add(instance)
        return instance
