"""The word that was probably meant by one that is not known."""

from __future__ import annotations

import difflib
from collections.abc import Iterable


def nearest(word: str, known: Iterable[str]) -> str:
    """``did you mean ...?``, or nothing when no known word is near."""
    spelt = {each.lower(): each for each in known}
    near = difflib.get_close_matches(word.lower(), spelt, n=1)
    return f"did you mean {spelt[near[0]]}?" if near else ""
