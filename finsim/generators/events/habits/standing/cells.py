"""The cells of standing payments in columns that neither kind nor payee tells."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from finsim.notation import Array, Float1D, Int1D
from finsim.randomness import Streams
from finsim.records.event_log import EventLog
from finsim.records.mixed_table import MISSING_TIME, MISSING_WORD, NUMBER, TIME, MixedColumn

POOL = 256
"""Cells that tell the law of a column in a kind (assumption)."""
ALIKE = 0.05
"""How much more often cells of a series must be equal before the series has one (assumption)."""


@dataclass(frozen=True)
class Pool:
    """The law of a column by kind: cells [K, POOL] of standing rows, in order of size where they are numbers.

    Of times they are nanoseconds behind the time of the payment. missing float64[K]; cells of numbers
    lie between those of the pool. of_entity int64[1] : 1 where the column is rather that of an ordinary row
    of the entity; by_series int64[1] : 1 where it is one for all payments of a series.
    """

    cells: Array
    missing: Float1D
    of_entity: Int1D
    by_series: Int1D

    def drawn(self, column: MixedColumn, kind: Int1D, time: Int1D, draws: tuple[Float1D, Float1D]) -> Array:
        """Return the cells [n] of payments; draws float64[n] each: of the payment, and of its series."""
        lost, draw = self.missing[kind], draws[1] if self.by_series[0] else draws[0]
        if not self.by_series[0]:
            draw = np.clip((draw - lost) / np.maximum(1.0 - lost, 1e-9), 0.0, 1.0 - 1e-12)
        gone = draws[0] < lost
        if column.kind != NUMBER:
            found = self.cells[kind, (draw * POOL).astype(np.int64)]
            if column.kind == TIME:
                return np.where(gone, MISSING_TIME, time + found)
            return np.where(gone, MISSING_WORD, found)
        place = draw * (POOL - 1)
        low = np.minimum(place.astype(np.int64), POOL - 2)
        left, right = self.cells[kind, low], self.cells[kind, low + 1]
        found = left + (place - low) * (right - left)
        found = np.round(np.round(found / column.step) * column.step, 10) if column.step > 0 else found
        return np.where(gone, np.nan, found)


def learn_pools(
    log: EventLog, names: list[str], kind: Int1D, of_row: Int1D, kinds: int, streams: Streams
) -> list[Pool]:
    """Return the pools of some columns; kind int64[N] of series, of_row int64[n] (-1: ordinary rows)."""
    rows = np.flatnonzero(of_row >= 0)
    of_kind = kind[of_row[rows]]
    found = []
    for name in names:
        column, rng = log.events[name], streams.at("cells", name)
        lost = column.missing()[rows]
        values = column.values[rows] - (log.times[rows] if column.kind == TIME else 0)
        cells, missing = np.zeros((kinds, POOL), column.values.dtype), np.zeros(kinds)
        for k in range(kinds):
            own = np.sort(values[(of_kind == k) & ~lost])
            missing[k] = lost[of_kind == k].mean()
            if column.kind == NUMBER and len(own):
                cells[k] = np.quantile(own, np.linspace(0.0, 1.0, POOL))
            elif len(own):
                cells[k] = own[((rng.permutation(POOL) + 0.5) / POOL * len(own)).astype(np.int64)]
            else:
                missing[k] = 1.0
        flags = [
            np.array([one * 1])
            for one in (
                _is_of_entity(log, name, rows, of_kind, rng),
                _is_of_series(values, of_row[rows], of_kind),
            )
        ]
        found.append(Pool(cells, missing, *flags))
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


def _is_of_series(cells: Array, series: Int1D, kind: Int1D) -> bool:
    """Tell whether cells of a series are alike more than those of its kind are."""
    code = np.unique(cells, return_inverse=True)[1].reshape(-1)
    rates = []
    for group in (series, kind):
        joint = np.unique(group * (int(code.max(initial=0)) + 1) + code, return_counts=True)
        same = np.bincount(joint[0] // (int(code.max(initial=0)) + 1), joint[1] * (joint[1] - 1.0))
        size = np.bincount(group).astype(np.float64)
        rates.append(same.sum() / max((size * (size - 1.0)).sum(), 1.0))
    return bool(rates[0] > rates[1] + ALIKE)
