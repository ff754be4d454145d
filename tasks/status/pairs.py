"""``NAME=VALUE``, as several options take it."""

from collections.abc import Iterable

from gocd.secrets import MASK, says_secret
from tasks.running.errors import Refused


def read_pairs(option: str, given: Iterable[str], form: str = "NAME=VALUE") -> dict[str, str]:
    """Read what was *given* to *option*; of two values of one name the last counts.

    Raises:
        Refused: One is not of that form.
    """
    pairs = {}
    for pair in given:
        name, equals, value = pair.partition("=")
        if not (name and equals):
            raise Refused(f"{option} takes {form}, not {MASK if says_secret(pair) else pair}")
        pairs[name] = value
    return pairs
