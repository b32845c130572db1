"""Totals of groups and of the whole table: one value a group, given to each of its rows.

Nulls are passed over. Sums of whole numbers and money are exact: where they leave 64 bits they are null.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from finsim.constraints.tables.group_layout import combined, stable_order
from finsim.constraints.tables.nullable_vectors import Vec, known, solid, spread
from finsim.notation import Array, Bool1D, Float1D, Int1D

_LOW_BITS = 32
_LOW = (1 << _LOW_BITS) - 1
_SAFE = 2**62


@dataclass(frozen=True)
class Groups:
    """The groups of some rows: ``order`` puts equal keys side by side (None: they are so already).

    ``starts`` int64[groups] are the places in that order at which groups begin.
    """

    rows: int
    order: Int1D | None
    starts: Int1D

    @cached_property
    def lengths(self) -> Int1D:
        """Rows of each group."""
        return np.diff(self.starts, append=self.rows)

    def numbers(self) -> Int1D:
        """Return the number of its group for each row."""
        return self.each(np.arange(len(self.starts)))

    def reduced(self, values: Array, ufunc: np.ufunc) -> Array:
        """Return one value a group."""
        if not self.rows:
            return values
        if len(self.starts) == 1:
            return np.asarray(ufunc.reduce(values))[None]
        return ufunc.reduceat(values if self.order is None else values[self.order], self.starts)

    def each(self, per_group: Array) -> Array:
        """Return a group's value in each of its rows."""
        if len(self.starts) == 1:
            return np.broadcast_to(per_group, (self.rows,))
        per_row = np.repeat(per_group, self.lengths)
        if self.order is None:
            return per_row
        out = np.empty_like(per_row)
        out[self.order] = per_row
        return out


def groups_of(key: Int1D) -> Groups:
    """Return the groups of rows from a key that is not negative, int64[N]."""
    order = stable_order(key)
    ordered = key if order is None else key[order]
    first = np.zeros(min(len(key), 1), dtype=np.int64)
    return Groups(len(key), order, np.concatenate((first, np.flatnonzero(np.diff(ordered)) + 1)))


def groups_by(columns: Sequence[Vec], rows: int) -> Groups:
    """Return the groups of rows with equal columns (empty cells are equal); without columns all are one."""
    return groups_of(combined(columns, rows))


def there(x: Vec, rows: int) -> Bool1D:
    """Return which values are not null."""
    return spread(known(x), rows)


def only(x: Vec, counted: Bool1D, rows: int) -> Vec:
    """Return a column whose cells are null where a row does not count."""
    values = spread(x.values, rows)
    if values.dtype.kind == "f":
        return Vec(np.where(counted, values, np.nan))
    return Vec(values, solid(x.valid, rows) & counted)


def aggregated(name: str, x: Vec, groups: Groups) -> Vec:
    """Return ``group_sum``, ``_mean``, ``_std``, ``_min`` or ``_max`` of a column, one value a group."""
    values, given = spread(x.values, groups.rows), there(x, groups.rows)
    with np.errstate(over="ignore", invalid="ignore", divide="ignore"):
        if name == "group_sum":
            return _total(values, given, groups)
        if name == "group_mean":
            return Vec(_mean(values, given, groups))
        if name == "group_std":
            return Vec(_deviation(values, given, groups))
        return _end(values, given, groups, name == "group_min")


def _halves(values: Array, given: Bool1D, groups: Groups) -> tuple[Int1D, Int1D]:
    """Return sums of whole numbers as ``high * 2**32 + low``, with low from 0 to 2**32 - 1."""
    filled = np.where(given, values, 0).astype(np.int64, copy=False)
    high = groups.reduced(filled >> _LOW_BITS, np.add)
    low = groups.reduced(filled & _LOW, np.add)
    return high + (low >> _LOW_BITS), low & _LOW


def _is_small(values: Array, groups: Groups) -> bool:
    """Whether no sum of these whole numbers can leave 64 bits."""
    return not len(values) or max(-int(values.min()), int(values.max()), 1) * groups.rows < _SAFE


def _total(values: Array, given: Bool1D, groups: Groups) -> Vec:
    if values.dtype.kind == "f" or _is_small(values, groups):
        return Vec(groups.reduced(np.where(given, values, 0), np.add))
    high, low = _halves(values, given, groups)
    fits = (high >= -(1 << 31)) & (high < 1 << 31)
    return Vec(np.where(fits, (high << _LOW_BITS) + low, 0), fits)


def _counts(given: Bool1D, groups: Groups) -> Int1D:
    counts: Int1D = groups.reduced(given.astype(np.int64), np.add)
    return counts


def _mean(values: Array, given: Bool1D, groups: Groups) -> Float1D:
    """Return the means; those of floats are corrected by the mean of what is left over."""
    counts = _counts(given, groups)
    share = np.where(counts > 0, counts, np.nan)
    if values.dtype.kind != "f":
        if _is_small(values, groups):
            return np.asarray(groups.reduced(np.where(given, values, 0), np.add) / share)
        high, low = _halves(values, given, groups)
        return np.asarray((high * 2.0**_LOW_BITS + low) / share)
    mean = groups.reduced(np.where(given, values, 0.0), np.add) / share
    left = groups.reduced(np.where(given, values - groups.each(mean), 0.0), np.add) / share
    return np.where(np.isfinite(left), mean + left, mean)


def _deviation(values: Array, given: Bool1D, groups: Groups) -> Float1D:
    """Return the sample standard deviations in two passes (Chan, Golub and LeVeque 1983, eq. 1.7).

    Gaps are counted in units of the largest of their group, so that no square leaves the floats.
    """
    counts = _counts(given, groups)
    gaps = np.where(given, values - groups.each(_mean(values, given, groups)), 0.0)
    largest = np.maximum(groups.reduced(gaps, np.maximum), -groups.reduced(gaps, np.minimum))
    unit = np.where((largest > 0) & np.isfinite(largest), largest, 1.0)
    gaps /= groups.each(unit)
    sums = groups.reduced(gaps, np.add)
    squares = groups.reduced(np.square(gaps, out=gaps), np.add)
    left = np.maximum(squares - sums * sums / np.maximum(counts, 1), 0.0)
    return np.where(counts > 1, unit * np.sqrt(left / np.maximum(counts - 1, 1)), np.nan)


def _end(values: Array, given: Bool1D, groups: Groups, least: bool) -> Vec:
    is_float, limits = values.dtype.kind == "f", np.iinfo(np.int64)
    ufunc = np.minimum if least else np.maximum
    empty = (np.inf if least else -np.inf) if is_float else (limits.max if least else limits.min)
    found = groups.reduced(np.where(given, values, empty), ufunc)
    any_given = _counts(given, groups) > 0
    return Vec(np.where(any_given, found, np.nan)) if is_float else Vec(found, any_given)


def everywhere(per_group: Vec, groups: Groups) -> Vec:
    """Return one value a group in each row of the group."""
    valid = None if per_group.valid is None else groups.each(per_group.valid)
    return Vec(groups.each(per_group.values), valid)
