"""Scores that a test writes into a scorecard."""

from __future__ import annotations

from typing import Any


def score(metric: str, use: str = "share", **told: Any) -> dict[str, Any]:
    """Return one score of a scorecard."""
    names = ("value", "low", "high", "floor", "ceiling", "goal")
    rest = {"n": 0, "verdict": "pass", "unit": "share", "reason": "", "note": "", "direction": "lower"}
    return {"metric": metric, "subject": "loans", "use": use, **dict.fromkeys(names), **rest, **told}
