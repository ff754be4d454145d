"""Where zones serve from their own targets only, clients come in by those zones that DNS names to them.

A zone with fewer healthy targets than its group wants is left out of DNS, and clients use the address that
they know for as long as the record lives; with all zones left out, all are named.

Sources: Network Load Balancers guide and Application Load Balancers guide, Target group health; Elastic Load
Balancing user guide, How Elastic Load Balancing works (records live for 60 seconds).
"""

from __future__ import annotations

from collections.abc import Collection

from gocd.rehearsal.standin_aws.clock import Clock

# Seconds for which a client may use the address of a zone that is left out.
TIME_TO_LIVE = 60.0


class ZoneRecords:
    """By which zones clients come to each pool."""

    def __init__(self, clock: Clock) -> None:
        self._now = clock
        # When a zone was last seen well; one that never was is in no record.
        self._well: dict[tuple[str, str], float] = {}

    def note(self, pool: str, zone: str) -> None:
        """Note that a zone has as many healthy targets now as it needs to be named."""
        self._well[pool, zone] = self._now()

    def used(self, pool: str, zones: Collection[str]) -> set[str]:
        """Give those of a pool's *zones* that clients come in by."""
        known = {zone: self._well[pool, zone] for zone in zones if (pool, zone) in self._well}
        used = {zone for zone, seen in known.items() if self._now() - seen < TIME_TO_LIVE}
        return used or set(zones)

    def ways(self, pool: str, zones: Collection[str], own: Collection[str]) -> tuple[str, ...]:
        """List the zones by which requests come in that may go to who is in its *own*.

        Clients who would come in by a zone that DNS leaves out come in by the others.
        """
        used = self.used(pool, zones)
        return tuple(sorted({*own, *zones} - (used - set(own)) if used & set(own) else set(own)))

    def forget(self) -> None:
        self._well.clear()
