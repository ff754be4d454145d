"""Weights that give green its share of what blue and green have, and leave others theirs."""

import math
from collections.abc import Mapping

# By the name of what gets them.
Weights = Mapping[str, int]


def shared(former: Weights, blue: str, green: str, share: int, heaviest: int) -> dict[str, int]:
    """Return the weights with which green has *share* percent of what *former* gave to the two of them.

    At 0 they are the former ones, with green beside them. One alone has everything whatever its weight, and
    gets one that counts beside another.

    Args:
        heaviest: The largest weight there can be; with others beside, shares are as exact as that allows.
    """
    others = {name: weight for name, weight in former.items() if name not in (blue, green)}
    both = former.get(blue, 0) + former.get(green, 0)
    if not others:
        began = 0 if green not in former or len(former) == 1 else former[green]
        if not share and began:
            return dict(former)
        return {blue: 100 - share, green: share}
    if not share:
        return {**former, green: former.get(green, 0)}
    wanted = {blue: both * (100 - share), **{name: weight * 100 for name, weight in others.items()}}
    wanted[green] = both * share
    by = math.gcd(*wanted.values())
    exact = {name: weight // by for name, weight in wanted.items()}
    if (most := max(exact.values())) <= heaviest:
        return exact
    return {name: max(1, round(weight * heaviest / most)) if weight else 0 for name, weight in exact.items()}


def share_of(weights: Weights, blue: str, green: str) -> float:
    """Return the percentage that green has of what both have; 0 if they have nothing."""
    if len(weights) == 1:
        return 100.0 if green in weights else 0.0
    both = weights.get(blue, 0) + weights.get(green, 0)
    return 100 * weights.get(green, 0) / both if both else 0.0


def words_of(weights: Weights) -> str:
    """Tell weights in words."""
    if len(weights) == 1:
        return f"{next(iter(weights))} alone"
    return ", ".join(f"{name} {weight}" for name, weight in weights.items())


def same(one: Weights, other: Weights) -> bool:
    """Whether both lead users alike, in whatever order, and however large the weights are."""
    return _reduced(one) == _reduced(other)


def _reduced(weights: Weights) -> dict[str, int]:
    if len(weights) == 1:
        return dict.fromkeys(weights, 1)
    by = math.gcd(*weights.values()) or 1
    return {name: weight // by for name, weight in weights.items()}
