"""From counts of each entity to a score: whole entities are resampled, never single rows."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from finsim.evaluation.events.event_case import EventCase, EventSide
from finsim.evaluation.metric import Evidence, Metric, Score
from finsim.notation import Array, Float1D, Float2D, Int1D

Counts = Callable[[EventSide], Float2D]
"""A side -> float64[E, K]: what each entity adds to K sums."""
Gap = Callable[[Float2D, Float2D], Float1D]
"""Two stacks of sums float64[b, K] -> distances float64[b]."""
CELLS = 100


@dataclass(frozen=True)
class EntityWeights:
    """How often each entity is drawn, float64[B, E]: of both sides, and of real data in both roles.

    ``left`` and ``right`` are over the real entities, or over real and held-out ones together.
    """

    real: Float2D
    own: Float2D
    left: Float2D
    right: Float2D


def entity_weights(case: EventCase) -> EntityWeights:
    """Draw the weights of a case; with a hold-out the two real roles are random parts of the union."""
    draws = case.settings.bootstrap
    real, own = case.sides[0].sequences.count, case.sides[1].sequences.count
    held = case.held_out
    if held is None:
        twins = _drawn(case, "left", real, real, draws), _drawn(case, "right", own, real, draws)
    else:
        rng = case.streams.at("events", "split")
        union = real + held.sequences.count
        left = np.stack([rng.permutation(union) < real for _ in range(draws)]).astype(np.float64)
        twins = left, 1.0 - left
    return EntityWeights(
        _drawn(case, "real", real, real, draws), _drawn(case, "own", own, own, draws), *twins
    )


def _drawn(case: EventCase, role: str, size: int, among: int, draws: int) -> Float2D:
    rng = case.streams.at("events", "draws", role)
    return rng.multinomial(size, np.full(among, 1.0 / among), draws).astype(np.float64)


def compared(
    metric: Metric[EventCase],
    case: EventCase,
    weights: EntityWeights,
    subject: str,
    counts: Counts,
    gap: Gap,
    useless: Sequence[EventSide],
    note: str = "",
) -> Score:
    """Return the score of a distance between sums over entities.

    ``useless`` are twins without what the statistic looks for; the farthest one is the ceiling. A given
    hold-out that is farther from the training part than random parts of both raises the floor by as much.
    """
    real, own = counts(case.sides[0]), counts(case.sides[1])
    total = real.sum(axis=0)[None]
    value = float(gap(own.sum(axis=0)[None], total)[0])
    both, spare = real, None
    if case.held_out is not None:
        held = counts(case.held_out)
        both = np.concatenate([real, held])
        spare = float(gap(held.sum(axis=0)[None], total)[0])
    floors = gap(weights.right @ both, weights.left @ both)
    if len(floors) and np.ptp(floors) == 0.0:
        floors = floors + unseen(len(floors), len(real))
    if spare is not None:
        floors = floors + max(spare - float(np.median(floors)), 0.0)
    draws = gap(weights.own @ own, weights.real @ real)
    ceiling = max(float(gap(counts(side).sum(axis=0)[None], total)[0]) for side in useless)
    evidence = Evidence(value, draws, floors, spare)
    return metric.compared(subject, evidence, ceiling=ceiling, n=case.sides[1].sequences.count, note=note)


def unseen(draws: int, entities: int) -> Float1D:
    """Return float64[B] how often what no resample shows may still be met: exponential, mean 1 / entities."""
    return -np.log1p(-(np.arange(draws) + 0.5) / draws) / entities


def shares_gap(left: Float2D, right: Float2D) -> Float1D:
    """Return half the sum of |p - q| over cells; 1 where one side is empty, NaN where both are."""
    return np.asarray(_either(left, right, lambda p, q: 0.5 * np.abs(p - q).sum(axis=1)))


def steps_gap(left: Float2D, right: Float2D) -> Float1D:
    """Return sup |F - G| over ordered cells; 1 where one side is empty, NaN where both are."""
    return np.asarray(_either(left, right, lambda p, q: np.abs(np.cumsum(p - q, axis=1)).max(axis=1)))


def _either(left: Float2D, right: Float2D, gap: Gap) -> Float1D:
    sizes = left.sum(axis=1), right.sum(axis=1)
    with np.errstate(divide="ignore", invalid="ignore"):
        found = gap(left / sizes[0][:, None], right / sizes[1][:, None])
    found = np.where((sizes[0] > 0) != (sizes[1] > 0), 1.0, found)
    return np.where((sizes[0] > 0) | (sizes[1] > 0), found, np.nan)


def rates_gap(left: Float2D, right: Float2D) -> Float1D:
    """Return the largest difference of J rates; sums are J hits, then J bases: float64[b, 2 J].

    A rate with a base on one side only differs by 1; one without any is left out.
    """
    half = left.shape[1] // 2
    with np.errstate(divide="ignore", invalid="ignore"):
        apart = np.abs(left[:, :half] / left[:, half:] - right[:, :half] / right[:, half:])
    has = left[:, half:] > 0, right[:, half:] > 0
    apart = np.where(has[0] != has[1], 1.0, apart)
    known = has[0] | has[1]
    worst = np.where(known, apart, 0.0).max(axis=1)
    return np.asarray(np.where(known.any(axis=1), worst, np.nan))


def cells_of(values: Float1D, edges: Float1D) -> Int1D:
    """Return the cell of each value: 2 k + 1 at edge k, even ones between the edges; -1 if NaN."""
    below = np.searchsorted(edges, values, side="left")
    at = np.searchsorted(edges, values, side="right") - below
    return np.where(np.isnan(values), -1, 2 * below + at).astype(np.int64)


def edges_of(values: Float1D, cells: int = CELLS) -> Float1D:
    """Return at most ``cells`` distinct quantiles of the values, for ``cells_of``."""
    known = values[np.isfinite(values)]
    if len(known) == 0:
        return np.zeros(1)
    return np.unique(np.quantile(known, np.linspace(0.0, 1.0, cells), method="inverted_cdf"))


def tallied(entity: Int1D, cell: Int1D, entities: int, cells: int) -> Float2D:
    """Return float64[E, K] how many rows of each entity are in each cell; a cell below 0 is left out."""
    kept = cell >= 0
    flat = entity[kept] * cells + cell[kept]
    return np.bincount(flat, minlength=entities * cells).reshape(entities, cells).astype(np.float64)


def hits(side: EventSide, base: Array, *found: Array) -> Float2D:
    """Return float64[E, 2 J]: how often each of J facts holds among the rows of a base, and these rows."""
    entity, count = side.sequences.entity(), side.sequences.count
    size = np.bincount(entity, weights=base.astype(np.float64), minlength=count)
    sums = [np.bincount(entity, weights=(one & base).astype(np.float64), minlength=count) for one in found]
    return np.stack([*sums, *([size] * len(found))], axis=1)


def spread(values: Callable[[EventSide], tuple[Int1D, Float1D]], real: EventSide) -> Counts:
    """Return counts in cells between quantiles of the real values; ``values`` gives entity and value."""
    edges = edges_of(values(real)[1])

    def counted(side: EventSide) -> Float2D:
        entity, found = values(side)
        return tallied(entity, cells_of(found, edges), side.sequences.count, 2 * len(edges) + 1)

    return counted
