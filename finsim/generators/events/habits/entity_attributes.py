"""Attributes of new entities.

Those of the learned entity that an entity lives like, numbers moved a little.
"""

from __future__ import annotations

import numpy as np

from finsim.generators.events.habits.amounts import normal, places
from finsim.generators.events.habits.ledger import DAY
from finsim.generators.margins.number_margin import NumberMargin
from finsim.kernels.xoshiro import fill_uniforms
from finsim.notation import Array, Float1D, Int1D
from finsim.randomness import Streams
from finsim.records.mixed_table import NUMBER, TIME, MixedColumn, MixedTable

SCORE_NOISE = 0.25
DAYS_NOISE = 20.0
"""S.d. of what a number (in scores) and a time (in days) are moved by (assumptions)."""


def new_attributes(known: MixedTable, donor: Int1D, numbers: Int1D, streams: Streams) -> MixedTable:
    """Return the attributes of entities ``numbers`` int64[S] of a run that live like the donors int64[S]."""
    columns = {}
    for name, column in known.columns.items():
        cells = column.values[donor]
        if column.kind in (NUMBER, TIME) and known.rows:
            noise = _noise(streams.under("attribute", name), numbers)
            there = ~column.take(donor).missing()
            cells = cells.copy()
            cells[there] = _moved(column, cells[there], noise[there])
        columns[name] = column.with_values(cells)
    return MixedTable(columns, len(donor))


def _noise(streams: Streams, numbers: Int1D) -> Array:
    """Return float64[S, 2] uniform draws, each entity from its own number."""
    draws = np.empty((len(numbers), 2))
    if len(numbers):
        fill_uniforms(np.uint64(streams.word("draws")), int(numbers[0]), draws)
    return draws


def _moved(column: MixedColumn, cells: Array, draws: Array) -> Array:
    noise: Float1D = normal(np.ascontiguousarray(draws[:, 0]))
    if column.kind == TIME:
        step = max(int(column.step), 1)
        whole = bool((column.values[~column.missing()] % DAY == 0).all())
        moved = np.round(DAYS_NOISE * noise if whole else DAYS_NOISE * noise * 1e6) / (1 if whole else 1e6)
        return (cells + (moved * DAY).astype(np.int64)) // step * step
    margin = NumberMargin.fit(column.values[~column.missing()], column.step)
    at = normal(margin.uniform(cells, draws[:, 1]))
    place = places((at + SCORE_NOISE * noise) / np.sqrt(1.0 + SCORE_NOISE**2))
    return margin.values(np.clip(place, 1e-9, 1 - 1e-9), draws[:, 1])
