"""Sums, products and multiples that hold in the rows of one word: a rate is margin and index for trackers."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass

import numpy as np

from finsim.generators.tables.reduction.by_word.word_rows import Columns, rows_of
from finsim.generators.tables.reduction.column_cells import as_numbers, from_numbers, number_step, on_grid
from finsim.generators.tables.reduction.identities import Identity
from finsim.generators.tables.reduction.solving import solved
from finsim.notation import Float1D
from finsim.records.mixed_table import MixedColumn


@dataclass(frozen=True)
class WordIdentity:
    """``rule`` holds in the rows of ``word`` that have all of its columns."""

    source: str
    word: str
    rule: Identity

    def kept(self, columns: Columns, given: Collection[str] = ()) -> dict[str, MixedColumn]:
        """Return the target computed in the rows of the word, or an operand where the target is given."""
        rows = rows_of(columns, self.source, self.word)
        names = (self.rule.target, *self.rule.operands)
        numbers = {name: _numbers(columns[name]) for name in names}
        name = self.rule.target
        if name not in given:
            made = self.rule.values(numbers)
        else:
            free = [one for one in self.rule.operands if one not in given]
            if not free:
                return {}
            name = free[0]
            seen = np.unique(numbers[name][~np.isnan(numbers[name])])
            made = solved(self.rule, name, numbers, seen)
        column = columns[name]
        made = on_grid(made, number_step(column))
        mine = rows & np.isfinite(made) & ~np.isnan(numbers[name])
        return {name: from_numbers(np.where(mine, made, numbers[name]), column.kind, column.step)}


def _numbers(column: MixedColumn) -> Float1D:
    found = as_numbers(column)
    assert found is not None
    return found
