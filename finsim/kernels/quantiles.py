"""Quantiles of groups that stand together, by partition: no group is sorted whole. Twin: ``naive.rules``."""

from __future__ import annotations

import numpy as np

from finsim.kernels.kernel import kernel
from finsim.notation import Array, Float1D, Int1D

_FEW = 16  # values that are put in order one by one
_ROUNDS = 3  # times the logarithm of the size: a partition that goes on longer is sorted instead


@kernel
def known_first(x: Float1D, order: Int1D, starts: Int1D, values: Float1D, counts: Int1D) -> None:
    """Write the values of each group, those that are not NaN first, and how many these are.

    x : float64[N]; order : int64[N], rows in group order (empty: as they stand); starts : int64[G + 1], where
    groups begin in it, and N. values : float64[N], counts : int64[G], written; cells past the counts are not.
    """
    is_ordered = len(order) == 0
    for group in range(len(counts)):
        at = starts[group]
        for place in range(starts[group], starts[group + 1]):
            value = x[place] if is_ordered else x[order[place]]
            values[at] = value
            at += int(value == value)
        counts[group] = at - starts[group]


@kernel
def group_quantiles(values: Float1D, starts: Int1D, counts: Int1D, share: float, out: Float1D) -> None:
    """Write the linear quantile of each group's values; NaN where it has none.

    values : float64[N], moved within each group; share from 0 to 1; out : float64[G], written.
    Source: Hyndman and Fan 1996, type 7; Hoare 1961 (find).
    """
    for group in range(len(counts)):
        begin, count = starts[group], counts[group]
        if count == 0:
            out[group] = np.nan
            continue
        place = (count - 1) * share
        low = int(np.floor(place))
        part = place - low
        _select(values, begin, begin + count, begin + low)
        below = values[begin + low]
        out[group] = below
        if part != 0.0:
            above = values[begin + low + 1]
            for at in range(begin + low + 2, begin + count):
                above = min(above, values[at])
            if above != below:
                out[group] = below + (above - below) * part


@kernel
def _select(values: Array, begin: int, end: int, wanted: int) -> None:
    """Move values so that ``wanted`` holds what it would hold in order, no larger ones before it."""
    low, high, left = begin, end - 1, 2
    size = end - begin
    while size > 0:
        size >>= 1
        left += _ROUNDS
    while high - low >= _FEW:
        left -= 1
        if left == 0:
            values[low : high + 1] = np.sort(values[low : high + 1])
            return
        middle = (low + high) >> 1
        a, b, c = values[low], values[middle], values[high]
        pivot = max(min(a, b), min(max(a, b), c))
        i, j = low, high
        while i <= j:
            while values[i] < pivot:
                i += 1
            while values[j] > pivot:
                j -= 1
            if i <= j:
                values[i], values[j] = values[j], values[i]
                i += 1
                j -= 1
        if wanted <= j:
            high = j
        elif wanted >= i:
            low = i
        else:
            return
    for i in range(low + 1, high + 1):
        value, j = values[i], i - 1
        while j >= low and values[j] > value:
            values[j + 1] = values[j]
            j -= 1
        values[j + 1] = value
