"""Commands killed at their calls; a call that only looks leaves AWS as the call before it did."""

import signal
from collections import Counter
from collections.abc import Iterable
from concurrent.futures import Future
from dataclasses import dataclass

import pytest

from gocd.rehearsal.standin_aws.control.journal import Call
from gocd.rehearsal.standin_aws.world import World
from tests.program import CommandLine, Running

LOOKS = ("BatchGet", "Describe", "Get", "Head", "List")

# In every run after each change; after each look as well where there is time for it.
AT = pytest.mark.parametrize(
    "every", [False, pytest.param(True, marks=pytest.mark.exhaustive)], ids=["each change", "each call"]
)


@dataclass(frozen=True)
class Moment:
    """A call by its *place* among those of its operation: how often a command looks depends on the time."""

    operation: str
    place: int = 1

    @property
    def looks(self) -> bool:
        return self.operation.startswith(LOOKS)


def moments(calls: Iterable[Call], *, every: bool) -> list[Moment]:
    """Return the calls to kill at; those that an instance makes by itself are none."""
    made: Counter[str] = Counter()
    seen = []
    for call in calls:
        if not call.presigned:
            made[call.operation] += 1
            seen.append(Moment(call.operation, made[call.operation]))
    return [each for each in seen if every or not each.looks]


def killed_at(cloud: World, moment: Moment, gocd_tasks: CommandLine, *words: str) -> None:
    """Begin a command and kill it once this call has taken effect, before the answer is sent.

    Raises:
        AssertionError: The call never came; a look may have come less often than the last time.
    """
    running: Future[Running] = Future()
    made = 0

    def kill(call: Call) -> None:
        nonlocal made
        if call.operation == moment.operation and not call.presigned:
            made += 1
            if made == moment.place:
                running.result().kill()
                running.result().wait()

    cloud.faults.after_call = kill
    running.set_result(gocd_tasks.start(*words))
    out, error = running.result().communicate(timeout=60)
    cloud.faults.after_call = None
    polled = moment.looks and made
    assert polled or running.result().returncode == -signal.SIGKILL, f"{moment} never came: {out}{error}"
