"""Rules by which a number follows from others in some rows: equality, difference, product, share, annuity.

Factors and offsets are those of the rows: interest is amount x rate / 12, a value stands at the index of
today over that of its opening. Sums, and sums of logarithms, are looked for by weighted sums of a small
sample, whose weights sum to 0: a constant that is added, or a factor, falls out (own).
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from finsim.generators.tables.level_payments import annuity_factor
from finsim.generators.tables.reduction.identities import (
    ANNUITY,
    MOST_RATE,
    MOST_TERMS,
    PRODUCT,
    RATIO,
    SCALE,
    SUM,
    Identity,
    Numbers,
)
from finsim.notation import Float1D

SOME_ROWS, LEAST_SOME, LEAST_NEAR = 64, 16, 0.9
"""Rows of a small sample, above 0 at least 16, and how many of them a rule must meet (assumptions)."""
LEAST_VALUES, LEAST_FINE, LEAST_OPERAND = 12, 100.0, 3
"""A target has 12 values and its median is 100 of its steps, an operand three values: others fit by chance
(assumptions)."""
LEAST_AS_MANY = 0.9
"""A target has nine tenths as many numbers as what it follows from (assumption)."""
MOST_TRIED = 12
TIDY = (1.0, 100.0, 0.01, 1 / 12, 1 / 1200, 1 / 360, 1 / 365, 1 / 36000, 1 / 36500, 10.0, 0.1, 1000.0, 0.001)
"""Factors of money: percent, a month or day of a year."""
EDGE = 0.02
"""Rows that may lie beside a rule on either side, when its factor is sought (assumption)."""
_DIGITS = 13


def rule_of_rows(
    numbers: Numbers, target: str, operands: list[str], rng: np.random.Generator, least: float
) -> Identity | None:
    """Return the rule by which a target follows from operands in ``least`` of the rows, None where none does.

    ``numbers`` are those of the rows alone. Of several that hold the one of fewest operands is taken, of
    these the first found: equality and difference, share, sum, product and ratio, then the level payment.
    """
    if target not in numbers.values or numbers.different[target] < LEAST_VALUES:
        return None
    operands = [name for name in operands if name != target
                and numbers.different.get(name, 0) >= LEAST_OPERAND]  # fmt: skip
    mine = numbers.values[target]
    there = np.flatnonzero(numbers.odd[target])
    if not operands or len(there) < LEAST_SOME:
        return None
    rows = np.sort(rng.permutation(there)[:SOME_ROWS])
    fine = np.median(np.abs(mine[rows])) >= LEAST_FINE * numbers.step[target]
    looking = _Looking(numbers, target, operands, rows, rng.standard_normal(len(rows)))
    for one in looking.candidates(bool(fine)):
        most = max(numbers.different[name] for name in one.operands)
        # What has fewer values than what it would follow from is the cause, not the result.
        if numbers.different[target] >= LEAST_AS_MANY * most and numbers.share(one) >= least:
            return one
    return None


class _Looking:
    def __init__(
        self, numbers: Numbers, target: str, operands: list[str], rows: np.ndarray, weights: Float1D
    ) -> None:
        self.numbers, self.target, self.rows = numbers, target, rows
        self.weights = weights - weights.mean()
        self.mine = numbers.values[target][rows]
        self.wide = 0.5 * numbers.step[target] + 1e-9 * np.maximum(np.abs(self.mine), 1.0)
        cells = {name: numbers.values[name][rows] for name in operands}
        self.cells = {name: one for name, one in cells.items() if not np.isnan(one).any() and np.ptp(one) > 0}

    def candidates(self, is_fine: bool) -> Iterator[Identity]:
        """Yield rules that a small sample meets."""
        yield from self._sums(1)
        is_above = is_fine and bool((self.mine > 0).all())
        above = {name: np.log(one) for name, one in self.cells.items() if (one > 0).all()}
        if is_above:
            yield from self._products(above, 1)
        yield from self._sums(2)
        if is_above:
            yield from self._products(above, 2)
            yield from self._annuities(above)

    def _sums(self, size: int) -> Iterator[Identity]:
        """Yield the target as an operand and a constant, or as a sum or difference of two."""
        point, wide = float(self.weights @ self.mine), float(np.abs(self.weights) @ self.wide)
        points = {name: float(self.weights @ one) for name, one in self.cells.items()}
        for names, signs in _matching(point, points, wide, size):
            made = np.sum([sign * self.cells[name] for name, sign in zip(names, signs, strict=True)], axis=0)
            left = self.mine - made
            low, high = left - self.wide, left + self.wide
            offset = _within(*self._common(low, high), float(np.median(left)), (0.0,))
            # Sums of two that need a constant as well are met by chance too easily.
            if self._is_near(made + offset) and (size == 1 or offset == 0.0):
                yield Identity(SUM if size > 1 else SCALE, self.target, names, signs, offset)

    def _products(self, above: dict[str, Float1D], size: int) -> Iterator[Identity]:
        """Yield the target as a share of an operand, or as a product or ratio of two, with a factor."""
        relative = self.wide / self.mine
        point, wide = float(self.weights @ np.log(self.mine)), float(np.abs(self.weights) @ relative)
        points = {name: float(self.weights @ one) for name, one in above.items()}
        for names, signs in _matching(point, points, wide * (1 + 1e-6) + 1e-12, size):
            logs = np.sum([sign * above[name] for name, sign in zip(names, signs, strict=True)], axis=0)
            made = np.exp(logs)
            low, high = (self.mine - self.wide) / made, (self.mine + self.wide) / made
            factor = _within(*self._common(low, high), float(np.median(self.mine / made)), TIDY)
            if self._is_near(factor * made):
                kind = SCALE if size == 1 else PRODUCT if signs[1] > 0 else RATIO
                yield Identity(kind, self.target, names, (factor,))

    def _annuities(self, above: dict[str, Float1D]) -> Iterator[Identity]:
        """Yield the target as the level payment of an amount, a rate and periods."""
        numbers = self.numbers
        rates = [name for name, one in self.cells.items() if numbers.step[name] < 1 and one.min() >= 0
                 and one.max() <= MOST_RATE]  # fmt: skip
        terms = [name for name, one in self.cells.items() if numbers.step[name] >= 1 and one.min() >= 1
                 and numbers.different[name] <= MOST_TERMS]  # fmt: skip
        wide = float(np.abs(self.weights) @ (2.0 * self.wide / self.mine)) + 1e-12
        point = float(self.weights @ np.log(self.mine))
        points = {name: float(self.weights @ one) for name, one in above.items()}
        step = numbers.step[self.target]
        for rate, term in ((a, b) for a in rates for b in terms if a != b):
            for factor in (1 / 1200, 1 / 12, 1 / 100, 1.0):
                part = annuity_factor(factor * self.cells[rate], self.cells[term])
                part_point = float(self.weights @ np.log(part))
                for amount, one in points.items():
                    if amount in (rate, term) or not abs(point - part_point - one) <= wide:
                        continue
                    # Rounded to the next step, up, or down.
                    for shift in (0.0, 0.5, -0.5):
                        if self._is_near(shift * step + self.cells[amount] * part):
                            operands = (amount, rate, term)
                            yield Identity(ANNUITY, self.target, operands, (factor,), shift * step)

    @staticmethod
    def _common(low: Float1D, high: Float1D) -> tuple[float, float]:
        """Return the range that nearly all ranges of rows have in common."""
        return float(np.quantile(low, 1 - EDGE)), float(np.quantile(high, EDGE))

    def _is_near(self, made: Float1D) -> bool:
        return bool((np.abs(made - self.mine) <= self.wide).mean() >= LEAST_NEAR)


def _matching(
    point: float, points: dict[str, float], wide: float, size: int
) -> Iterator[tuple[tuple[str, ...], tuple[float, ...]]]:
    """Yield the few operands, and their signs, whose points sum to that of a target, the nearest first."""
    names = list(points)
    values = np.array([points[name] for name in names])
    if size == 1:
        off = np.abs(point - values)
        for k in np.argsort(off, kind="stable")[:MOST_TRIED]:
            if off[k] <= wide:
                yield (names[k],), (1.0,)
        return
    for sign in (1.0, -1.0):
        off = np.abs(point - values[:, None] - sign * values[None, :])
        off[np.arange(len(names))[:, None] <= np.arange(len(names))[None, :] if sign > 0
            else np.eye(len(names), dtype=np.bool_)] = np.inf  # fmt: skip
        for place in np.argsort(off, axis=None, kind="stable")[:MOST_TRIED]:
            a, b = np.unravel_index(place, off.shape)
            if off[a, b] <= wide:
                yield (names[int(a)], names[int(b)]), (1.0, sign)


def _within(low: float, high: float, middle: float, tidy: tuple[float, ...]) -> float:
    """Return a tidy number from ``low`` to ``high``, else that of fewest digits; the middle without one."""
    for one in tidy:
        if low <= one <= high:
            return one
    if not 0 < abs(middle) < np.inf:
        return middle
    for digits in range(1, _DIGITS):
        near = float(f"{middle:.{digits}g}")
        if low <= near <= high:
            return near
    return middle
