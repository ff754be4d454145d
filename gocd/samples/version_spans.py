"""Which versions answered when."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise

# A version that answers nothing for longer than this has gone; shorter silences are chance.
ABSENT_MS = 3000
# At the end, one version's last answer comes this much before another's and has not gone for that.
SLIVER_MS = 250
# A service that answers a new version each time must not take for ever; all further ones are one.
MOST_VERSIONS = 100
FURTHER_VERSIONS = "(further versions)"


@dataclass(frozen=True)
class VersionSpan:
    """The versions that answered between two times, in seconds after the first request; none is an outage."""

    from_s: float
    to_s: float
    versions: frozenset[str]


class VersionsSeen:
    """Gathers when each version answered; a few numbers per appearance of a version."""

    def __init__(self) -> None:
        self.requests: dict[str, int] = {}
        self._stays: dict[str, list[list[int]]] = {}

    def name(self, version: str) -> str:
        """Return what *version* is counted as."""
        known = version in self.requests or len(self.requests) < MOST_VERSIONS
        return version if known else FURTHER_VERSIONS

    def add(self, version: str, at_ms: int) -> None:
        """Count an answer of *version*, completed at *at_ms*; times come in rising order."""
        self.requests[version] = self.requests.get(version, 0) + 1
        stays = self._stays.setdefault(version, [])
        if stays and at_ms - stays[-1][1] <= ABSENT_MS:
            stays[-1][1] = max(stays[-1][1], at_ms)
        else:
            stays.append([at_ms, at_ms])

    def spans(self, first_ms: int, last_ms: int) -> tuple[VersionSpan, ...]:
        """Return the spans from *first_ms* to *last_ms*, without a hole between them."""
        edges = sorted({edge for stays in self._stays.values() for stay in stays for edge in stay})
        # Each edge is a moment of its own: a version may have answered just once.
        moments = [first_ms, *(edge for edge in edges for _ in range(2)), last_ms]
        found: list[tuple[int, int, frozenset[str]]] = []
        for start, end, present in self._present(moments):
            by_chance = not present and end - start <= ABSENT_MS
            if found and (by_chance or present == found[-1][2]):
                found[-1] = (found[-1][0], end, found[-1][2])
            elif not by_chance:
                # Whatever came before the first span and was too short to count belongs to it.
                found.append((start if found else first_ms, end, present))
        fewer = len(found) > 1 and found[-1][2] < found[-2][2]
        if fewer and _length(found[-1]) <= SLIVER_MS < _length(found[-2]):
            *found, (_, end, _) = found
            found[-1] = (found[-1][0], end, found[-1][2])
        return tuple(
            VersionSpan((start - first_ms) / 1000, (end - first_ms) / 1000, versions)
            for start, end, versions in found
            # One version's last answer in the same ms as another's first is no time they shared.
            if start < end or end == last_ms
        )

    def _present(self, moments: Sequence[int]) -> Iterator[tuple[int, int, frozenset[str]]]:
        """Give the versions that were there from each of *moments*, in their order, to the next."""
        coming = sorted(
            ((first, last, version) for version, stays in self._stays.items() for first, last in stays),
            reverse=True,
        )
        here: list[tuple[int, str]] = []
        for start, end in pairwise(moments):
            while coming and coming[-1][0] <= start:
                _, last, version = coming.pop()
                here.append((last, version))
            here = [(last, version) for last, version in here if last >= end]
            yield start, end, frozenset(version for _, version in here)


def _length(span: tuple[int, int, frozenset[str]]) -> int:
    return span[1] - span[0]
