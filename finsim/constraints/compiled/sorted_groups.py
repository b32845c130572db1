"""Rows already sorted by group: which row continues the group of the row before it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np

from finsim.constraints.codegen.column_arrays import dtype_of, has_nulls
from finsim.constraints.language.row_order import Order
from finsim.constraints.tables.typed_columns import Source
from finsim.kernels.sequences import follow
from finsim.notation import Array, Bool1D


class OutOfOrder(Exception):
    """Rows do not stand in group order; they have to be arranged first."""


def may_stand_in_order(order: Order, source: Source) -> bool:
    """Whether the keys of an order can be compared as they are stored: whole numbers without nulls."""
    names = (*order.group, *(order.by if order.is_sorted else ()))
    return all(
        dtype_of(source, name, False) not in ("global", "float64", "float32") and not has_nulls(source, name)
        for name in names
    )


@dataclass
class Walk:
    """Follows rows block by block; remembers the keys of the last row."""

    groups: int
    begun: bool = False
    before: list[int] = field(default_factory=list)

    def same(self, keys: Sequence[Array], rows: int) -> Bool1D:
        """Return whether each row is in the group of the row before; ``keys`` are group, then by.

        Raises OutOfOrder when a row comes before the row before it.
        """
        tied = np.ones(rows, dtype=bool)
        tied[:1] = self.begun
        self.begun = True
        same = tied
        for place, key in enumerate(keys):
            if place == self.groups:
                tied = tied.copy()
            if follow(key, self.before[place] if self.before else 0, tied):
                raise OutOfOrder
        self.before = [int(key[-1]) for key in keys] if rows else self.before
        return same
