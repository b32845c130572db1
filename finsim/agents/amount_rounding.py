"""Rounding of amounts: charm prices in shops, round amounts in transfers, exact cents elsewhere."""

from __future__ import annotations

import numpy as np

from finsim.notation import Array, Cents1D, Float1D


def exact(value: Array) -> Cents1D:
    """Return amounts of whole cents, at least 1, from amounts in cents."""
    return np.maximum(np.rint(value), 1).astype(np.int64)


def charmed(value: Array, u: Float1D, share: Float1D | float) -> Cents1D:
    """Return shop prices: a ``share`` ends in .99, .95, .49 or .00, the rest keeps its cents.

    Source: charm endings are the most common price endings in retail; the mix is an assumption.
    """
    whole = np.ceil(value / 100) * 100
    part = u / np.maximum(share, 1e-12)
    cut = np.where(part < 0.5, 1, np.where(part < 0.68, 5, np.where(part < 0.78, 51, 0)))
    return exact(np.where(part < 1.0, whole - cut, value))


def rounded(value: Array, u: Float1D, share: Float1D | float) -> Cents1D:
    """Return transfer amounts: a ``share`` is cut to one or two leading digits, the rest keeps its cents.

    Cutting down never changes the first digit, so a Benford sample stays one.
    """
    size = 10.0 ** np.floor(np.log10(np.maximum(value, 1.0)))
    part = u / np.maximum(share, 1e-12)
    coarse = np.maximum(np.where(part < 0.5, size / 2, size / 10), 100.0)
    cut = np.where(value >= 100, np.floor(value / coarse) * coarse, value)
    return exact(np.where(part < 1.0, np.where(cut > 0, cut, value), value))


def notes(value: Array, step: int = 2_000) -> Cents1D:
    """Return amounts of whole bank notes: multiples of ``step`` cents, at least one."""
    return (np.maximum(np.rint(value / step), 1) * step).astype(np.int64)


_POINTS = np.array([1.0, 1.5, 2.0, 2.5, 5.0, 7.5])  # assumption: leading digits of round prices


def price_points(value: Array) -> Cents1D:
    """Return the nearest round prices, by ratio: 1, 1.5, 2, 2.5, 5 or 7.5 times a power of ten."""
    size = 10.0 ** np.floor(np.log10(np.maximum(value, 1.0)))
    bounds = np.sqrt(_POINTS * np.append(_POINTS[1:], 10.0))
    place = np.searchsorted(bounds, np.maximum(value, 1.0) / size)
    return exact(np.append(_POINTS, 10.0)[place] * size)
