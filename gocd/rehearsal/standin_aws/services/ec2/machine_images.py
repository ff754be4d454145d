"""EC2's machine images: none. Moto makes two thousand for each empty AWS; nothing here asks for one."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from moto.ec2.models.amis import AmiBackend

from gocd.rehearsal.standin_aws.control.corrections import Correction


class MachineImages:
    """The correction that leaves them out."""

    def corrections(self) -> Iterator[Correction]:
        yield Correction(AmiBackend, "_load_amis", self.load)

    def load(self, _: Any) -> None:
        """Load none of those that moto comes with; one that is registered is known as before."""
