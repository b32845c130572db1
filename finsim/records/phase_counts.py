"""``PhaseCount``: what came of the planned payments of one phase of a narrative."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class PhaseCount:
    """Payments of one phase over all schemes of a narrative: ``planned = posted + declined + dropped``.

    Retries of a declined payment count with it. ``dropped``: never tried, because the pot was empty, a
    condition did not hold, the scheme had ended, or time was over.
    """

    narrative: str
    phase: str
    planned: int
    posted: int
    declined: int
    dropped: int

    def to_dict(self) -> dict[str, str | int]:
        """Return the count by name."""
        return {
            "narrative": self.narrative, "phase": self.phase, "planned": self.planned,
            "posted": self.posted, "declined": self.declined, "dropped": self.dropped,
        }  # fmt: skip
