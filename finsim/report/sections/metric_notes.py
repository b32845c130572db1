"""Notes on each metric for the page: how it is computed and what it cannot see."""

from __future__ import annotations

from dataclasses import dataclass

from finsim.evaluation import METRICS

__all__ = ["Note", "note_of"]


@dataclass(frozen=True)
class Note:
    """How a metric is computed, and what it misses."""

    how: str
    misses: str


def note_of(metric: str) -> Note:
    """Return the note of a metric; for one without, its line of the catalogue and the missing limits."""
    if metric not in METRICS:
        return Note("This metric is not in the catalogue of this version.", "Its limits are not known here.")
    found = METRICS.load(metric)
    return Note(
        found.how or f"{METRICS.entries[metric].summary}.",
        found.misses or "Its limits are not written down yet.",
    )
