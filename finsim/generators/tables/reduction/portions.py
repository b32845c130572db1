"""Amounts that never exceed others, learned as the share of the least of these: what was lost of a loan."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from finsim.generators.tables.reduction.column_cells import as_numbers
from finsim.generators.tables.reduction.orders import Order
from finsim.generators.tables.reduction.schedules import entropy, exchanged
from finsim.notation import Float1D
from finsim.records.mixed_table import NUMBER, MixedTable

Numbers = Mapping[str, Float1D]
LEAST_ROWS, LEAST_VALUES, LEAST_ALL, LEAST_GAIN = 100, 100, 0.05, 0.1
"""Rows above nothing, their different amounts; of these rows that are all of it; nats by which a share is
sharper (assumptions)."""


@dataclass(frozen=True)
class Portion:
    """``target`` is the first of ``operands``, a share that is learned, times the least of the others."""

    target: str
    operands: tuple[str, ...]
    step: ClassVar[float] = 0.0

    def values(self, columns: Numbers) -> Float1D:
        """Return the amounts, float64[N]."""
        return np.asarray(np.clip(columns[self.operands[0]], 0.0, 1.0) * self._least(columns))

    def learned(self, columns: Numbers) -> Float1D:
        """Return the share, float64[N]; NaN where there is nothing to share."""
        least = self._least(columns)
        with np.errstate(all="ignore"):
            return np.asarray(columns[self.target] / np.where(least > 0, least, np.nan))

    def _least(self, columns: Numbers) -> Float1D:
        return np.asarray(np.min([columns[name] for name in self.operands[1:]], axis=0))


def find_portions(
    table: MixedTable, free: list[str], orders: list[Order], rng: np.random.Generator
) -> Iterator[Portion]:
    """Yield amounts of ``free`` that are all of what they never exceed in some rows, and a share else.

    The share has to be sharper than the amount by itself and among rows of about equal bounds: what a model
    sees that cuts a table of so many rows into intervals.
    """
    numbers = {name: as_numbers(one) for name, one in table.columns.items() if one.kind == NUMBER}
    known = {name: one for name, one in numbers.items() if one is not None}
    for target in (name for name in free if name in known):
        bounds = tuple(one.high for one in orders if one.low == target and one.high in known)
        rule = Portion(target, (f"{target}: share", *bounds))
        if bounds and rule.operands[0] not in table and _is_portion(rule, known, rng):
            yield rule


def _is_portion(rule: Portion, known: Numbers, rng: np.random.Generator) -> bool:
    target, share = known[rule.target], rule.learned(known)
    there = ~np.isnan(target)
    some = there & (target > 0)
    if (
        some.sum() < LEAST_ROWS
        or len(np.unique(target[some])) < LEAST_VALUES
        or (target[there] < 0).any()
        or np.isnan(share[there]).any()
    ):
        return False
    if (share[some] == 1.0).mean() < LEAST_ALL:
        return False
    logs, bound = np.log(target[some]), np.log(target[some] / share[some])
    parts = max(2, int(np.sqrt(some.sum()) / 2))
    without = min(entropy(logs), entropy(logs - exchanged(bound, rng, parts)))
    return without - entropy(logs - bound) >= LEAST_GAIN
