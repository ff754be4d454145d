"""What makes a service of a stand-in AWS."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Protocol

from gocd.rehearsal.standin_aws.control.corrections import Correction


class AwsService(Protocol):
    """One of AWS's services: a folder beside this file, and a line in ``parts.py``."""

    def corrections(self) -> Iterable[Correction]:
        """Say where moto is not as AWS is."""

    def advance(self) -> None:
        """Let the present take effect; the caller holds the control plane's lock."""

    def forget(self) -> None:
        """Drop what moto does not know of, and end what runs."""
