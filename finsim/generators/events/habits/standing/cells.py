"""The cells of standing payments in columns that neither kind nor payee tells."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from finsim.notation import Array, Float1D, Int1D
from finsim.randomness import Streams
from finsim.records.event_log import EventLog
from finsim.records.mixed_table import MISSING_TIME, NUMBER, TIME, MixedColumn

POOL = 256
"""Cells that tell the law of a column in a kind (assumption)."""


@dataclass(frozen=True)
class Pool:
    """The law of a column by kind: cells [K, POOL] of standing rows, in order of size where they are numbers.

    Of times they are nanoseconds behind the time of the payment. missing float64[K] of numbers, whose cells
    lie between those of the pool. of_entity int64[1] : 1 where the column is rather that of an ordinary row
    of the entity.
    """

    cells: Array
    missing: Float1D
    of_entity: Int1D

    def drawn(self, column: MixedColumn, kind: Int1D, time: Int1D, draw: Float1D) -> Array:
        """Return the cells [n] of payments."""
        place = draw * (POOL - 1)
        low = np.minimum(place.astype(np.int64), POOL - 2)
        if column.kind != NUMBER:
            found = self.cells[kind, (draw * POOL).astype(np.int64)]
            gone = found == MISSING_TIME
            return np.where(gone, found, time + np.where(gone, 0, found)) if column.kind == TIME else found
        lost = self.missing[kind]
        place = np.clip((draw - lost) / np.maximum(1.0 - lost, 1e-9), 0.0, 1.0) * (POOL - 1)
        low = np.minimum(place.astype(np.int64), POOL - 2)
        left, right = self.cells[kind, low], self.cells[kind, low + 1]
        found = left + (place - low) * (right - left)
        found = np.round(np.round(found / column.step) * column.step, 10) if column.step > 0 else found
        return np.where(draw < lost, np.nan, found)


def learn_pools(
    log: EventLog, names: list[str], kind: Int1D, of_row: Int1D, kinds: int, streams: Streams
) -> list[Pool]:
    """Return the pools of some columns; kind int64[N] of series, of_row int64[n] (-1: ordinary rows)."""
    rows = np.flatnonzero(of_row >= 0)
    of_kind = kind[of_row[rows]]
    found = []
    for name in names:
        column, rng = log.events[name], streams.at("cells", name)
        values = column.values[rows]
        if column.kind == TIME:
            values = np.where(column.missing()[rows], MISSING_TIME, values - log.times[rows])
        cells = np.zeros((kinds, POOL), column.values.dtype)
        missing = np.zeros(kinds)
        for k in range(kinds):
            own = values[of_kind == k]
            if column.kind == NUMBER:
                there = own[~np.isnan(own)]
                missing[k] = 1.0 - len(there) / len(own)
                cells[k] = np.quantile(there, np.linspace(0.0, 1.0, POOL)) if len(there) else 0.0
            else:
                cells[k] = np.sort(own)[((rng.permutation(POOL) + 0.5) / POOL * len(own)).astype(np.int64)]
        found.append(Pool(cells, missing, np.array([_is_of_entity(log, name, rows, of_kind, rng) * 1])))
    return found


def _is_of_entity(log: EventLog, name: str, rows: Int1D, kind: Int1D, rng: np.random.Generator) -> bool:
    """Tell whether ordinary rows of the entity tell a cell better than other standing rows of the kind do."""
    column = log.events[name]
    if column.kind == TIME:
        return False
    code = np.unique(column.values, return_inverse=True)[1].reshape(-1)
    ordinary = np.ones(len(code), np.bool_)
    ordinary[rows] = False
    other = np.flatnonzero(ordinary)
    entity = log.entity()
    begin = np.searchsorted(entity[other], entity[rows], side="left")
    wide = np.searchsorted(entity[other], entity[rows], side="right") - begin
    some = wide > 0
    if not some.any():
        return False
    beside = other[begin[some] + (rng.random(int(some.sum())) * wide[some]).astype(np.int64)]
    of_entity = (code[beside] == code[rows[some]]).mean()
    order = np.lexsort((rng.random(len(rows)), kind))
    same = kind[order][1:] == kind[order][:-1]
    of_kind = (code[rows[order]][1:] == code[rows[order]][:-1])[same].mean() if same.any() else 0.0
    return bool(of_entity > of_kind)
