"""Numbers that never exceed another: cells of a sample that stand the wrong way round are exchanged."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, replace

import numpy as np

from finsim.generators.margins.grains import grain_of
from finsim.generators.tables.reduction.column_cells import as_numbers
from finsim.generators.tables.reduction.identities import roundness
from finsim.notation import Float1D
from finsim.records.mixed_table import NUMBER, MixedColumn, MixedTable

LEAST_ROWS, LEAST_CROSSED, LEAST_CROSSED_ROWS = 30, 0.02, 8
"""An order holds in all of 30 rows, and would be broken in 2 % and 8 of them by chance: in none of them once
in 3,000 tables, and one that is none costs little (assumptions)."""
NO_GRID = -1.0


@dataclass(frozen=True)
class Order:
    """``low`` is never above ``high`` where both are there: open accounts and all accounts.

    ``grain`` : 0 where cells the wrong way round are exchanged; where one column is rounder than the other
    or on another grid, as a limit is than a balance, the lower becomes as large a part of the higher as that
    was of it, a multiple of ``grain`` (below 0: of any grid). The higher itself would be met too often.
    """

    low: str
    high: str
    grain: float = 0.0


def find_orders(table: MixedTable) -> list[Order]:
    """Return the orders between columns of numbers that chance does not explain."""
    there = {name: one for name, one in table.columns.items() if one.kind == NUMBER and _is_amount(one)}
    grids = {name: grid_of(one) for name, one in there.items()}
    return [
        Order(low, high, 0.0 if grids[low] == grids[high] and mine.step == other.step else grids[low])
        for low, mine in there.items() for high, other in there.items()
        if low != high and is_below(mine.values, other.values)
    ]  # fmt: skip


def grid_of(column: MixedColumn) -> float:
    """Return what all numbers of a column are multiples of, such as 250, or nearly all; below 0: no grid."""
    there = column.values[~column.missing()]
    if not len(there):
        return column.step or NO_GRID
    grain = grain_of(*np.unique(there, return_counts=True), column.step)
    if grain.size and not grain.some:
        return grain.size
    return roundness(there) or column.step or NO_GRID


def _is_amount(column: MixedColumn) -> bool:
    """Tell whether a column has more than two numbers: yes and no are below any count, and say no order."""
    there = column.values[~column.missing()]
    return len(there) > 0 and bool(((there != there.min()) & (there != there.max())).any())


def is_below(mine: Float1D, other: Float1D) -> bool:
    """Tell whether numbers are never above others where both are there, beyond chance."""
    both = ~np.isnan(mine) & ~np.isnan(other)
    rows = int(both.sum())
    if rows < LEAST_ROWS or (mine[both] > other[both]).any():
        return False
    below = np.searchsorted(np.sort(other[both]), mine[both], side="left")
    crossed = float(below.mean()) / rows
    return crossed >= LEAST_CROSSED and crossed * rows >= LEAST_CROSSED_ROWS


def in_order(
    orders: Collection[Order], columns: Mapping[str, MixedColumn], given: Collection[str] = ()
) -> dict[str, MixedColumn]:
    """Return the columns of orders with no cell above what it may not exceed.

    Two cells that a model drew apart from one interval are, put in order, as the law given their order
    has them, so they are exchanged. Columns that are ``given`` stay; the other cell becomes theirs.
    """
    found = {name: columns[name] for one in orders for name in (one.low, one.high)}
    numbers = {name: np.array(as_numbers(one), dtype=np.float64) for name, one in found.items()}
    # Each exchange moves the larger number up in a chain of orders, so there are at most as many passes.
    for _ in range(len(numbers)):
        moved = False
        for one in orders:
            low, high = numbers[one.low], numbers[one.high]
            wrong = low > high
            if not wrong.any() or (one.low in given and one.high in given):
                continue
            moved = True
            lower, upper = low[wrong].copy(), high[wrong].copy()
            if one.low not in given:
                low[wrong] = _part_of(upper, lower, one.grain) if one.grain else upper
            if one.low in given or (not one.grain and one.high not in given):
                high[wrong] = lower
        if not moved:
            break
    return {name: replace(one, values=numbers[name]) for name, one in found.items()}


def _part_of(most: Float1D, drawn: Float1D, grain: float) -> Float1D:
    """Return as large a part of ``most`` as that is of ``drawn``, on a grid; ``most`` where it is below 0."""
    with np.errstate(all="ignore"):
        part = np.where(most > 0, most * (most / drawn), most)
    return np.asarray(np.floor(part / grain + 1e-9) * grain if grain > 0 else part)
