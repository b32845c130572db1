"""Effective rates: a nominal one compounded so many times a year, and a fee that is added to it."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from finsim.generators.tables.level_payments import compounded
from finsim.generators.tables.reduction.identities import COMPOUND, LEAST_SHARE, Identity, Numbers
from finsim.notation import Float1D
from finsim.records.mixed_table import NUMBER, MixedTable

LEAST_ROWS, LEAST_VALUES, SOME_ROWS = 50, 20, 64
"""Rows and different rates that a rule rests on, and rows that are tried first (assumptions)."""
TIMES, UNITS, SCALES = (12.0, 4.0, 2.0, 365.0, 0.0), (100.0, 1.0), (1.0, 100.0, 0.01)
"""How often a year interest is due (0: at every instant), percent or shares, and one beside the other."""
MOST, _MOST_YEARLY = 100.0, 2.0
"""Numbers of rates, and rates of a year as shares, at most (assumptions)."""


def find_compounded(table: MixedTable) -> Iterator[Identity]:
    """Yield the columns that are another one compounded, plus one number, in 99.9 % of the rows."""
    numbers = Numbers(table.without(*(name for name, one in table.columns.items() if one.kind != NUMBER)))
    rates = [name for name in numbers.values if _may_be_rate(numbers, name)]
    for target in rates:
        found = (one for name in rates if name != target for one in _rules(numbers, target, name))
        rule = next(found, None)
        if rule is not None:
            yield rule


def _may_be_rate(numbers: Numbers, name: str) -> bool:
    known = numbers.values[name][~np.isnan(numbers.values[name])]
    is_fine = numbers.different[name] >= LEAST_VALUES and numbers.step[name] > 0
    return is_fine and len(known) >= LEAST_ROWS and bool(known.min() >= 0 and known.max() <= MOST)


def _rules(numbers: Numbers, target: str, name: str) -> Iterator[Identity]:
    """Yield the rules that hold, the commonest number of times a year first."""
    mine, nominal = numbers.values[target], numbers.values[name]
    both = np.flatnonzero(~np.isnan(mine) & ~np.isnan(nominal))
    if len(both) < LEAST_ROWS:
        return
    some, step, top = both[:SOME_ROWS], numbers.step[target], float(nominal[both].max())
    for unit in UNITS:
        for times in TIMES:
            for scale in SCALES:
                if scale * top > _MOST_YEARLY * unit:
                    continue
                added = _added(mine[some] - compounded(scale * nominal[some], unit, times), step)
                rule = Identity(COMPOUND, target, (name,), (unit, times, scale), added)
                if added >= 0.0 and numbers.share(rule, is_whole=False) >= LEAST_SHARE:
                    yield rule


def _added(rest: Float1D, step: float) -> float:
    """Return the number that is added, in the middle of what all rows allow, -1 where they allow none."""
    low, high = float(rest.max()) - 0.5 * step, float(rest.min()) + 0.5 * step
    if high < low - 1e-9 * max(abs(high), step):
        return -1.0
    middle = 0.5 * (low + high)
    near = round(middle / step) * step
    return round(near if low <= near <= high else middle, 12)
