"""``Series``: the standing series that are found in a ledger."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from finsim.notation import Int1D, Int2D


@dataclass(frozen=True)
class Series:
    """Standing series: entity, period, phase, target int64[N], and words int64[N, C] of the kind columns.

    ``of_row`` int64[n] is the series of each row of the ledger, -1 for rows of ordinary life; targets are
    rows of ``target_cells`` int64[T, I], cells of the ``names`` columns, -1 where they lack.
    ``kind_columns`` C names. varies int64[N] : 1 where most payments are of another sum than the one
    before. odd int64[n] : the series of rows that belong to one but are not on its days, else -1.
    """

    entity: Int1D
    period: Int1D
    phase: Int1D
    target: Int1D
    words: Int2D
    of_row: Int1D
    target_cells: Int2D
    names: tuple[str, ...]
    kind_columns: tuple[str, ...]
    varies: Int1D
    odd: Int1D

    def kinds(self) -> tuple[Int2D, Int1D]:
        """Return the kinds int64[K, 2 + C] (period, whether sums vary, words), and that of each series."""
        rows = np.column_stack([self.period, self.varies, self.words])
        kinds, kind = np.unique(rows, axis=0, return_inverse=True)
        return kinds, kind.reshape(-1).astype(np.int64)
