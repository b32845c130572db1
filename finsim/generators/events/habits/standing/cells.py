"""The cells of standing payments in columns that neither kind nor payee tells."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np

from finsim.generators.events.habits.cells.later_times import times_after, waits
from finsim.notation import Array, Bool1D, Float1D, Int1D
from finsim.randomness import Streams
from finsim.records.event_log import EventLog
from finsim.records.mixed_table import MISSING_TIME, MISSING_WORD, NUMBER, TIME, MixedColumn

POOL = 256
"""Cells that tell the law of a column in a kind (assumption)."""
ALIKE = 0.05
"""How much more often cells of a series must be equal before the series has one (assumption).

Of an entity : in parts of how often cells of the kind differ.
"""
ERRORS = 2.0
"""Standard errors that the entity must tell more than the kind (assumption)."""
SIDES: tuple[Literal["left"], Literal["right"]] = "left", "right"


@dataclass(frozen=True)
class Pool:
    """The law of a column by kind: cells [K, POOL] of standing rows, in order of size where they are numbers.

    Of times they are nanoseconds behind the time of the payment. missing float64[K]; cells of numbers
    lie between those of the pool. of_entity int64[K] : 1 where the column is rather that of ordinary rows
    of the entity; by_series int64[K] : 1 where it is one for all payments of a series.
    """

    cells: Array
    missing: Float1D
    of_entity: Int1D
    by_series: Int1D

    def drawn(self, column: MixedColumn, kind: Int1D, time: Int1D, draws: tuple[Float1D, Float1D]) -> Array:
        """Return the cells [n] of payments; draws float64[n] each: of the payment, and of its series."""
        lost = self.missing[kind]
        draw = np.where(_flag(self.by_series, kind), draws[1], _left(draws[0], lost))
        gone = draws[0] < lost
        if column.kind != NUMBER:
            found = self.cells[kind, (draw * POOL).astype(np.int64)]
            if column.kind == TIME:
                return times_after(time, np.where(gone, MISSING_TIME, found), column.step)
            return np.where(gone, MISSING_WORD, found)
        place = draw * (POOL - 1)
        low = np.minimum(place.astype(np.int64), POOL - 2)
        left, right = self.cells[kind, low], self.cells[kind, low + 1]
        found = left + (place - low) * (right - left)
        found = np.round(np.round(found / column.step) * column.step, 10) if column.step > 0 else found
        return np.where(gone, np.nan, found)

    def of_own(
        self, column: MixedColumn, kind: Int1D, spans: tuple[Int1D, Int1D], draw: Float1D, cells: Array
    ) -> Array:
        """Return cells [n] with those of the entity where it tells them: of one of its filled ordinary rows.

        column : ordinary rows, from ``spans`` int64[n] to int64[n] of the entity of each payment. An entity
        with ordinary rows but none filled has none; one without rows has ``cells``.
        """
        there = np.flatnonzero(~column.missing())
        begin, end = (np.searchsorted(there, one) for one in spans)
        wide, own = end - begin, _flag(self.of_entity, kind)
        nothing = _empty_cell(column)
        if not len(there):
            return np.where(own & (spans[1] > spans[0]), nothing, cells)
        lost = self.missing[kind]
        at = begin + np.minimum((_left(draw, lost) * wide).astype(np.int64), np.maximum(wide - 1, 0))
        told = column.values[there[np.minimum(at, len(there) - 1)]]
        told = np.where((draw < lost) | (wide == 0), nothing, told)
        return np.where(own & (spans[1] > spans[0]), told, cells)


def _flag(flags: Int1D, kind: Int1D) -> Bool1D:
    """Return the flag of each kind bool[n]; models of before have one flag for all."""
    return np.asarray(flags[np.minimum(kind, len(flags) - 1)] > 0)


def _left(draw: Float1D, lost: Float1D) -> Float1D:
    """Return draws of cells that are not lost, spread over [0, 1)."""
    return np.clip((draw - lost) / np.maximum(1.0 - lost, 1e-9), 0.0, 1.0 - 1e-12)


def _empty_cell(column: MixedColumn) -> Array:
    found = np.nan if column.kind == NUMBER else MISSING_TIME if column.kind == TIME else MISSING_WORD
    return np.asarray(found, column.values.dtype)


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
        values = (waits(column, log.times) if column.kind == TIME else column.values)[rows]
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
        flags = np.zeros((2, kinds), np.int64)
        own, beside = _beside(log, name, rows, rng)
        for k in range(kinds if column.kind != TIME else 0):
            inner = (of_kind == k) & ~lost & own
            if inner.any() and _is_of_entity(column.values[rows[inner]], column.values[beside[inner]], rng):
                flags[0, k] = 1
                missing[k] = lost[(of_kind == k) & own].mean()
        for k in range(kinds):
            inner = (of_kind == k) & ~lost
            flags[1, k] = inner.any() and _is_of_series(values[inner], of_row[rows[inner]])
        found.append(Pool(cells, missing, flags[0], flags[1]))
    return found


def _beside(log: EventLog, name: str, rows: Int1D, rng: np.random.Generator) -> tuple[Bool1D, Int1D]:
    """Return which standing rows have a filled ordinary row of their entity, and one such row of each."""
    other = ~log.events[name].missing()
    other[rows] = False
    there, entity = np.flatnonzero(other), log.entity()
    begin, end = (np.searchsorted(entity[there], entity[rows], side=side) for side in SIDES)
    if not len(there):
        return np.zeros(len(rows), np.bool_), np.zeros(len(rows), np.int64)
    at = begin + (rng.random(len(rows)) * (end - begin)).astype(np.int64)
    return end > begin, there[np.minimum(at, len(there) - 1)]


def _is_of_entity(cells: Array, beside: Array, rng: np.random.Generator) -> bool:
    """Tell whether ordinary rows of the entity tell a cell clearly better than other rows of the kind do."""
    of_entity = float((cells == beside).mean())
    of_kind = float((cells == rng.permutation(cells)).mean())
    least = of_kind + ALIKE * (1.0 - of_kind) + ERRORS * np.sqrt(of_kind / len(cells))
    return bool(of_entity > least)


def _is_of_series(cells: Array, series: Int1D) -> bool:
    """Tell whether cells of a series are alike more than those of its kind are."""
    code = np.unique(cells, return_inverse=True)[1].reshape(-1)
    width, rates = int(code.max(initial=0)) + 1, []
    for group in (series, np.zeros(len(code), np.int64)):
        joint = np.unique(group * width + code, return_counts=True)
        same = np.bincount(joint[0] // width, joint[1] * (joint[1] - 1.0))
        size = np.bincount(group).astype(np.float64)
        rates.append(same.sum() / max((size * (size - 1.0)).sum(), 1.0))
    return bool(rates[0] > rates[1] + ALIKE)
