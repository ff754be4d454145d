"""Answers of a moment ago: AWS's descriptions may not tell of a change yet that AWS has made.

Source: Amazon EC2 API guide, Eventual consistency ("the result of an API command you run ... might not be
immediately visible to all subsequent commands"); Auto Scaling's and load balancers' descriptions lag alike.
"""

from __future__ import annotations

import io
from collections import deque
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from gocd.rehearsal.standin_aws.clock import Clock
from gocd.rehearsal.standin_aws.control.faults import Faults
from gocd.rehearsal.standin_aws.control.journal import Call
from gocd.rehearsal.standin_aws.control.wire import Answer

SERVICES = {"elasticloadbalancing", "ec2", "autoscaling"}

# Answers to one question that are kept, as many as are given in some minutes.
KEPT = 200

Ask = Callable[[dict[str, Any]], Answer]


@dataclass
class _Question:
    """A question and its answers, each with its moment."""

    environ: Mapping[str, Any]
    body: bytes
    answers: deque[tuple[float, Answer]] = field(default_factory=lambda: deque(maxlen=KEPT))
    asked: int = 0

    def note(self, at: float, ask: Ask) -> None:
        self.answers.append((at, ask({**self.environ, "wsgi.input": io.BytesIO(self.body)})))

    def since(self, moment: float) -> Answer:
        """Give the oldest answer that is not from before *moment*."""
        return next((answer for at, answer in self.answers if at >= moment), self.answers[-1][1])


class StaleReads:
    """What each question was answered, for as long as ``Faults.stale`` asks for it.

    Before a change every question that is known is asked once more, so that what was so until then is kept.
    """

    def __init__(self, faults: Faults, clock: Clock) -> None:
        self._faults = faults
        self._now = clock
        self._questions: dict[tuple[str, bytes], _Question] = {}

    def answer(self, call: Call, environ: dict[str, Any], ask: Ask) -> Answer | None:
        """Answer a question as of some time ago; None if it is one that is never late."""
        lag = self._faults.lag
        if lag is None:
            self._questions.clear()
        if lag is None or call.service not in SERVICES:
            return None
        body = environ["wsgi.input"].read()
        asked = (f"{call.service}:{call.operation}", body)
        question = self._questions.setdefault(asked, _Question(environ, body))
        question.note(self._now(), ask)
        question.asked += 1
        late = question.asked % lag.every == 0
        return question.since(self._now() - lag.seconds) if late else question.answers[-1][1]

    def forget(self) -> None:
        self._questions.clear()

    def about_to_change(self, ask: Ask) -> None:
        """Keep how things are."""
        for question in self._questions.values() if self._faults.lag else ():
            question.note(self._now(), ask)
