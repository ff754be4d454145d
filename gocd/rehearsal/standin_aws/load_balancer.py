"""A load balancer as the users of a stand-in AWS know it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Kind = Literal["application", "network", "classic"]


@dataclass(frozen=True)
class LoadBalancer:
    """A load balancer with one listener; *arn* is its target group's, none if it is a classic one.

    *name* is what a task is given: the target group's name, or the classic load balancer's.
    """

    name: str
    kind: Kind
    url: str
    pool: str
    arn: str = ""
    load_balancer_arn: str = ""
