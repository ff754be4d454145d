"""What a detach took away, kept as tags on the instance so that any agent can put it back."""

import re
from dataclasses import dataclass
from datetime import datetime

from tasks.aws.connect import Aws
from tasks.aws.instances import Instance
from tasks.aws.load_balancer import LoadBalancer, Member, State

PREFIX = "gocd-tasks:out-of:"


@dataclass(frozen=True)
class Absence:
    """One load balancer that the instance was taken out of.

    Args:
        served: Whether it was healthy there; an instance that was not need not be guarded or awaited.
        ports: The ports it was registered on.
        since: When the order to leave was given.
    """

    served: bool
    ports: tuple[int, ...]
    since: datetime

    def __str__(self) -> str:
        # A tag's value holds 256 characters (AWS, ec2/Using_Tags).
        ports = ",".join(map(str, self.ports[:20]))
        return f"served={'yes' if self.served else 'no'} ports={ports} since={self.since.isoformat()}"


class Memory:
    """The absences of one instance, as its tags tell them."""

    def __init__(self, aws: Aws, instance: Instance) -> None:
        self._aws = aws
        self._instance = instance
        self._absences = {
            key.removeprefix(PREFIX): absence
            for key, value in instance.tags.items()
            if key.startswith(PREFIX) and (absence := _read(value))
        }

    @property
    def addresses(self) -> list[str]:
        """The load balancers that the instance is out of."""
        return list(self._absences)

    def of(self, balancer: LoadBalancer) -> Absence | None:
        return self._absences.get(balancer.address)

    def remember(self, balancer: LoadBalancer, member: Member, now: datetime) -> None:
        """Write down what is about to be taken away; before it is, so that nothing can be lost."""
        absence = Absence(member.state is State.SERVING, member.ports, now.replace(microsecond=0))
        tag = {"Key": PREFIX + balancer.address, "Value": str(absence)}
        self._aws.call("ec2", "create_tags", self._instance.name, Resources=[self._instance.id], Tags=[tag])
        self._absences[balancer.address] = absence

    def forget(self, balancer: LoadBalancer) -> None:
        """Drop the absence; only after the instance serves again."""
        if balancer.address in self._absences:
            tag = {"Key": PREFIX + balancer.address}
            self._aws.call(
                "ec2", "delete_tags", self._instance.name, Resources=[self._instance.id], Tags=[tag]
            )
            del self._absences[balancer.address]


def _read(value: str) -> Absence | None:
    match = re.fullmatch(r"served=(yes|no) ports=([\d,]*) since=(\S+)", value)
    if not match:
        return None
    try:
        since = datetime.fromisoformat(match[3])
    except ValueError:
        return None
    return Absence(match[1] == "yes", tuple(int(port) for port in match[2].split(",") if port), since)
