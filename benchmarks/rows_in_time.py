"""As many training rows as the CPU seconds of a fit allow, for peers of which a cut fit cannot sample."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from peer_job import Frame, capped, spent

FIRST = 500
SAFE = 0.7


def fitted_in_time(
    fit: Callable[[Frame, int], Any], frame: Frame, seconds: float, repeats: int = 1
) -> tuple[Any, str]:
    """Return the model of the largest fit that ended, and a note where that is less than the peer's default.

    ``fit(rows, times)`` is tried on the first 500 rows once; the cost is taken as linear in rows and in
    ``times``, of which ``repeats`` is the default.
    """
    found: list[Any] = []
    begun = spent()
    rows, times = min(len(frame), FIRST), 1
    if capped(lambda: found.append(fit(frame.head(rows), times)), seconds):
        raise SystemExit(f"{rows} rows not learned in {seconds:g} CPU s, and a part of a fit cannot sample")
    once = spent() - begun
    units = int(SAFE * (seconds - once) / once * rows)
    more = min(len(frame), units)
    again = max(1, min(repeats, units // len(frame)))
    said = ""
    if more > rows or again > times:
        cut = capped(lambda: found.append(fit(frame.head(more), again)), seconds - once)
        if cut:
            said = f" ({more:,} not ended)"
        else:
            rows, times = more, again
    notes = []
    if rows < len(frame):
        notes.append(f"{rows:,} of {len(frame):,} rows{said}")
    if times < repeats:
        notes.append(f"{times} of {repeats} repeats")
    return found[-1], ", ".join([*notes, f"limit {seconds:g} CPU s"] if notes else [])
