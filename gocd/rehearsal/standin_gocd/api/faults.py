"""What goes wrong with a server, for tests to choose."""

from __future__ import annotations

import threading
import time
from collections import deque
from dataclasses import dataclass, field

from gocd.rehearsal.standin_gocd.api.messages import Answer, as_json, message


@dataclass
class Faults:
    """Befall requests in the order in which they come."""

    maintenance: bool = False
    """Refuse whatever is no look, as a server in maintenance mode does."""
    slow: float = 0.0
    """Seconds before each answer."""
    cut: int = 0
    """Requests that are carried out, whose connection is then cut before the answer."""
    unheard: int = 0
    """Requests whose connection is cut before they are carried out."""
    only: str = ""
    """How the paths of those end whose connection is cut."""
    next: deque[Answer] = field(default_factory=deque)
    """Answers to the next requests, instead of their own."""
    asked: list[str] = field(default_factory=list)
    """Every request so far, as ``GET /api/version``."""
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def fail(self, times: int = 1, status: int = 500, text: str = "out of order") -> None:
        """Answer the next requests with an error of the server's own.

        Source: GoCD's RoutesHelper.unhandledException
        """
        self.next.extend([as_json({"error": text}, status)] * times)

    def limit(self, times: int = 1) -> None:
        """Answer the next requests with 429.

        Source: GoCD's HaltApiMessages.java
        """
        self.next.extend([message("Rate Limit Exceeded.", 429)] * times)

    def befall(self, method: str, path: str) -> Answer | None:
        """Note a request, and return what it gets instead of its own answer.

        Source: GoCD's ModeAwareFilter.java
        """
        time.sleep(self.slow)
        with self._lock:
            self.asked.append(f"{method} {path}")
            if self.next:
                return self.next.popleft()
            if self.maintenance and method not in ("GET", "HEAD") and not path.endswith("/cancel"):
                return message("Server is in maintenance mode, please try later.", 503)
            return None

    def is_cut(self, path: str, *, heard: bool) -> bool:
        """Whether the connection of a request for *path* ends here."""
        if not path.endswith(self.only):
            return False
        with self._lock:
            name = "cut" if heard else "unheard"
            left = getattr(self, name)
            setattr(self, name, max(0, left - 1))
            return bool(left)
