"""Cells that are often the same as those of another column: a balance paid in full, a bill paid as it stood."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from finsim.generators.tables.reduction.column_cells import as_numbers
from finsim.notation import Float1D
from finsim.records.mixed_table import WORD, MixedColumn, MixedTable

LEAST_TIED, LEAST_TIED_ROWS, BEYOND, MANY_VALUES = 0.03, 50, 5.0, 12
"""A tie stands in 3 % and 50 of the rows, 5 times as often as by chance, in columns of 12 values (assumptions)."""
TIED, LOOSE = "same", "own"
Columns = Mapping[str, MixedColumn]


@dataclass(frozen=True)
class Tie:
    """``target`` is the same as ``source`` where the column ``name`` says so: a column of two words."""

    name: str
    target: str
    source: str

    def flag(self, columns: Columns) -> MixedColumn:
        """Return the column that says where the two are the same."""
        same = columns[self.target].values == columns[self.source].values
        return MixedColumn(WORD, (~same).astype(np.int32), (TIED, LOOSE))

    def tied(self, columns: Columns) -> MixedColumn:
        """Return the target with the cells of the source where they are the same and present."""
        flag, target, source = (columns[one] for one in (self.name, self.target, self.source))
        told = np.array([word == TIED for word in flag.words] + [False])[flag.values]
        told &= ~source.missing() & ~target.missing()
        return MixedColumn(
            target.kind, np.where(told, source.values, target.values), target.words, target.step
        )


def find_ties(table: MixedTable) -> list[Tie]:
    """Return ties between columns of numbers or dates, each column the target of one at most.

    A source is not finer than its target and stands before it in the chain, so that ties can be put back
    in their order.
    """
    names = [name for name, one in table.columns.items() if as_numbers(one) is not None]
    numbers: dict[str, Float1D] = {}
    for name in names:
        values = as_numbers(table[name])
        assert values is not None
        if len(np.unique(values[~np.isnan(values)])) >= MANY_VALUES:
            numbers[name] = values
    found: list[tuple[float, str, str]] = []
    kept = list(numbers)
    for at, one in enumerate(kept):
        for other in kept[:at]:
            if table[one].kind != table[other].kind:
                continue
            share = _beyond_chance(numbers[one], numbers[other])
            if share:
                found.append((share, one, other))
    ties: list[Tie] = []
    parts = {name: {name} for name in kept}
    for _, one, other in sorted(found, key=lambda tie: -tie[0]):
        if parts[one] is parts[other]:
            continue
        source, target = _direction(table, one, other, {tie.target for tie in ties})
        if not target:
            continue
        whole = parts[one] | parts[other]
        for name in whole:
            parts[name] = whole
        ties.append(Tie(_flag_name(table, target, source), target, source))
    return _in_order(ties)


def _beyond_chance(one: Float1D, other: Float1D) -> float:
    """Return the share of rows in which two columns are the same, 0 where chance may do it."""
    same = one == other
    if same.sum() < LEAST_TIED_ROWS or same.mean() < LEAST_TIED:
        return 0.0
    values, counts = np.unique(one[~np.isnan(one)], return_counts=True)
    known, times = np.unique(other[~np.isnan(other)], return_counts=True)
    both, left, right = np.intersect1d(values, known, return_indices=True)
    chance = counts[left] * times[right] / len(one)
    # What is met most in both (a zero, say) is no tie.
    commonest = both[chance.argmax()]
    rest = same & (one != commonest)
    expected = chance.sum() - chance.max()
    is_tie = rest.sum() >= max(BEYOND * expected, LEAST_TIED_ROWS) and rest.mean() >= LEAST_TIED
    return float(same.mean()) if is_tie else 0.0


def _direction(table: MixedTable, one: str, other: str, targets: set[str]) -> tuple[str, str]:
    """Return source and target: the target is not a target yet, and not coarser than its source."""
    for source, target in ((other, one), (one, other)):
        if target not in targets and table[source].step >= table[target].step:
            return source, target
    return "", ""


def _flag_name(table: MixedTable, target: str, source: str) -> str:
    name = f"{target} = {source}"
    while name in table:
        name += "?"
    return name


def _in_order(ties: list[Tie]) -> list[Tie]:
    """Return ties with every source before its own use; parts without circles allow it."""
    waiting, found = list(ties), []
    while waiting:
        free = next(tie for tie in waiting if tie.source not in {one.target for one in waiting})
        waiting.remove(free)
        found.append(free)
    return found
