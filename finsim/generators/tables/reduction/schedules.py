"""What was repaid of a level-payment loan, learned as payments made; amounts learned as multiples."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from finsim.generators.tables.reduction.column_cells import as_numbers
from finsim.generators.tables.reduction.identities import ANNUITY, BALLOON, Identity
from finsim.notation import Float1D
from finsim.records.mixed_table import NUMBER, MixedTable

Numbers = Mapping[str, Float1D]
LEAST_ROWS, LEAST_WITHIN, LEAST_WHOLE, WHOLE = 200, 0.999, 0.5, 0.01
"""A schedule: within the loan in 99.9 % of 200 rows, whole payments (to .01) in half (assumptions)."""
LEAST_GAIN, BINS, PARTS = 0.5, 200, 48
"""A multiple: half a nat sharper than among 48 parts of its unit, by a histogram of 200 (assumptions)."""


@dataclass(frozen=True)
class Schedule:
    """``target`` is what is repaid of a level-payment loan, or what is ``left`` of it, after some payments.

    ``operands`` : the learned number of payments, the amount lent, the rate (``factor`` x it is that of a
    period) and the periods. After k of n payments A ((1 + r)^k - 1) / ((1 + r)^n - 1) is repaid (closed
    form of the level-payment loan); a loan repaid in full has k = n.
    """

    target: str
    operands: tuple[str, ...]
    factor: float
    left: bool
    step: ClassVar[float] = 0.0

    def values(self, columns: Numbers) -> Float1D:
        """Return what is repaid or left, float64[N], from the columns of the operands."""
        made, amount, rate, term = (columns[name] for name in self.operands)
        rate = self.factor * rate
        with np.errstate(all="ignore"):
            growth = np.expm1(made * np.log1p(rate)) / np.expm1(term * np.log1p(rate))
            share = np.clip(np.where(rate == 0, made / term, growth), 0.0, 1.0)
        return np.asarray(amount * (1.0 - share if self.left else share))

    def learned(self, columns: Numbers) -> Float1D:
        """Return the number of payments from the target and the loan, float64[N]; whole ones exactly."""
        paid, (amount, rate, term) = columns[self.target], (columns[name] for name in self.operands[1:])
        rate = self.factor * rate
        with np.errstate(all="ignore"):
            share = 1.0 - paid / amount if self.left else paid / amount
            grown = np.log1p(share * np.expm1(term * np.log1p(rate))) / np.log1p(rate)
            made = np.where(rate == 0, share * term, grown)
            whole = np.round(made)
            return np.asarray(np.where(np.abs(made - whole) <= WHOLE, whole, made))


@dataclass(frozen=True)
class Multiple:
    """``target`` is the first of ``operands``, which is learned, times all others."""

    target: str
    operands: tuple[str, ...]
    step: ClassVar[float] = 0.0

    def values(self, columns: Numbers) -> Float1D:
        """Return the product, float64[N]."""
        return np.asarray(np.prod([columns[name] for name in self.operands], axis=0))

    def learned(self, columns: Numbers) -> Float1D:
        """Return how many times the unit the target is, float64[N]."""
        unit = np.prod([columns[name] for name in self.operands[1:]], axis=0)
        return np.asarray(columns[self.target] / unit)


def find_schedules(
    table: MixedTable, free: list[str], annuities: list[Identity], rng: np.random.Generator
) -> Iterator[Schedule | Multiple]:
    """Yield columns of ``free`` that follow the loan of a level payment, each once.

    First what is repaid or left of it in whole payments, then what is a multiple of the interest of a
    period: amount times rate.
    """
    numbers = {name: as_numbers(one) for name, one in table.columns.items() if one.kind == NUMBER}
    known = {name: one for name, one in numbers.items() if one is not None}
    for annuity in (one for one in annuities if one.kind in (ANNUITY, BALLOON)):
        for target in [name for name in free if name in known and name not in annuity.operands]:
            hidden = f"{target}: payments made"
            both = [
                Schedule(target, (hidden, *annuity.operands[:3]), annuity.factors[0], left)
                for left in (False, True)
            ]
            found: Schedule | Multiple | None = next((one for one in both if _is_schedule(one, known)), None)
            if found is None:
                unit = Multiple(target, (f"{target}: payments", *annuity.operands[:2]))
                found = unit if _is_multiple(unit, known, rng) else None
            if found is not None and found.operands[0] not in table:
                free = [name for name in free if name != target]
                yield found


def _is_schedule(rule: Schedule, known: Numbers) -> bool:
    target, amount = known[rule.target], known[rule.operands[1]]
    there = ~np.isnan(target)
    if there.sum() < LEAST_ROWS or not ((target >= 0) & (target <= amount))[there].mean() >= LEAST_WITHIN:
        return False
    made = rule.learned(known)
    if np.isnan(made[there]).any() or len(np.unique(target[there])) < BINS:
        return False
    between = there & (target > 0) & (target < amount)
    some, term = made[between], known[rule.operands[3]][between]
    # A share or a count is next to no payment of a large loan, or next to all: that is no whole one.
    whole = (some == np.round(some)) & (some > 0) & (some < term)
    return len(some) >= LEAST_ROWS and bool(whole.mean() >= LEAST_WHOLE)


def _is_multiple(rule: Multiple, known: Numbers, rng: np.random.Generator) -> bool:
    target = known[rule.target]
    unit = np.prod([known[name] for name in rule.operands[1:]], axis=0)
    there = ~np.isnan(target)
    some = target > 0
    if some.sum() < max(LEAST_ROWS, 0.5 * there.sum()) or not (unit[there] > 0).all() or (target < 0).any():
        return False
    logs, units = np.log(target[some]), np.log(unit[some])
    return entropy(logs - exchanged(units, rng)) - entropy(logs - units) >= LEAST_GAIN


def exchanged(values: Float1D, rng: np.random.Generator, parts: int = PARTS) -> Float1D:
    """Return values exchanged among those near them: what a model knows that sees them in intervals."""
    found = np.empty(len(values))
    for part in np.array_split(np.lexsort((rng.random(len(values)), values)), parts):
        found[part] = values[rng.permutation(part)]
    return found


def entropy(values: Float1D) -> float:
    """Return the differential entropy of most values in nats, by a histogram."""
    low, high = np.quantile(values, [0.01, 0.99])
    if high <= low:
        return -np.inf
    width = (high - low) / BINS
    counts = np.bincount(np.clip((values - low) / width, 0, BINS - 1).astype(np.int64))
    shares = counts[counts > 0] / len(values)
    return float(np.log(width) - (shares * np.log(shares)).sum())
