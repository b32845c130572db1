"""Thinned sides and resamples of rows in which an entity stays together."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace

import numpy as np

from finsim.evaluation.tables.table_case import TableCase
from finsim.notation import Array, Bool1D, Float1D, Int1D
from finsim.randomness import Streams

RATIO = 20
"""Real rows stand for at most so many times their number: more would only repeat their noise."""


@dataclass(frozen=True)
class RowDraw:
    """How often each row was drawn: synthetic rows, real rows, and real rows in the synthetic role."""

    own: Float1D
    real: Float1D
    acting: Float1D


def row_draws(case: TableCase, metric: str, draws: int) -> Iterator[RowDraw]:
    """Yield bootstrap weights of rows; entities are drawn whole. Source: Efron 1979; Field and Welsh 2007."""
    target = min(case.rows_own, RATIO * case.rows_real)
    for draw in range(draws):
        rng = case.streams.at("table", metric, draw)
        yield RowDraw(
            _weights(rng, case.rows_own, case.entity_own, case.rows_own),
            _weights(rng, case.rows_real, case.entity_real, case.rows_real),
            _weights(rng, case.rows_real, case.entity_real, target),
        )


def relabeled(case: TableCase, metric: str, draws: int) -> Iterator[Bool1D]:
    """Yield bool[n + m]: which of the rows of both sides together play the real side; entities stay whole.

    The null of sums that a few rows decide: a resample repeats them, a new label does not. Source: Fisher
    1935; Pitman 1937.
    """
    rows = case.rows_real + case.rows_own
    who = None
    if case.entity_real is not None and case.entity_own is not None:
        who = np.concatenate([case.entity_real, case.entity_own + int(case.entity_real.max()) + 1])
    count = rows if who is None else int(who.max()) + 1
    real = case.rows_real if who is None else round(count * case.rows_real / rows)
    for draw in range(draws):
        chosen = np.zeros(count, dtype=np.bool_)
        chosen[case.streams.at("table", metric, "labels", draw).permutation(count)[:real]] = True
        yield chosen if who is None else chosen[who]


def _weights(rng: np.random.Generator, rows: int, entity: Int1D | None, target: int) -> Float1D:
    if entity is None:
        return np.bincount(rng.integers(0, rows, target), minlength=rows).astype(np.float64)
    count = int(entity.max()) + 1
    size = max(round(count * target / rows), 1)
    picked = np.bincount(rng.integers(0, count, size), minlength=count).astype(np.float64)
    weights = picked[entity]
    return weights if weights.any() else np.ones(rows)


def thinned(case: TableCase, most: int, metric: str) -> TableCase:
    """Return a case of at most about ``most`` rows a side, drawn without replacement, entities whole."""
    kept = {
        side: _some(case.streams, (metric, side), rows, entity, most)
        for side, rows, entity in (
            ("real", case.rows_real, case.entity_real),
            ("own", case.rows_own, case.entity_own),
            ("spare", case.rows_spare, case.entity_spare),
        )
    }
    if all(rows is None for rows in kept.values()):
        return case
    columns = tuple(
        replace(
            column,
            real=_taken(column.real, kept["real"]),
            own=_taken(column.own, kept["own"]),
            spare=None if column.spare is None else _taken(column.spare, kept["spare"]),
        )
        for column in case.columns
    )
    sizes = {"real": case.rows_real, "own": case.rows_own, "spare": case.rows_spare}
    sizes |= {side: len(rows) for side, rows in kept.items() if rows is not None}
    return replace(
        case, columns=columns, rows_real=sizes["real"], rows_own=sizes["own"], rows_spare=sizes["spare"],
        entity_real=_recoded(case.entity_real, kept["real"]),
        entity_own=_recoded(case.entity_own, kept["own"]),
        entity_spare=_recoded(case.entity_spare, kept["spare"]),
    )  # fmt: skip


def _some(
    streams: Streams, address: tuple[str, str], rows: int, entity: Int1D | None, most: int
) -> Int1D | None:
    if rows <= most:
        return None
    rng = streams.at("table", "thinned", *address)
    if entity is None:
        return np.sort(rng.choice(rows, most, replace=False))
    count = int(entity.max()) + 1
    order = rng.permutation(count)
    sizes = np.bincount(entity, minlength=count)[order]
    chosen = order[: max(int(np.searchsorted(np.cumsum(sizes), most, side="right")), 1)]
    return np.flatnonzero(np.isin(entity, chosen))


def _taken(values: Array, rows: Int1D | None) -> Array:
    return values if rows is None else values[rows]


def _recoded(entity: Int1D | None, rows: Int1D | None) -> Int1D | None:
    if entity is None or rows is None:
        return entity
    return np.unique(entity[rows], return_inverse=True)[1].astype(np.int64)


def clustering(entity: Int1D | None) -> float:
    """Return how many rows count as one in the worst case: the mean size of the entity of a row, or 1."""
    if entity is None:
        return 1.0
    sizes = np.bincount(entity)
    return float((sizes.astype(np.float64) ** 2).sum() / sizes.sum())
