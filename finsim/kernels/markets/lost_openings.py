"""Openings that no trade can have been near: far from the close before, and given back whole by the next."""

from __future__ import annotations

import numpy as np

from finsim.kernels.kernel import kernel
from finsim.notation import Bool1D, Float1D

# assumption: neighbours are the days of three months. An opening is beyond belief from twelve of their mean
# absolute returns on, as a move without a known opening is that is taken for a split
# (finsim.markets.reading.remarks), and where no more than a quarter of the gap is left at the close.
_REACH, _BEYOND, _LEFT = 33, 12.0, 0.25


@kernel
def lost_openings(gaps: Float1D, moves: Float1D) -> Bool1D:
    """Return which days of one series open where nothing else of the day, or of days around it, is.

    gaps, moves : float64[n], log returns from the close before to the open, and from there to the close. On
    such a day both are larger than twelve mean absolute returns of the 33 days on each side, and they cancel
    but for a quarter of the gap. Source: own; outliers told by their neighbours as in Brownlees & Gallo 2006.
    """
    found = np.zeros(len(gaps), dtype=np.bool_)
    for day in range(len(gaps)):
        gap, move = gaps[day], moves[day]
        if abs(gap + move) > _LEFT * abs(gap):
            continue
        total, count = 0.0, 0
        for other in range(max(day - _REACH, 0), min(day + _REACH + 1, len(gaps))):
            if other != day:
                total += abs(gaps[other] + moves[other])
                count += 1
        found[day] = total > 0.0 and min(abs(gap), abs(move)) * count > _BEYOND * total
    return found
