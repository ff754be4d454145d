"""Target groups that speak QUIC, which moto does not know: each target has a server id to be found by.

Source: Elastic Load Balancing API reference (v2), CreateTargetGroup and TargetDescription.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

from moto.elbv2.exceptions import ValidationError
from moto.elbv2.models import ELBv2Backend

from gocd.rehearsal.standin_aws.control.corrections import Correction

PROTOCOLS = {"QUIC", "TCP_QUIC"}


class Quic:
    """The correction that lets them be made; their data plane speaks TCP."""

    def __init__(self) -> None:
        self._create = ELBv2Backend.create_target_group

    def corrections(self) -> Iterator[Correction]:
        yield Correction(ELBv2Backend, "create_target_group", self.create_target_group)

    def create_target_group(self, backend: Any, name: str, **named: Any) -> Any:
        protocol = named.get("protocol")
        if protocol not in PROTOCOLS:
            return self._create(backend, name, **named)
        group: Any = self._create(backend, name, **named | {"protocol": "TCP"})
        group.protocol = protocol
        return group


def check_server_id(group: Any, target: Mapping[str, Any]) -> None:
    """Refuse a target that QUIC could not find, and a server id where nothing speaks QUIC."""
    told = target.get("QuicServerId")
    if group.protocol not in PROTOCOLS:
        if told:
            raise ValidationError(f"QuicServerId cannot be used with the protocol {group.protocol}")
    elif not re.fullmatch(r"0x[0-9a-f]{16}", told or ""):
        raise ValidationError(
            f"QuicServerId is required for the protocol {group.protocol}, not '{told or ''}'"
        )
