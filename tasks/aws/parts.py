"""A long list in parts, as many of AWS's calls take no more than so many things at once."""

from collections.abc import Iterator, Sequence
from typing import TypeVar

Item = TypeVar("Item")


def parts(items: Sequence[Item], most: int) -> Iterator[list[Item]]:
    """Yield *items* in their order, *most* at a time."""
    for start in range(0, len(items), most):
        yield list(items[start : start + most])
