"""A share of a count: so many of so many accounts, learned as the whole number that it stands for."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from finsim.generators.tables.reduction.column_cells import as_numbers, number_step
from finsim.notation import Float1D
from finsim.records.mixed_table import NUMBER, MixedTable

Numbers = Mapping[str, Float1D]
LEAST_ROWS, LEAST_SHARE, MOST_CHANCE, MOST_COUNT = 200, 0.6, 0.1, 1_000
"""Whole parts explain 60 % of 200 rows not all or nothing, a tenth of them by chance (assumptions)."""
WHOLES = (1.0, 100.0)
TURNS = (1, 7)


@dataclass(frozen=True)
class Share:
    """``target`` is ``whole`` x part / count, or what is left of ``whole``; ``operands`` are part and count.

    The part is a whole number and is learned; it is never above the count.
    """

    target: str
    operands: tuple[str, ...]
    whole: float
    left: bool
    step: ClassVar[float] = 1.0

    def values(self, columns: Numbers) -> Float1D:
        """Return the shares, float64[N]; NaN where nothing is counted."""
        part, count = (columns[name] for name in self.operands)
        with np.errstate(all="ignore"):
            share = np.clip(part, 0.0, count) / np.where(count > 0, count, np.nan)
        return np.asarray(self.whole * (1.0 - share if self.left else share))

    def learned(self, columns: Numbers) -> Float1D:
        """Return the part, float64[N], from the target and the count."""
        share = columns[self.target] / self.whole
        return np.asarray(np.round((1.0 - share if self.left else share) * columns[self.operands[1]]))


def find_shares(table: MixedTable, free: list[str]) -> Iterator[Share]:
    """Yield columns of ``free`` that are shares of a count, each of the count that explains it best."""
    numbers = {name: as_numbers(one) for name, one in table.columns.items() if one.kind == NUMBER}
    known = {name: one for name, one in numbers.items() if one is not None}
    counts = [
        name for name, one in known.items()
        if table[name].step >= 1.0 and np.nanmin(one, initial=0.0) >= 0.0
        and 1.0 < np.nanmax(one, initial=0.0) <= MOST_COUNT
    ]  # fmt: skip
    for target in (name for name in free if name in known and 0.0 < table[name].step < 1.0):
        held: list[tuple[float, Share]] = []
        for count in counts:
            for whole in WHOLES:
                rule = Share(target, (f"{target}: part", count), whole, _is_mostly(known[target], whole))
                share = _holds(rule, known, number_step(table[target]))
                held += [(share, rule)] if share >= LEAST_SHARE and rule.operands[0] not in table else []
        if held:
            yield max(held, key=lambda pair: pair[0])[1]


def _is_mostly(target: Float1D, whole: float) -> bool:
    """Tell whether shares are mostly above a half: then what is left is the smaller number."""
    return bool(np.nanmedian(target) > 0.5 * whole)


def _holds(rule: Share, known: Numbers, step: float) -> float:
    """Return the share of rows, not all or nothing, that a whole part explains; 0 where chance may do it."""
    target, count = known[rule.target], known[rule.operands[1]]
    there = ~np.isnan(target)
    if not there.any() or (target[there] < 0).any() or (target[there] > rule.whole).any():
        return 0.0
    some = there & (target > 0) & (target < rule.whole)
    if some.sum() < LEAST_ROWS or not (count[there] > 0).all():
        return 0.0
    share, whole = _near(rule, target[some], count[some], step), count[some]
    # Shares of few values, and parts of large counts, are near to a part of any row's count.
    by_chance = max(_near(rule, target[some], np.roll(whole, turn), step) for turn in TURNS)
    return share if by_chance <= MOST_CHANCE else 0.0


def _near(rule: Share, target: Float1D, count: Float1D, step: float) -> float:
    """Return the share of rows whose target is the nearest share of a whole part."""
    columns = {rule.target: target, rule.operands[1]: count}
    made = rule.values({**columns, rule.operands[0]: rule.learned(columns)})
    return float((np.abs(made - target) <= 0.5 * step + 1e-9 * rule.whole).mean())
