"""How many payments an active day has: by entity and by the day before, and by the date.

A date with more payments than usual draws its sizes at a power of the uniform number: at u ** tilt instead of
u, below 1 for more. Source: own (a Lehmann alternative of the common law).
"""

from __future__ import annotations

import numpy as np

from finsim.generators.events.habits.days.calendar import course
from finsim.generators.events.habits.ledger import sums_by
from finsim.notation import Array, Float1D, Float2D, Int1D

EDGES = (1, 2, 3, 4, 5, 6, 7, 8, 10, 12, 15, 19, 24, 32, 48, 72, 128, 256, 1_024, 8_192)
SIZE_GROUPS, STATES, BINS = 12, 3, len(EDGES) - 1
# Assumptions: days that the common law of sizes is worth; the share of sizes beyond which one counts no more
# for its date; the steepest tilt.
SIZE_WEIGHT, USUAL, STEEPEST = 4.0, 0.98, 8.0
_TILTS = np.exp(np.linspace(-np.log(STEEPEST), np.log(STEEPEST), 65))


def size_steps(size: Float1D) -> Float1D:
    """Return the borders between groups of entities by their payments on a day; one payment is a group."""
    more = size[size > 1e-9]
    if len(more) < 20:
        return np.array([1e-9])
    groups = int(np.clip(len(more) // 10, 1, SIZE_GROUPS - 1))
    inner = np.quantile(more, np.linspace(0, 1, groups + 1)[1:-1])
    return np.unique(np.append(1e-9, inner))


def bins_of(sizes: Int1D) -> Int1D:
    """Return the bin int64[n] of sizes."""
    return np.minimum(np.searchsorted(EDGES, sizes, side="right") - 1, BINS - 1)


def states_before(entity: Int1D, sizes: Int1D) -> Int1D:
    """Return 0, 1 or 2 after 1, 2 to 3 or more payments on the active day before: int64[n]."""
    before = np.concatenate([[1], sizes[:-1]])
    before[np.append(True, entity[1:] != entity[:-1])] = 1
    return np.where(before == 1, 0, np.where(before < 4, 1, 2))


def learn_sizes(
    entity: Int1D, sizes: Int1D, group: Int1D, groups: int, day: Int1D, weekday: Int1D
) -> tuple[Array, Float1D, Float1D]:
    """Return cumulative shares [groups, 3, B] of sizes, the tilt of each date [D] and of each weekday [7].

    entity, sizes, day : int64[n], active days in order; group : int64[E]; weekday : int64[D].
    """
    chosen = bins_of(sizes)
    cell = group[entity] * STATES + states_before(entity, sizes)
    counts = np.bincount(cell * BINS + chosen, minlength=groups * STATES * BINS)
    counts = counts.reshape(groups, STATES, BINS).astype(np.float64)
    whole = counts.sum(axis=1) + 1e-3 * (counts.sum(axis=(0, 1)) + 1e-9) / max(counts.sum(), 1.0)
    whole /= whole.sum(axis=1, keepdims=True)
    law = counts + SIZE_WEIGHT * whole[:, None]
    cumulative = np.cumsum(law / law.sum(axis=2, keepdims=True), axis=2)
    return cumulative, *_tilts(cumulative.reshape(-1, BINS), cell, chosen, day, weekday)


def _tilts(
    cumulative: Float2D, cell: Int1D, chosen: Int1D, day: Int1D, weekday: Int1D
) -> tuple[Float1D, Float1D]:
    """Return the tilts of dates and weekdays with which sizes have the mean that is believed of each."""
    days, cells = len(weekday), len(cumulative)
    if not len(day):
        return np.ones(days), np.ones(7)
    edges = np.array(EDGES, np.float64)
    middle = (edges[:-1] + edges[1:] - 1.0) / 2.0
    most = middle[np.argmax(cumulative >= USUAL, axis=1)]
    value = np.minimum(middle[None, :], most[:, None])
    share = np.diff(cumulative, axis=1, prepend=0.0)
    mean = (share * value).sum(axis=1)
    variance = (share * value**2).sum(axis=1) - mean**2
    # Cells of each date, those of all where a date has none.
    cells_of = np.bincount(day * cells + cell, minlength=days * cells).reshape(days, cells).astype(np.float64)
    common = cells_of.sum(axis=0)
    seen = sums_by(day, value[cell, chosen], days)
    dates, weekly = course(seen, cells_of @ mean, cells_of @ np.maximum(variance, 0.0), weekday)
    turned = np.stack([_means(cumulative, value, tilt) for tilt in _TILTS], axis=1)
    cells_of[cells_of.sum(axis=1) == 0] = common
    by_date = _solved(cells_of @ turned, (cells_of @ mean) * dates)
    of_weekday = np.stack([sums_by(weekday, one, 7) for one in cells_of.T], axis=1)
    of_weekday[of_weekday.sum(axis=1) == 0] = common
    return by_date, _solved(of_weekday @ turned, (of_weekday @ mean) * weekly)


def _means(cumulative: Float2D, value: Float2D, tilt: float) -> Float1D:
    """Return the mean value [cells] of sizes drawn at u ** tilt."""
    share = np.diff(cumulative ** (1.0 / tilt), axis=1, prepend=0.0)
    return np.asarray((share * value).sum(axis=1))


def _solved(means: Float2D, wanted: Float1D) -> Float1D:
    """Return the tilt of each row whose mean is the wanted one; ``means`` [n, T] fall with the tilt."""
    logs = np.log(_TILTS[::-1])
    return np.exp([np.interp(one, row[::-1], logs) for one, row in zip(wanted, means, strict=True)])
