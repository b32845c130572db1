"""Busy and quiet stretches of each person: payments come in bursts, with silences between them."""

from __future__ import annotations

import numpy as np

from finsim.notation import Float1D, Float2D, Int1D

_DAYS = 3.0  # assumption: days of a stretch in the mean
_SHAPE = 1.3  # assumption: gamma shape of their lengths; below it gaps vary more than any card's
_KNOTS = 512  # stretches of a period at most: longer ones in longer periods


def stretches(people: int, days: int, rng: np.random.Generator) -> Float2D:
    """Return where each person's stretches begin and end, in periods: float64 [P, K + 1], the last row 1 on.

    All stretches of a person hold as many payments and differ in length, so short ones are busy and long ones
    are quiet. The first begins anywhere in the period and the end is followed by the beginning, so no part of
    the period is preferred. Source: own.
    """
    count = int(np.clip(days / _DAYS, 1, _KNOTS))
    lengths = rng.standard_gamma(_SHAPE, (people, count))
    edges = np.zeros((people, count + 1))
    np.cumsum(lengths, axis=1, out=edges[:, 1:])
    edges /= edges[:, -1:]
    edges += rng.random((people, 1))
    return edges


def bunched(edges: Float2D, person: Int1D, u: Float1D) -> Float1D:
    """Return shares of the period, one per entry, that lie in the person's stretches: uniform ``u`` moved."""
    count = edges.shape[1] - 1
    place = u * count
    which = place.astype(np.int64)
    first = person * (count + 1) + which
    flat = edges.ravel()
    begin = flat[first]
    moved = begin + (place - which) * (flat[first + 1] - begin)
    inside: Float1D = moved - np.floor(moved)
    return inside
