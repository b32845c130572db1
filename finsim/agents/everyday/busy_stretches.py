"""Busy and quiet stretches of each person: payments come in bursts, with silences between them."""

from __future__ import annotations

import numpy as np

from finsim.notation import Float1D, Float2D, Int1D

_DAYS = 3.0  # assumption: days of a stretch in the mean
_SHAPE = 1.2  # assumption: gamma shape of what their lengths have above the least one
_MOST = 9.0  # assumption: purchases a day in the mean in the shortest stretch that anybody has
_LEAST = 0.08  # assumption: shortest stretch, in mean ones, of who seldom buys
_KNOTS = 512  # stretches of a period at most: longer ones in longer periods


def stretches(rate: Float1D, days: int, rng: np.random.Generator) -> Float2D:
    """Return where each person's stretches begin and end, in periods: float64 [P, K + 1], the last row 1 on.

    All stretches of a person hold as many payments and differ in length, so short ones are busy and long ones
    are quiet. ``rate`` is how often each person buys a day: no stretch is so short that people would buy more
    than nine times a day in it, beyond what the calendar adds. The first begins anywhere in the period and
    the end is followed by the beginning, so no part of the period is preferred. Source: own.
    """
    count = int(np.clip(days / _DAYS, 1, _KNOTS))
    people, least = len(rate), np.clip(rate / _MOST, _LEAST, 1.0)[:, None]
    lengths = least + (1.0 - least) * rng.standard_gamma(_SHAPE, (people, count)) / _SHAPE
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
