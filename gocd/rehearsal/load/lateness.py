"""How late this machine itself was with requests, and which figures of their answers that leaves true."""

from __future__ import annotations

from dataclasses import dataclass, replace

from gocd.samples.measurement import Measurement


@dataclass(frozen=True)
class Lateness:
    """Of a request, what is measured counts from when it was due: begun later, it waited for its sender.

    Args:
        share_ms: The time between two requests: one that began later than that found the next one due.
        requests: So many began later than that.
        late_ms: By how much the latest of all.
    """

    share_ms: float
    requests: int = 0
    late_ms: float = 0.0

    def unknown(self, sent: int) -> list[str]:
        """Return the percentiles that the late ones decide."""
        late = 100 * self.requests / sent if sent else 0.0
        return [f"p{rank}" for rank in (50, 95, 99) if late >= 100 - rank]

    def sentence(self, sent: int) -> str:
        """Say what this machine was too slow to measure; empty if nothing."""
        if not self.requests:
            return ""
        unknown = self.unknown(sent)
        what = f"{', '.join(unknown)} and the longest gap" if unknown else "the longest gap exactly"
        began = f"{self.requests:,} of {sent:,} requests began more than {self.share_ms:g} ms late here"
        return f"This machine was too slow to measure {what}: {began}, up to {self.late_ms:,.0f} ms."

    def without_untrue(self, measured: Measurement) -> Measurement:
        """Return the figures without those percentiles."""
        unknown = self.unknown(measured.sent)
        return replace(
            measured,
            p50_ms=None if "p50" in unknown else measured.p50_ms,
            p95_ms=None if "p95" in unknown else measured.p95_ms,
            p99_ms=None if "p99" in unknown else measured.p99_ms,
        )
