"""Cells that are often those of another column: a loan paid in full, a bill paid as it stood."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

import numpy as np

from finsim.generators.tables.reduction.column_cells import as_numbers
from finsim.notation import Float1D
from finsim.records.mixed_table import MISSING_TIME, TIME, WORD, MixedColumn, MixedTable

LEAST_TIED, LEAST_TIED_ROWS, BEYOND, MANY_VALUES = 0.03, 50, 5.0, 12
"""A tie: 3 % and 50 of the rows, 5 times as often as by chance, columns of 12 values (assumptions)."""
TIED, LOOSE = "same", "own"
Columns = Mapping[str, MixedColumn]


@dataclass(frozen=True)
class Tie:
    """``target`` is the same as ``source`` in some rows, where a model sees it as missing.

    ``flag`` is the column of two words that says where, for a target that may be missing by itself; "" for
    one that never is.
    """

    flag: str
    target: str
    source: str

    def loosened(self, columns: Columns) -> Columns:
        """Return the target without the cells that are the same, and the flag."""
        target, source = columns[self.target], columns[self.source]
        same = (target.values == source.values) & ~target.missing()
        gone = MISSING_TIME if target.kind == TIME else np.nan
        found = {self.target: replace(target, values=np.where(same, gone, target.values))}
        if self.flag:
            found[self.flag] = MixedColumn(WORD, (~same).astype(np.int32), (TIED, LOOSE))
        return found

    def tied(self, columns: Columns) -> MixedColumn:
        """Return the target with the cells of the source where they are the same."""
        target, source = columns[self.target], columns[self.source]
        same = target.missing()
        if self.flag:
            flag = columns[self.flag]
            same = np.array([word == TIED for word in flag.words] + [False])[flag.values]
        return replace(target, values=np.where(same, source.values, target.values))


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
    """Return source and target: the source has fewer values, no finer grid, and is there if the target is."""
    sizes = {name: len(np.unique(table[name].values)) for name in (one, other)}
    pairs = sorted(((other, one), (one, other)), key=lambda pair: sizes[pair[0]])
    for source, target in pairs:
        there = table[target].missing().any() or not table[source].missing().any()
        if target not in targets and table[source].step >= table[target].step and there:
            return source, target
    return "", ""


def _flag_name(table: MixedTable, target: str, source: str) -> str:
    """Return a new name for the flag of a target that may be missing, "" for one that never is."""
    if not table[target].missing().any():
        return ""
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
