"""Rates of exchange: a number is another one times what a word and a month or a day say."""

from __future__ import annotations

import numpy as np

from finsim.notation import Float1D, Int1D
from finsim.tables.links.ledger_cells import Context, LedgerCells, months
from finsim.tables.links.link import SPREAD, Rates

MOST_WORDS, LEAST_ROWS, LEAST_GROUP, HOLDS = 64, 20, 3, 0.98
"""Words with rates; rows of a word in periods of so many rows; share of these at the rate (assumptions)."""
_EXACT = 1e-3
"""By how much the last digit moves a ratio from which a rate is read."""
_SCREENED, _WANDERS = 5_000, 0.3
"""Rows that are looked at first, and how far a rate may go from its middle over the period (assumption)."""


def rates_of(
    cells: LedgerCells, name: str, source: str, contexts: list[Context], decimals: int
) -> Rates | None:
    """Return the rates at which a number follows from another, by the words that tell most of them, or None.

    Few words before many, and months before days, where they tell as much. A word that has one rate of
    four decimals all the time, such as 1, has a factor.
    """
    if cells.day is None:
        return None
    target, base = cells.numbers[name], cells.numbers[source]
    last = 10.0**-decimals
    there = ~np.isnan(target) & ~np.isnan(base) & (target != 0) & (base != 0)
    rows = np.flatnonzero(there & (np.abs(target) >= 0.5 * last / _EXACT))
    if len(rows) < LEAST_ROWS:
        return None
    best: tuple[float, Rates] | None = None
    for context in sorted(contexts, key=lambda one: len(one.words)):
        if len(context.words) > MOST_WORDS:
            continue
        code = context.codes(cells)[rows]
        if not _may_be(code, target[rows] / base[rows], context.size):
            continue
        for daily in (False, True):
            period = cells.day[rows] if daily else months(cells.day[rows])
            told = _told(code, period, target[rows], base[rows], (context, last, daily))
            if told is not None and (best is None or told[0] > 1.01 * best[0]):
                best = told
    return None if best is None else best[1]


def _may_be(code: Int1D, ratio: Float1D, size: int) -> bool:
    """Tell whether the ratios of any word stay near their middle, as rates do."""
    step = max(1, len(code) // _SCREENED)
    code, ratio = code[::step], ratio[::step]
    group = _rates(code, ratio, np.ones(len(ratio)), size)[code]
    near = np.abs(ratio - group) <= _WANDERS * np.abs(group)
    known, right = np.bincount(code, minlength=size), np.bincount(code[near], minlength=size)
    equal = np.bincount(code[np.abs(ratio - 1.0) <= _EXACT], minlength=size)
    return bool(((known > 0) & (right >= HOLDS * known) & (equal < HOLDS * known)).any())


def _told(
    code: Int1D, period: Int1D, target: Float1D, base: Float1D, asked: tuple[Context, float, bool]
) -> tuple[float, Rates] | None:
    """Return how many rows have the rate of their word and period, and the rates; None where no word has."""
    context, last, daily = asked
    first, span = int(period.min()), int(period.max() - period.min()) + 1
    group = code * span + period - first
    rate = _rates(group, target, base, context.size * span)
    size = np.bincount(group, minlength=len(rate))
    fits = np.abs(target - rate[group] * base) <= 0.51 * last + SPREAD * np.abs(target)
    judged = size[group] >= LEAST_GROUP
    known = np.bincount(code[judged], minlength=context.size)
    right = np.bincount(code[judged & fits], minlength=context.size)
    whole = np.round(_rates(code, target, base, context.size), 4)[code] * base
    steady = np.bincount(code[judged & (np.abs(target - whole) <= 1.01 * last)], minlength=context.size)
    is_rate = (known >= LEAST_ROWS) & (right >= HOLDS * known) & (steady < HOLDS * known)
    is_rate[len(context.words) :] = False
    if not is_rate.any():
        return None
    table = np.where(is_rate[:, None], rate.reshape(context.size, span), np.nan)
    rates = Rates(
        context, tuple(tuple(float(x) for x in row) for row in table), first, daily,
        tuple(bool(one) for one in is_rate),
    )  # fmt: skip
    return float(right[is_rate].sum()), rates


def _rates(group: Int1D, target: Float1D, base: Float1D, groups: int) -> Float1D:
    """Return the rate float64[groups] of each group of rows: that of the sums of rows near its median."""
    ratio = target / base
    order = np.lexsort((ratio, group))
    size = np.bincount(group, minlength=groups)
    begin = np.cumsum(size) - size
    middle = np.full(groups, np.nan)
    some = size > 0
    middle[some] = ratio[order][(begin + size // 2)[some]]
    near = np.abs(ratio - middle[group]) <= 1e-2 * np.abs(middle[group])
    up = np.bincount(group[near], np.abs(target[near]), minlength=groups)
    down = np.bincount(group[near], np.abs(base[near]), minlength=groups)
    return np.asarray(np.where(some, np.sign(middle) * up / np.maximum(down, 1e-300), np.nan))
