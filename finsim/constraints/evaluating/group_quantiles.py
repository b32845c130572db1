"""Quantiles of groups: small tables are sorted whole, large ones by a kernel; the values are the same."""

from __future__ import annotations

import numpy as np

from finsim.constraints.tables.group_layout import stable_order
from finsim.notation import Float1D, Int1D

SORTED_ROWS = 32_768  # sorting so many rows takes as long as loading machine code


def group_quantiles(x: Float1D, share: float, key: Int1D) -> Float1D:
    """Return for each row the linear quantile of the known values of its key, NaN where none is known."""
    if not len(x):
        return np.zeros(0)
    if len(x) <= SORTED_ROWS:
        order: Int1D | None = np.lexsort((x, key))  # NaN sorts last in its group
    else:
        order = stable_order(key)
    keys = key if order is None else key[order]
    starts = np.concatenate(([0], np.flatnonzero(keys[1:] != keys[:-1]) + 1, [len(x)]))
    if order is not None and len(x) <= SORTED_ROWS:
        found = _of_sorted(x[order], starts, share)
    else:
        found = _by_kernel(x, order, starts, share)
    per_row = np.repeat(found, np.diff(starts))
    if order is None:
        return per_row
    out = np.empty(len(x))
    out[order] = per_row
    return out


def _of_sorted(values: Float1D, starts: Int1D, share: float) -> Float1D:
    counts = np.add.reduceat((~np.isnan(values)).astype(np.int64), starts[:-1])
    place = np.maximum(counts - 1, 0) * share
    low = np.floor(place).astype(np.int64)
    high, part = np.minimum(low + 1, np.maximum(counts - 1, 0)), place - low
    below, above = values[starts[:-1] + low], values[starts[:-1] + high]
    with np.errstate(invalid="ignore", over="ignore"):
        found: Float1D = np.where((part == 0) | (below == above), below, below + (above - below) * part)
    return found


def _by_kernel(x: Float1D, order: Int1D | None, starts: Int1D, share: float) -> Float1D:
    from finsim.kernels.quantiles import group_quantiles as found_by_kernel

    found = np.empty(len(starts) - 1)
    found_by_kernel(x, np.zeros(0, dtype=np.int64) if order is None else order, starts, share, found)
    return found
