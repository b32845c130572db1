"""The mean path of many: what a card shows of prices."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from finsim.notation import Float1D, Float3D

MOST_DATES = 120


def mean_path(close: Float3D, prices: Sequence[int], most: int = MOST_DATES) -> Float1D:
    """Return the mean of each price against its first bar, over paths and assets: float64[min(T, most)].

    ``close`` is [N, T, A] and ``prices`` are the indices of assets that are prices; dates are thinned
    evenly, the first and the last kept. A bar that is missing (NaN) counts nowhere; empty without prices.
    """
    steps = close.shape[1]
    if not len(prices) or not close.size:
        return np.empty(0)
    dates = np.unique(np.linspace(0, steps - 1, min(steps, most)).round().astype(int))
    total, count = np.zeros(len(dates)), np.zeros(len(dates))
    for asset in prices:
        first = close[:, 0, asset]
        if np.isnan(first).any():
            each = close[:, :, asset]
            place = np.argmax(~np.isnan(each), axis=1)
            first = np.take_along_axis(each, place[:, None], axis=1)[:, 0]
        ratio = close[:, dates, asset] / first[:, None]
        total += np.nansum(ratio, axis=0)
        count += np.sum(~np.isnan(ratio), axis=0)
    found: Float1D = total[count > 0] / count[count > 0]
    return found
