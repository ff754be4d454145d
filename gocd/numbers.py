"""Numbers on their way in: from files, variables, tags, parameters and servers.

Python takes more for a number than people do: ``nan``, ``1_000``, digits of other scripts, ``1e400``.
"""

import math
import re

# Digits of a whole number: more have neither seconds since 1970 nor bytes, and floats hold these exactly.
MOST_DIGITS = 15


def whole(text: str) -> int | None:
    """Return the whole number that *text* is, in ASCII digits; None if it is none, or too long."""
    return int(text) if text.isdecimal() and text.isascii() and len(text) <= MOST_DIGITS else None


def decimal(text: str) -> float | None:
    """Return the number that *text* is, such as ``-1.5`` or ``1e3``; None if it is none, or is not finite."""
    if not re.fullmatch(r"[-+]?([0-9]+(\.[0-9]*)?|\.[0-9]+)([eE][-+]?[0-9]{1,3})?", text):
        return None
    return number(float(text))


def number(value: object, at_least: float = -math.inf, at_most: float = math.inf) -> float | None:
    """Return a *value* of JSON or YAML as a finite number in these limits; None if it is none of them."""
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        return None
    try:
        found = float(value)
    except OverflowError:
        return None
    return found if math.isfinite(found) and at_least <= found <= at_most else None
