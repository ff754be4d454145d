"""JSON that somebody else has written, read or refused: never anything but a ``ValueError``."""

import json
import math
from typing import Any


def read_json(text: str | bytes) -> Any:
    """Return what *text* says.

    Raises:
        ValueError: It is not JSON, is nested too deep, or has a number that is none (NaN, Infinity, 1e400).
    """
    try:
        return json.loads(text, parse_constant=_refuse, parse_float=_finite)
    except RecursionError:
        raise ValueError("nested too deep") from None


def _refuse(constant: str) -> float:
    raise ValueError(f"{constant} is no number of JSON")


def _finite(text: str) -> float:
    found = float(text)
    return found if math.isfinite(found) else _refuse(text)
