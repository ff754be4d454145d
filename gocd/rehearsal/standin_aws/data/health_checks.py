"""How a load balancer asks an instance for its health."""

from __future__ import annotations

import http.client
import math
import threading
import time
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Literal

# A pool's name, an address and a port.
Key = tuple[str, str, int]
Answer = int | Literal["silent", "refused"]


@dataclass(frozen=True)
class HealthCheck:
    """How a load balancer asks an instance for its health; *path* is none for a mere connection. Seconds."""

    path: str | None
    interval: float
    timeout: float
    healthy_threshold: int
    unhealthy_threshold: int
    port: int | None = None
    codes: Sequence[tuple[int, int]] = ((200, 200),)


def sped_up(check: HealthCheck, speed: float) -> HealthCheck:
    """Check *speed* times as often; under a second a timeout would only tell a busy machine."""
    timeout = max(check.timeout / speed, min(check.timeout, 1.0))
    return replace(check, interval=check.interval / speed, timeout=timeout)


class Inquiry:
    """Why endpoints fail their checks, found out by asking them once more in the background.

    An answer is a status code, ``silent`` or ``refused``.
    """

    def __init__(self) -> None:
        self._answers: dict[Key, Answer] = {}
        self._asked: dict[Key, float] = {}

    def about(self, key: Key, check: HealthCheck) -> Answer | None:
        """Give an endpoint's latest answer; none before the first."""
        now = time.monotonic()
        if now - self._asked.get(key, -math.inf) > max(check.interval, check.timeout):
            self._asked[key] = now
            threading.Thread(target=self._ask, args=(key, check), daemon=True).start()
        return self._answers.get(key)

    def close(self, key: Key) -> None:
        """Forget an endpoint that passes, so that its next failure is asked about anew."""
        self._asked.pop(key, None)
        self._answers.pop(key, None)

    def _ask(self, key: Key, check: HealthCheck) -> None:
        _, address, port = key
        connection = http.client.HTTPConnection(address, check.port or port, timeout=check.timeout)
        answer: Answer = "refused"
        try:
            connection.connect()
            if check.path is not None:
                connection.request("GET", check.path)
                answer = connection.getresponse().status
        except TimeoutError:
            answer = "silent"
        except (OSError, http.client.HTTPException):
            answer = "refused"
        finally:
            connection.close()
        self._answers[key] = answer
