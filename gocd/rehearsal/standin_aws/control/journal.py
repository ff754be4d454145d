"""The calls a client made, in order."""

from __future__ import annotations

import threading
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

# Where operations and IAM's actions have different names: Service Authorization Reference, Amazon S3 and AWS
# Lambda.
_ACTIONS = {
    "s3": {
        "HeadObject": "GetObject",
        "HeadBucket": "ListBucket",
        "ListObjects": "ListBucket",
        "ListObjectsV2": "ListBucket",
        "UploadPart": "PutObject",
        "CreateMultipartUpload": "PutObject",
        "CompleteMultipartUpload": "PutObject",
        "DeleteObjects": "DeleteObject",
    },
    "lambda": {"Invoke": "InvokeFunction"},
}


@dataclass
class Call:
    """One API call: *service* as IAM spells it, *operation* as the API does, *at* in seconds since 1970.

    *outcome* is ``ok`` or the error code that was answered. *presigned* tells a URL that was handed on.
    """

    service: str
    operation: str
    protocol: str
    parameters: Mapping[str, Any]
    presigned: bool = False
    arranging: bool = False
    number: int = 0
    at: float = field(default_factory=time.time)
    outcome: str = "ok"

    @property
    def action(self) -> str:
        """The IAM action it needs, such as ``elasticloadbalancing:DeregisterTargets``."""
        named = _ACTIONS.get(self.service, {}).get(self.operation, self.operation)
        return f"{self.service}:{named}"


class Journal:
    """Every call but those made through ``World.client``, which arrange a world; numbered from 1."""

    def __init__(self) -> None:
        self._calls: list[Call] = []
        self._lock = threading.Lock()

    def record(self, call: Call) -> None:
        with self._lock:
            self._calls.append(call)
            call.number = len(self._calls)

    @property
    def calls(self) -> list[Call]:
        with self._lock:
            return list(self._calls)

    def of(self, operation: str) -> list[Call]:
        """Give the calls of one operation, such as ``DeregisterTargets``."""
        return [call for call in self.calls if call.operation == operation]

    def clear(self) -> None:
        with self._lock:
            self._calls.clear()
