"""Where a command is killed: a call that only looks leaves AWS as the call before it did."""

from collections.abc import Iterable

import pytest

from gocd.rehearsal.standin_aws.control.journal import Call

LOOKS = ("BatchGet", "Describe", "Get", "Head", "List")

# In every run after each change; after each look as well where there is time for it.
AT = pytest.mark.parametrize(
    "every", [False, pytest.param(True, marks=pytest.mark.exhaustive)], ids=["each change", "each call"]
)


def moments(calls: Iterable[Call], *, every: bool) -> list[int]:
    """Return the numbers of the calls to kill at."""
    return [each.number for each in calls if every or not each.operation.startswith(LOOKS)]
