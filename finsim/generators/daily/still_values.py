"""Values that a series has again and again: a price that stands still, a bar without a shadow."""

from __future__ import annotations

import numpy as np

from finsim.notation import Array, Float1D, Float2D

# assumption: where a tenth of all moves lie within a thousandth of a deviation, a series stands still.
_STILL, _NARROW = 0.1, 1e-3
# assumption: a value is one that comes again where three rows or more, and one in fifty, have it.
_AGAIN, _FEWEST = 0.02, 3
# In deviations; well above what the tables of a walk keep the order of equal scores by.
_HALF = 1e-4


def resting_place(moves: Float1D) -> float:
    """Return the mean of moves float64[n], or the value near which a tenth of them or more lie.

    A move is scaled around it, so days that stand still do so on every path, however tense it is; around
    the mean they would become moves against it, larger than all others where it is calm.
    """
    ordered, share = np.sort(moves), int(np.ceil(_STILL * len(moves)))
    widths = ordered[share - 1 :] - ordered[: len(ordered) - share + 1]
    nearest = int(widths.argmin())
    if widths[nearest] <= _NARROW * moves.std():
        return float(ordered[nearest + share // 2])
    return float(moves.mean())


def still_values(rows: Array) -> Float2D:
    """Return float64[C, 2]: the commonest value of each channel of float64[n, C], and how near counts as it.

    Nothing counts as it, -1, where no value comes again and again.
    """
    found = []
    for column in rows.T:
        values, counts = np.unique(column, return_counts=True)
        most = int(counts.argmax())
        often = counts[most] >= max(_AGAIN * len(column), _FEWEST)
        found.append([values[most], _HALF * column.std() if often else -1.0])
    return np.array(found)
