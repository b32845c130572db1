"""Amounts that never exceed others, learned as the share of the least of these: what was lost of a loan."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from itertools import permutations
from typing import ClassVar

import numpy as np

from finsim.generators.tables.reduction.column_cells import as_numbers
from finsim.generators.tables.reduction.orders import Order, is_below
from finsim.generators.tables.reduction.schedules import entropy, exchanged
from finsim.notation import Float1D
from finsim.records.mixed_table import NUMBER, MixedTable

Numbers = Mapping[str, Float1D]
LEAST_ROWS, LEAST_VALUES, LEAST_ALL, LEAST_GAIN = 100, 100, 0.05, 0.1
"""Rows above nothing, their different amounts; of these rows that are all of it; nats by which a share is
sharper (assumptions)."""
FEW_ROWS, MOST_ABOVE, MOST_MET = 20, 0.5, 0.1
"""Or an amount above nothing in half of the rows at most, and in 20, none of it met in a tenth of these,
and a share that is no wider (assumptions): too few rows for intervals of both to keep their order."""


@dataclass(frozen=True)
class Portion:
    """``target`` is the first of ``operands``, a share that is learned, times the least of the others.

    The last ``taken`` of the operands are taken off first: what was written off is a share of what is left
    of a balance after what was recovered.
    """

    target: str
    operands: tuple[str, ...]
    taken: int = 0
    step: ClassVar[float] = 0.0

    @property
    def bounds(self) -> tuple[str, ...]:
        """Return the columns that the target never exceeds."""
        return self.operands[1 : len(self.operands) - self.taken]

    def values(self, columns: Numbers) -> Float1D:
        """Return the amounts, float64[N]."""
        return np.asarray(np.clip(columns[self.operands[0]], 0.0, 1.0) * self._least(columns))

    def on_grid(self, values: Float1D, columns: Numbers, step: float) -> Float1D:
        """Return amounts as they round to a grid, those rounded down that would be more than they may be."""
        if step <= 0.0:
            return values
        above = np.round(values / step) * step > self._least(columns) + 1e-9 * step
        return np.asarray(np.where(above, np.floor(values / step + 1e-9) * step, values))

    def learned(self, columns: Numbers) -> Float1D:
        """Return the share, float64[N]; 0 of nothing, NaN where there is nothing and yet an amount."""
        least = self._least(columns)
        with np.errstate(all="ignore"):
            share = columns[self.target] / np.where(least > 0, least, np.nan)
        return np.asarray(np.where((least <= 0) & (columns[self.target] == 0), 0.0, share))

    def _least(self, columns: Numbers) -> Float1D:
        least = np.min([columns[name] for name in self.bounds], axis=0)
        for name in self.operands[len(self.operands) - self.taken :]:
            least = np.maximum(least - columns[name], 0.0)
        return np.asarray(least)


def find_portions(
    table: MixedTable, free: list[str], orders: list[Order], rng: np.random.Generator
) -> Iterator[Portion]:
    """Yield amounts of ``free`` that never exceed others and are sharper as a share of these.

    Sharper than the amount by itself and among rows of about equal bounds, which is what a model sees that
    cuts a table of so many rows into intervals, with some that are all of it; of amounts that few rows have,
    no wider. Sums of two that never exceed a third come first.
    """
    numbers = {name: as_numbers(one) for name, one in table.columns.items() if one.kind == NUMBER}
    known = {name: one for name, one in numbers.items() if one is not None}
    taken: set[str] = set()
    for one in (*_of_rests(known, free, orders), *_of_bounds(known, free, orders)):
        if one.target not in taken and one.operands[0] not in table and _is_portion(one, known, rng):
            taken.add(one.target)
            yield one


def _of_bounds(known: Numbers, free: list[str], orders: list[Order]) -> Iterator[Portion]:
    for target in (name for name in free if name in known):
        bounds = tuple(one.high for one in orders if one.low == target and one.high in known)
        if bounds:
            yield Portion(target, (f"{target}: share", *bounds))


def _of_rests(known: Numbers, free: list[str], orders: list[Order]) -> Iterator[Portion]:
    """Yield the later of two amounts of few rows that together never exceed others."""
    places = {name: place for place, name in enumerate(known)}
    below = {(one.low, one.high) for one in orders}
    few = [name for name in free if name in known and _is_of_few(known[name])]
    for first, target in permutations(few, 2):
        if places[first] > places[target]:
            continue
        highs = [
            high for high in known
            if {(first, high), (target, high)} <= below
            and is_below(known[target], known[high] - known[first])
        ]  # fmt: skip
        if highs:
            yield Portion(target, (f"{target}: share", *highs, first), 1)


def _is_of_few(values: Float1D) -> bool:
    return 0 < (values > 0).sum() <= MOST_ABOVE * len(values) and not (values < 0).any()


def _is_portion(rule: Portion, known: Numbers, rng: np.random.Generator) -> bool:
    target, share = known[rule.target], rule.learned(known)
    there = ~np.isnan(target)
    some = there & (target > 0)
    if (target[there] < 0).any() or np.isnan(share[there]).any() or (share[there] > 1.0 + 1e-9).any():
        return False
    if some.sum() < FEW_ROWS:
        return False
    logs = np.log(target[some])
    bound = logs - np.log(share[some])
    if _is_of_few(target):
        _, counts = np.unique(target[some], return_counts=True)
        return counts.max() <= MOST_MET * some.sum() and _spread(logs - bound) <= _spread(logs)
    if some.sum() < LEAST_ROWS or len(np.unique(target[some])) < LEAST_VALUES:
        return False
    if (share[some] == 1.0).mean() < LEAST_ALL:
        return False
    parts = max(2, int(np.sqrt(some.sum()) / 2))
    without = min(entropy(logs), entropy(logs - exchanged(bound, rng, parts)))
    return without - entropy(logs - bound) >= LEAST_GAIN


def _spread(logs: Float1D) -> float:
    low, high = np.quantile(logs, [0.25, 0.75])
    return float(high - low)
