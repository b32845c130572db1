"""``Openings``: how much accounts hold at first, told by how far they fall from there. Source: own.

An account that falls far below its opening had much, or was allowed to owe: what is learned is the lowest
balance of accounts that fall as far. So new accounts owe as often as the learned ones, and none falls below
the lowest of all, though nothing in their rows looks at what they hold.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from finsim.notation import Array, Float1D, Int1D

KNOTS = 33
CLASS = 30
"""Accounts that tell the lowest balances of a class of falls (assumption)."""
MOST_CLASSES = 16


@dataclass(frozen=True)
class Openings:
    """Lowest balances float64[K, KNOTS] in order of size by class of fall; falls float64[K] their middles."""

    falls: Float1D
    lowest: Array

    def draw(self, fall: Float1D, draws: Float1D) -> Float1D:
        """Return the opening balance of accounts float64[n] that fall so far below it; draws in [0, 1)."""
        at = np.interp(fall, self.falls, np.arange(len(self.falls), dtype=np.float64))
        low = np.minimum(at.astype(np.int64), len(self.falls) - 1)
        high, share = np.minimum(low + 1, len(self.falls) - 1), at - np.floor(at)
        place = draws * (KNOTS - 1)
        left = np.minimum(place.astype(np.int64), KNOTS - 2)
        inside = place - left
        found = np.zeros(len(fall))
        for rows, weight in ((low, 1.0 - share), (high, share)):
            cells = self.lowest[rows, left] + inside * (self.lowest[rows, left + 1] - self.lowest[rows, left])
            found += weight * cells
        return np.asarray(found + fall)

    def to_dict(self) -> dict[str, Any]:
        """Return plain JSON types."""
        return {"falls": self.falls.tolist(), "lowest": self.lowest.tolist()}

    @classmethod
    def from_dict(cls, data: Mapping[str, Any]) -> Openings:
        """Return the law that ``to_dict`` wrote."""
        return cls(np.asarray(data["falls"], np.float64), np.asarray(data["lowest"], np.float64))


def learn_openings(lowest: Float1D, fall: Float1D) -> Openings:
    """Learn the openings of at least one account from their lowest balances float64[n].

    ``fall`` float64[n] >= 0 : how far each goes below its opening.
    """
    classes = int(np.clip(len(fall) // CLASS, 1, MOST_CLASSES))
    order = np.argsort(fall, kind="stable")
    parts = np.array_split(order, classes)
    places = np.linspace(0.0, 1.0, KNOTS)
    knots = np.stack([np.quantile(lowest[part], places) for part in parts])
    middles = np.array([float(np.median(fall[part])) for part in parts])
    return Openings(np.maximum.accumulate(middles), knots)


def falls(sums: Float1D, starts: Int1D) -> Float1D:
    """Return how far accounts fall below their opening float64[E]; sums float64[n] moved up to each row.

    Rows by account, ``starts`` int64[E] of accounts with at least one.
    """
    return np.maximum(-np.minimum.reduceat(sums, starts), 0.0) if len(starts) else np.zeros(0)
