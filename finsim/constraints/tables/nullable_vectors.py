"""Nullable vectors and three-valued (Kleene) logic as two boolean arrays.

A null float is NaN; every other type carries a mask of valid rows (None: all are). A truth is two
boolean arrays, "is true" and "is false"; where both are False it is unknown (Kleene's third value).
Scalars stand for constants and broadcast.
"""

from __future__ import annotations

import operator
from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np

from finsim.notation import Array, Bool1D

Mask = Any  # bool array, numpy bool scalar, or None for "all valid"
TRUE, FALSE = np.bool_(True), np.bool_(False)


class Vec(NamedTuple):
    """One column of values: float64 with NaN as null, or int64/bool/codes with a mask of valid rows."""

    values: Any
    valid: Mask = None


class Rails:
    """A truth value per row: ``yes`` where it is true, ``no`` where it is false, neither where unknown.

    A rail may be given as a function; it is computed when first asked for. Most rules hold in most
    blocks, and then nobody asks where they are false.
    """

    __slots__ = ("_no", "_yes")

    def __init__(self, yes: Any, no: Any) -> None:
        self._yes, self._no = yes, no

    @property
    def yes(self) -> Any:
        """Where it is true."""
        if callable(self._yes):
            self._yes = self._yes()
        return self._yes

    @property
    def no(self) -> Any:
        """Where it is false."""
        if callable(self._no):
            self._no = self._no()
        return self._no


def both(a: Mask, b: Mask) -> Mask:
    """Return the rows valid in both masks."""
    if a is None:
        return b
    return a if b is None else a & b


def spread(values: Any, rows: int) -> Array:
    """Return a scalar or array as an array of ``rows`` values."""
    array = np.asarray(values)
    return array if array.ndim else np.full(rows, array)


def solid(mask: Mask, rows: int) -> Bool1D:
    """Return a mask as an array of ``rows`` flags."""
    return np.ones(rows, dtype=bool) if mask is None else spread(mask, rows)


def known(vec: Vec) -> Mask:
    """Return the mask of rows that are not null, NaN included."""
    if np.asarray(vec.values).dtype.kind == "f":
        return ~np.isnan(vec.values)
    return TRUE if vec.valid is None else vec.valid


_YES: dict[str, Callable[[Any, Any], Any]] = {
    "<": operator.lt, "<=": operator.le, ">": operator.gt, ">=": operator.ge,
    "=": operator.eq, "!=": operator.ne,
}  # fmt: skip
_NO = {"<": ">=", "<=": ">", ">": "<=", ">=": "<"}


def compare(op: str, a: Vec, b: Vec, slack: Any = None, relative: bool = False) -> Rails:
    """Compare two columns; ``slack`` loosens the comparison by an amount or a share of the larger side."""
    x, y = a.values, b.values
    if slack is not None:
        with np.errstate(over="ignore"):
            share = slack * np.maximum(np.abs(x), np.abs(y)) if relative else slack
        return _loose(op, a, b, share)
    if not _is_float(x) and not _is_float(y):
        return certain(_YES[op](x, y), both(a.valid, b.valid))
    if op == "=":
        return Rails(lambda: x == y, lambda: (x < y) | (x > y))
    if op == "!=":
        return Rails(lambda: (x < y) | (x > y), lambda: x == y)
    return Rails(lambda: _YES[op](x, y), lambda: _YES[_NO[op]](x, y))


def _loose(op: str, a: Vec, b: Vec, slack: Any) -> Rails:
    x, y = a.values, b.values
    valid = both(a.valid, b.valid)
    if op in ("=", "!="):
        with np.errstate(over="ignore", invalid="ignore"):
            gap = np.abs(x - y)
        rails = Rails(lambda: kept(gap <= slack, valid), lambda: kept(gap > slack, valid))
        return rails if op == "=" else Rails(lambda: rails.no, lambda: rails.yes)
    with np.errstate(over="ignore", invalid="ignore"):
        left, right = (x, y + slack) if op in ("<", "<=") else (x + slack, y)
    return Rails(lambda: kept(_YES[op](left, right), valid), lambda: kept(_YES[_NO[op]](left, right), valid))


def kept(flag: Any, valid: Mask) -> Any:
    """Return a flag, false where a row is not valid."""
    return flag if valid is None else flag & valid


def certain(yes: Any, valid: Mask) -> Rails:
    """Return the truth of a flag that is right wherever a row is valid, and unknown elsewhere."""
    flag = np.asarray(yes)
    return Rails(kept(flag, valid), lambda: kept(~flag, valid))


def _is_float(values: Any) -> bool:
    return isinstance(values, float) or getattr(values, "dtype", np.dtype(bool)).kind == "f"


def truth(vec: Vec) -> Rails:
    """Return a boolean column as two boolean arrays, true and false."""
    return certain(vec.values, vec.valid)


def flags(rails: Rails) -> Vec:
    """Return a truth as a boolean column."""
    return Vec(rails.yes, rails.yes | rails.no)


def choose(condition: Rails, a: Vec, b: Vec) -> Vec:
    """Return ``a`` where the condition is true, ``b`` where false, null where unknown."""
    values = np.where(condition.yes, a.values, b.values)
    if values.dtype.kind == "f":
        return Vec(np.where(condition.yes | condition.no, values, np.nan))
    left = condition.yes if a.valid is None else condition.yes & a.valid
    right = condition.no if b.valid is None else condition.no & b.valid
    return Vec(values, left | right)


def quotient(a: Any, b: Any) -> tuple[Any, int]:
    """Return ``a / b`` and the number of rows where a zero divisor made it null."""
    with np.errstate(divide="ignore", invalid="ignore", over="ignore"):
        result = np.asarray(np.true_divide(a, b))
    zero = np.asarray(b) == 0
    if not zero.any():
        return result, 0
    made = int(np.count_nonzero(np.broadcast_to(zero & ~np.isnan(a), result.shape)))
    return np.where(zero, np.nan, result), made


def product(a: Vec, b: Vec) -> tuple[Vec, int]:
    """Return the product of two int64 columns and the number of rows null because it left int64."""
    with np.errstate(over="ignore"):
        values = np.multiply(a.values, b.values, dtype=np.int64)
    bound = _peak(a.values) * _peak(b.values)
    valid = both(a.valid, b.valid)
    if bound < 2**61:  # far enough from the limit below that rounding cannot matter
        return Vec(values, valid), 0
    fits = np.abs(np.multiply(a.values, b.values, dtype=np.float64)) < 2.0**62
    kept = fits if valid is None else valid & fits
    return Vec(values, kept), int(np.size(values) - np.count_nonzero(fits))


def _peak(values: Any) -> int:
    return int(np.max(np.abs(values))) if np.size(values) else 0
