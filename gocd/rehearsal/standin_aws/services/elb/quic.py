"""Target groups that speak QUIC, which moto does not know: each target has a server id to be found by.

Source: Elastic Load Balancing API reference (v2), CreateTargetGroup and TargetDescription.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Any

from moto.elbv2.exceptions import ValidationError

PROTOCOLS = {"QUIC", "TCP_QUIC"}


def create_target_group(create: Callable[..., Any], backend: Any, name: str, **named: Any) -> Any:
    """Have moto's *create* make one; its data plane speaks TCP."""
    protocol = named.get("protocol")
    if protocol not in PROTOCOLS:
        return create(backend, name, **named)
    group = create(backend, name, **named | {"protocol": "TCP"})
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
