"""What the series of one payee or of one entity have together: the hour of the day, days behind a due one."""

from __future__ import annotations

import numpy as np

from finsim.generators.events.habits.standing.periods import SHIFTS
from finsim.kernels.xoshiro import fill_uniforms
from finsim.notation import Array, Float1D, Float2D, Int1D
from finsim.randomness import Streams

SAME = 1e-9
LEAST_ALIKE = 0.02
"""Pairs alike beyond chance from which on groups have hours and shifts together (assumption)."""
HOUR, HOURS = 3_600.0, 24


def beyond_chance(group: Int1D, value: Int1D, chance: Float1D) -> float:
    """Return how far beyond chance pairs within groups have one value, 0 to 1; each item counts once.

    chance float64[n] : that a pair has the value of the item's like by chance.
    """
    _, code, size = np.unique(group, return_inverse=True, return_counts=True)
    code, wide = code.reshape(-1), int(value.max(initial=0)) + 1
    joint, times = np.unique(code * wide + value, return_counts=True)
    same = np.bincount(joint // wide, times * (times - 1.0), len(size))
    many = size > 1
    total, expected = float(size[many].sum()), float(chance[many[code]].sum())
    if total - expected <= SAME * total:
        return 0.0
    found = (same[many] / (size[many] - 1)).sum() - expected
    return float(np.clip(found / (total - expected), 0.0, 1.0))


def chances(alike: Float2D) -> Float2D:
    """Return the chances float64[K, 2] to have what is common to an offer, to an entity, from pairs alike."""
    # Series of one offer and one entity would count twice.
    alike = np.stack([alike[:, 0], alike[:, 1] * (1.0 - alike[:, 0])], axis=1)
    # The square of a chance to have what is common is that of two to have it.
    return np.asarray(np.sqrt(alike))


def hour_alike(kind: Int1D, groups: tuple[Int1D, Int1D], second: Float1D, count: int) -> Float2D:
    """Return chances float64[K, 2] that a payment has the hour of its offer, of its entity.

    kind, groups (offers and entities) int64[N], second float64[N] of one payment of each series.
    """
    hour, alike = (second // HOUR).astype(np.int64), np.zeros((count, 2))
    for k in range(count):
        rows = np.flatnonzero(kind == k)
        share = np.bincount(hour[rows], minlength=HOURS) / max(len(rows), 1)
        chance = np.full(len(rows), (share**2).sum())
        alike[k] = [beyond_chance(one[rows], hour[rows], chance) for one in groups]
    return chances(np.where(alike < LEAST_ALIKE, 0.0, alike))


def shift_alike(kind: Int1D, groups: tuple[Int1D, Int1D], due: Int1D, shift: Int1D, count: int) -> Float2D:
    """Return chances float64[K, 2] that a payment is as far from its due day as all of its offer, entity.

    All int64[n] of payments; due : the day due. By the weekday alone some are alike.
    """
    alike, cell = np.zeros((count, 2)), np.clip(shift, -(SHIFTS // 2), SHIFTS // 2) + SHIFTS // 2
    for k in range(count):
        rows = np.flatnonzero(kind == k)
        weekday, day = (due[rows] + 3) % 7, due[rows] - due[rows].min(initial=0)
        share = np.zeros((7, SHIFTS))
        np.add.at(share, (weekday, cell[rows]), 1.0)
        share /= np.maximum(share.sum(axis=1, keepdims=True), 1.0)
        chance, days = (share**2).sum(axis=1)[weekday], int(day.max(initial=0)) + 1
        alike[k] = [beyond_chance(one[rows] * days + day, cell[rows], chance) for one in groups]
    return chances(np.where(alike < LEAST_ALIKE, 0.0, alike))


def drawn_together(own: Array, alike: Float2D, offer: Array, entity: Array) -> Array:
    """Return draws [n, P]: own ones, or with chances float64[n, 2] those of the offer and of the entity."""
    low, high = _bounds(alike)
    rest = _rest(own, high)
    return np.asarray(np.where(own < low, offer, np.where(own < high, entity, rest)))


def in_common_hour(
    own: Array, alike: Float2D, common: tuple[Float1D, Float1D], kind: Int1D, knots: Float2D
) -> tuple[Array, Array]:
    """Return draws [n, P] for an hour of one's own, and seconds of the day [n, P], NaN where it is own.

    common : uniform draws float64[n] of the offer and of the entity; kind int64[n]; knots float64[K, KNOTS],
    quantiles of the second of the day. The common hour is drawn by them, and a second within it by ``own``.
    """
    low, high = _bounds(alike)
    found, grid = np.full(own.shape, np.nan), np.linspace(0.0, 1.0, knots.shape[1])
    for one in np.unique(kind[high[:, 0] > 0]):
        rows, law = np.flatnonzero(kind == one), knots[one]
        rising = law + SAME * np.arange(len(grid))
        for begin, end, draw in ((0.0 * low, low, common[0]), (low, high, common[1])):
            first, last = begin[rows], end[rows]
            hour = (np.interp(draw[rows], grid, law) // HOUR * HOUR)[:, None]
            edges = [np.interp(hour + step, rising, grid) for step in (0.0, HOUR)]
            share = (own[rows] - first) / np.maximum(last - first, SAME)
            second = np.interp(edges[0] + share * (edges[1] - edges[0]), grid, law)
            second = np.clip(second, hour, hour + HOUR - 1e-3)
            found[rows] = np.where((own[rows] >= first) & (own[rows] < last), second, found[rows])
    return _rest(own, high), found


def _bounds(alike: Float2D) -> tuple[Array, Array]:
    low = alike[:, :1]
    return low, low + (1.0 - low) * alike[:, 1:]


def _rest(own: Array, high: Array) -> Array:
    """Return draws [n, P] above the shares ``high`` as uniform ones; the others are any number."""
    return np.asarray(np.where(own >= high, (own - high) / np.maximum(1.0 - high, SAME), 0.5))


def offer_draws(streams: Streams, name: str, period: int, shape: tuple[int, int]) -> Float2D:
    """Return uniform draws [O, P] that an offer has for all generations."""
    found = np.empty(shape)
    fill_uniforms(np.uint64(streams.word(name, period)), 0, found)
    return found
