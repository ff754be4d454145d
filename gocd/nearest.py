"""The word that was probably meant by one that is not known."""

from __future__ import annotations

import difflib
from collections.abc import Iterable

# Letters by which a word that was not finished is known.
_ENOUGH = 3


def nearest(word: str, known: Iterable[str]) -> str:
    """``did you mean ...?``, or nothing when no known word is near."""
    spelt = {each.lower(): each for each in known}
    near = difflib.get_close_matches(word.lower(), spelt, n=1) or _begun(word.lower(), spelt)
    return f"did you mean {spelt[near[0]]}?" if near else ""


def _begun(word: str, known: Iterable[str]) -> list[str]:
    """The one known word that begins with *word*, if it says enough to be one."""
    begun = [each for each in known if each.startswith(word)]
    return begun if len(begun) == 1 and len(word.strip("-")) >= _ENOUGH else []
