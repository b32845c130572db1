"""``last_known(x)``: x of the last row of the group before this one in which x is not null."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from finsim.constraints.evaluating.sequence_functions import finished, grown
from finsim.constraints.tables.group_layout import Layout
from finsim.constraints.tables.nullable_vectors import Vec, known, spread
from finsim.notation import Array, Bool1D, Int1D


class LastKnown:
    """Keeps, for each group, the last value that was not null."""

    def __init__(self) -> None:
        self.values: Array | None = None
        self.has = np.zeros(0, dtype=bool)

    def _state(self, block: Layout, x: Array) -> tuple[Array, Bool1D]:
        """Return the kept values and where there is one, with room for every group."""
        held = np.zeros(0, dtype=x.dtype) if self.values is None else self.values
        self.values, self.has = grown(held, block.slot_count), grown(self.has, block.slot_count)
        return self.values, self.has

    def read(self, block: Layout, args: Sequence[Vec]) -> Vec:
        """Return the last value before each row."""
        x, last = spread(args[0].values, block.rows), _last_rows(block, args[0])
        kept, has = self._state(block, x)
        before = np.append(np.full(min(block.rows, 1), -1), last[:-1])
        inside = before >= block.row_starts
        values = np.where(inside, x[np.maximum(before, 0)], kept[block.row_slots])
        return finished(values, inside | has[block.row_slots])

    def commit(self, block: Layout, args: Sequence[Vec]) -> None:
        """Remember the last value of each run."""
        x, last = spread(args[0].values, block.rows), _last_rows(block, args[0])
        kept, has = self._state(block, x)
        ends = last[block.ends - 1]
        found = ends >= block.starts
        kept[block.slots[found]] = x[ends[found]]
        has[block.slots[found]] = True


def _last_rows(block: Layout, x: Vec) -> Int1D:
    """Return for each row the last row up to it, of whatever group, in which x is not null (-1: none)."""
    rows = np.arange(block.rows)
    last: Int1D = np.maximum.accumulate(np.where(spread(known(x), block.rows), rows, -1))
    return last
