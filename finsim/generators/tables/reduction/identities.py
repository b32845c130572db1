"""Identities between columns of numbers and dates: found on a table, computed again in a sample."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

import numpy as np

from finsim.generators.tables.level_payments import annuity_factor, compounded, discounted
from finsim.generators.tables.reduction.column_cells import (
    LEAST_OVERLAP,
    as_numbers,
    number_step,
    on_grid,
)
from finsim.notation import Bool1D, Float1D, Float2D, Int1D
from finsim.records.mixed_table import MixedTable

LEAST_ROWS, LEAST_SHARE, LEAST_SHARE_ODD = 50, 0.999, 0.99
"""An identity holds in 99.9 % of the rows, and in 99 % of at least 50 rows without the commonest value."""
MOST_COLUMNS, SOME_ROWS, LOOKS, MOST_MASKS, MOST_PAIRED = 120, 64, 4, 12, 6
FACTORS = (1.0, 100.0)
SUM, PRODUCT, RATIO, SCALE, ANNUITY, BALLOON = "sum", "product", "ratio", "scale", "annuity", "balloon"
COMPOUND = "compound"
FEW_RATIOS, LEAST_SHARE_BACK = 0.25, 0.99
"""A ratio of a quarter as many values as its upper part is the cause, not the result (assumption)."""
MOST_TERMS, MOST_RATE = 64, 100.0
SELDOM, LEAST_PLAIN = 0.5, 0.4
"""Share of the rows without a balloon, and of those of a small sample that are level payments of the whole
amount, where some may have one (assumptions)."""
LEAST_AGREEING = 8
"""Rows of a small sample that a product, ratio or level payment is first seen in (assumption)."""
MOST_DUST = 1e-4
"""Of the spread of a sum (assumption)."""


_ROUND = (1000.0, 500.0, 100.0, 50.0, 25.0, 10.0, 5.0, 1.0, 0.5, 0.1, 0.05, 0.01)
LEAST_ROUND = 0.95  # assumption: of the numbers of a round column


@dataclass(frozen=True)
class Identity:
    """``target`` = offset + the sum of factor x operand; or factor x a x b; or factor x a / b.

    Or an annuity: offset + the payment per period of an amount a at the rate factor x b over c periods; with
    a balloon of a less what d, due at the end, is worth today. A missing balloon is none. Or offset + a rate
    compounded: factors are the target's unit, times a year that interest is due, what brings the rate to it.
    Dates count as days since 1970. A missing operand, or a division by 0, makes the target missing.
    """

    kind: str
    target: str
    operands: tuple[str, ...]
    factors: tuple[float, ...]
    offset: float = 0.0

    def values(self, columns: Mapping[str, Float1D]) -> Float1D:
        """Return the target from its operands, float64[N]."""
        first = columns[self.operands[0]]
        if self.kind == PRODUCT:
            return np.asarray(self.factors[0] * first * columns[self.operands[1]])
        if self.kind == RATIO:
            below = columns[self.operands[1]]
            return np.asarray(self.factors[0] * first / np.where(below == 0, np.nan, below))
        if self.kind == COMPOUND:
            return np.asarray(self.offset + compounded(self.factors[2] * first, *self.factors[:2]))
        if self.kind in (ANNUITY, BALLOON):
            rate, periods = (columns[name] for name in self.operands[1:3])
            rate = self.factors[0] * rate
            if self.kind == BALLOON:
                first = first - discounted(columns[self.operands[3]], rate, periods)
            return np.asarray(self.offset + first * annuity_factor(rate, periods))
        found = np.full(len(first), self.offset)
        for name, factor in zip(self.operands, self.factors, strict=True):
            found = found + factor * columns[name]
        return np.asarray(found)


class Numbers:
    """The columns of a table that can be computed with: values, grids, and how common their mode is."""

    def __init__(self, table: MixedTable) -> None:
        self.values: dict[str, Float1D] = {}
        self.step: dict[str, float] = {}
        self.odd: dict[str, Bool1D] = {}
        self.different: dict[str, int] = {}
        for name, column in table.columns.items():
            numbers = as_numbers(column)
            if numbers is None or len(self.values) >= MOST_COLUMNS:
                continue
            found, counts = np.unique(numbers[~np.isnan(numbers)], return_counts=True)
            if len(found) > 1:
                self.values[name], self.step[name] = numbers, number_step(column)
                self.different[name] = len(found)
                self.odd[name] = ~np.isnan(numbers) & (numbers != found[counts.argmax()])

    def share(self, identity: Identity, is_whole: bool = True) -> float:
        """Return the share of rows in which an identity holds; 0 where there is too little to tell.

        Not ``is_whole``: of the rows in which all of its columns are there, a third of either side at least.
        """
        target = self.values[identity.target]
        plain = identity.values(self.values)
        made = on_grid(plain, self.step[identity.target])
        both = ~np.isnan(target) & ~np.isnan(made)
        grid = self.step[identity.target]
        if identity.kind == SUM:
            # A sum of cents may carry dust of a finer grid; dust is small beside the sum.
            coarse = max(self.step[name] for name in identity.operands)
            grid = max(grid, min(coarse, MOST_DUST * float(np.nanstd(target))))
        wide = 0.5 * grid + 1e-9 * np.maximum(np.abs(target), 1.0)
        off = np.abs(np.where(both, target - made, np.inf))
        if identity.kind in (PRODUCT, RATIO):  # a half of a step is rounded up here, and down there
            off = np.fmin(off, np.abs(target - plain))
        holds = both & (off <= wide)
        odd = self.odd[identity.target]
        if is_whole:
            holds |= np.isnan(target) & np.isnan(made)
        elif both.sum() < LEAST_OVERLAP * max((~np.isnan(target)).sum(), (~np.isnan(made)).sum()):
            return 0.0
        else:
            holds, odd = holds[both], odd[both]
        if odd.sum() < LEAST_ROWS or holds[odd].mean() < LEAST_SHARE_ODD:
            return 0.0
        return float(holds.mean())


def find_identities(
    table: MixedTable, rng: np.random.Generator, least: float = LEAST_SHARE
) -> list[tuple[float, Identity]]:
    """Return identities that hold, the surest first; one column may be the target of several.

    ``least`` : the share of the rows in which they do.

    Those whose columns are missing together come before those that hold where all of them are there.

    A target lies on a grid at least as fine as those of its terms, so that a sum stays on it, and is no
    rounder than they are: an amount in fifties is no sum of cents. Of several that can be the target the
    widest spread one is: a small difference of two large columns that a model
    drew apart would be mostly error.
    """
    with np.errstate(over="ignore", invalid="ignore"):  # what overflows is no target
        return _identities(table, rng, least)


def _identities(table: MixedTable, rng: np.random.Generator, least: float) -> list[tuple[float, Identity]]:
    numbers = Numbers(table)
    if table.rows < LEAST_ROWS or len(numbers.values) < 2:
        return []
    found: dict[tuple[object, ...], tuple[float, Identity]] = {}
    for one in _candidates(numbers, table.rows, rng):
        key = (
            one.kind,
            one.target,
            (one.offset, *one.operands) if one.kind in (ANNUITY, BALLOON) else (),
            frozenset(one.operands) if one.kind in (PRODUCT, RATIO) else (),
            frozenset(zip(one.operands, one.factors, strict=False)),
        )
        if key not in found:
            found[key] = (numbers.share(one), one)
    sure = [_turned(numbers, pair, True) for pair in found.values() if pair[0] >= least]
    if any(np.isnan(one).any() for one in numbers.values.values()):
        rest = [one for share, one in found.values() if share < least]
        loose = [(share, one) for one in rest if (share := numbers.share(one, False)) >= least]
        return _sorted(numbers, sure) + _sorted(numbers, [_turned(numbers, pair, False) for pair in loose])
    return _sorted(numbers, sure)


def _sorted(numbers: Numbers, sure: list[tuple[float, Identity]]) -> list[tuple[float, Identity]]:
    spread = {name: float(np.nanstd(one)) for name, one in numbers.values.items()}
    round_to = {name: roundness(one) for name, one in numbers.values.items()}
    names = list(numbers.values)

    def is_rounder(one: Identity) -> bool:
        return one.kind == SUM and round_to[one.target] > min(round_to[name] for name in one.operands)

    return sorted(
        sure,
        key=lambda pair: (
            -round(pair[0], 6), len(pair[1].operands), is_rounder(pair[1]), -spread[pair[1].target],
            names.index(pair[1].target),
        ),
    )  # fmt: skip


def roundness(values: Float1D) -> float:
    """Return the largest of 1000, 500, 100, ... 0.01 that nearly all numbers are multiples of, else 0."""
    known = values[~np.isnan(values)]
    for size in _ROUND:
        if (np.abs(known / size - np.round(known / size)) < 1e-6).mean() >= LEAST_ROUND:
            return size
    return 0.0


def _turned(numbers: Numbers, pair: tuple[float, Identity], is_whole: bool) -> tuple[float, Identity]:
    """Return a ratio of few values as the factor that makes its upper part, where it brings that back.

    A share guaranteed is one of a few; computed from two amounts that a model drew it would be any number.
    """
    one = pair[1]
    if one.kind != RATIO or numbers.different[one.target] > FEW_RATIOS * numbers.different[one.operands[0]]:
        return pair
    back = Identity(PRODUCT, one.operands[0], (one.target, one.operands[1]), (1.0 / one.factors[0],))
    return (1.0, back) if numbers.share(back, is_whole) >= LEAST_SHARE_BACK else pair


def _candidates(numbers: Numbers, rows: int, rng: np.random.Generator) -> Iterator[Identity]:
    """Yield what holds in some small samples of the rows."""
    names = list(numbers.values)
    cells = np.stack([numbers.values[name] for name in names], axis=1)
    sizes = [SOME_ROWS] * (LOOKS - 1) + [min(rows, 2_000)]
    for size in sizes:
        some = cells[rng.permutation(rows)[:size]]
        yield from _linear(numbers, names, some, rng)
    for there in _present_rows(cells):
        yield from _linear(numbers, names, cells[rng.permutation(there)[:SOME_ROWS]], rng)
    some = cells[rng.permutation(rows)[:SOME_ROWS]]
    for target in range(len(names)):
        yield from _products(numbers, names, some, target)
    yield from _annuities(numbers, names, some)
    for target, name in enumerate(names):
        # Of a target that is mostly 0 a small sample may show too little.
        odd = np.flatnonzero(numbers.odd[name])
        if LEAST_ROWS <= len(odd) < SELDOM * rows:
            yield from _products(numbers, names, cells[rng.permutation(odd)[:SOME_ROWS]], target)


def _present_rows(cells: Float2D) -> Iterator[Int1D]:
    """Yield the rows in which a column that lacks cells has one, once for columns that lack together.

    Then those in which two such columns, and all of them, have one: a sum of columns with empty cells of
    their own shows there alone.
    """
    masks = {np.isnan(column).tobytes(): ~np.isnan(column) for column in cells.T if np.isnan(column).any()}
    alone = list(masks.values())[:MOST_MASKS]
    pairs = [one & other for at, one in enumerate(alone[:MOST_PAIRED]) for other in alone[:at]]
    known = set()
    for there in (*alone, *pairs, np.logical_and.reduce(alone) if alone else np.zeros(0, np.bool_)):
        if there.sum() >= LEAST_ROWS and there.tobytes() not in known:
            known.add(there.tobytes())
            yield np.flatnonzero(there)


def _linear(
    numbers: Numbers, names: list[str], some: Float2D, rng: np.random.Generator
) -> Iterator[Identity]:
    """Yield sums of up to three terms and scalings whose random projections agree.

    Rows are weighted at random, weights sum to 0: an identity with an offset holds between the weighted
    sums too, and hardly anything else does (own; the check on all rows follows).
    """
    weights = rng.standard_normal(len(some))
    there = np.nan_to_num(some)
    seen = np.flatnonzero(there.std(axis=0) > 0).tolist()
    point = (weights - weights.mean()) @ there
    wide = 1e-9 * (np.abs(weights) @ np.abs(there)).max()
    pairs = [(a, b) for at, a in enumerate(seen) for b in seen[:at]]
    plus = {pair: point[pair[0]] + point[pair[1]] for pair in pairs}
    for a, b in pairs:
        if point[b]:
            yield from _oriented(numbers, names, some, ((a, 1.0), (b, -float(point[a] / point[b]))), SCALE)
    left: list[tuple[float, Terms]] = [(float(value), ((a, 1.0), (b, 1.0))) for (a, b), value in plus.items()]
    for sign in (1.0, -1.0):
        right: list[tuple[float, Terms]] = [(float(sign * point[c]), ((c, -sign),)) for c in seen]
        yield from _matched(numbers, names, some, left, right, wide)
    minus: list[tuple[float, Terms]] = [
        (float(s * (point[a] - point[b])), ((a, -s), (b, s))) for a, b in pairs for s in (1.0, -1.0)
    ]
    both: list[tuple[float, Terms]] = [
        (float(value), ((a, -1.0), (b, -1.0))) for (a, b), value in plus.items()
    ]
    yield from _matched(numbers, names, some, left, [*minus, *both], wide)


Terms = tuple[tuple[int, float], ...]


def _matched(
    numbers: Numbers,
    names: list[str],
    some: Float2D,
    left: list[tuple[float, Terms]],
    right: list[tuple[float, Terms]],
    wide: float,
) -> Iterator[Identity]:
    """Yield the identities of terms whose projections are equal and that share no column."""
    if not left or not right:
        return
    right = sorted(right, key=lambda pair: pair[0])
    ladder = np.array([value for value, _ in right])
    heights = np.array([value for value, _ in left])
    low, high = np.searchsorted(ladder, heights - wide), np.searchsorted(ladder, heights + wide, "right")
    for at in np.flatnonzero(high > low):
        for other in range(low[at], min(high[at], low[at] + 8)):
            terms = (*left[at][1], *right[other][1])
            if len({column for column, _ in terms}) == len(terms):
                yield from _oriented(numbers, names, some, terms, SUM)


def _oriented(
    numbers: Numbers, names: list[str], some: Float2D, terms: Terms, kind: str
) -> Iterator[Identity]:
    """Yield a sum of terms that is constant, solved for each column on a grid fine enough."""
    whole = sum(factor * some[:, column] for column, factor in terms)
    offset = float(np.nanmedian(whole)) if np.isfinite(whole).any() else 0.0
    if (
        kind == SCALE
        and not (np.abs(whole - offset) <= 1e-6 * np.nanmax(np.abs(some[:, terms[0][0]]))).mean() > 0.9
    ):
        return
    finest = min(numbers.step[names[column]] for column, _ in terms)
    for column, factor in terms:
        if numbers.step[names[column]] > finest and kind == SUM:
            continue
        others = [(other, -one / factor) for other, one in terms if other != column]
        if kind == SCALE and not _keeps_grid(numbers, names[column], names[others[0][0]], others[0][1]):
            continue
        yield Identity(
            kind, names[column], tuple(names[other] for other, _ in others),
            tuple(_tidy(one) for _, one in others), _tidy(offset / factor),
        )  # fmt: skip


def _keeps_grid(numbers: Numbers, target: str, operand: str, factor: float) -> bool:
    """Tell whether a multiple of any operand on its grid lies on the grid of the target."""
    if numbers.step[target] <= 0.0:
        return numbers.step[operand] <= 0.0
    ratio = abs(factor) * numbers.step[operand] / numbers.step[target]
    return ratio > 0.5 and abs(ratio - round(ratio)) < 1e-6


def _agreeing(cells: Float2D, kind: str, factor: float, target: Float1D, wide: Float1D) -> Float2D:
    """Return the share of rows in which the product or ratio of two columns is the target: float64[k, k]."""
    second = cells if kind == PRODUCT else 1.0 / np.where(cells == 0, np.nan, cells)
    made = factor * cells[:, :, None] * second[:, None, :]
    near = (np.abs(made - target[:, None, None]) <= wide[:, None, None]).sum(axis=0)
    return np.asarray(near / np.maximum(np.isfinite(made).sum(axis=0), LEAST_AGREEING))


def _products(numbers: Numbers, names: list[str], some: Float2D, target: int) -> Iterator[Identity]:
    """Yield products and ratios of two columns that agree with a target in a small sample."""
    mine = some[:, target]
    there = ~np.isnan(mine)
    others = [k for k in range(len(names)) if k != target]
    if there.sum() < LEAST_AGREEING or not others or len(np.unique(mine[there])) < 3:
        return
    cells = some[there][:, others]
    wide = 0.5 * numbers.step[names[target]] + 1e-9 * np.maximum(np.abs(mine[there]), 1.0)
    for kind in (PRODUCT, RATIO):
        for factor in FACTORS:
            holds = _agreeing(cells, kind, factor, mine[there], wide)
            for a, b in np.argwhere(holds > 0.95):
                if a > b or (kind == RATIO and a != b):
                    yield Identity(kind, names[target], (names[others[a]], names[others[b]]), (factor,))


def _annuities(numbers: Numbers, names: list[str], some: Float2D) -> Iterator[Identity]:
    """Yield level payments of an amount, a rate (of a year, in % or not, or of a period) and periods."""
    different = [numbers.different[name] for name in names]
    low, high = np.fmin.reduce(some, axis=0), np.fmax.reduce(some, axis=0)  # a column may be empty here
    rates = [k for k in range(len(names)) if low[k] >= 0 and high[k] <= MOST_RATE and different[k] > 2
             and numbers.step[names[k]] < 1]  # fmt: skip
    terms = [k for k in range(len(names)) if low[k] >= 1 and different[k] <= MOST_TERMS
             and numbers.step[names[k]] >= 1]  # fmt: skip
    wide = np.array([numbers.step[name] for name in names]) * 1.001 + 1e-9
    seldom = [
        k for k, name in enumerate(names) if np.mean(np.nan_to_num(numbers.values[name]) == 0) >= SELDOM
    ]
    for rate, term in ((a, b) for a in rates for b in terms):
        for factor in (1 / 1200, 1 / 12, 1 / 100, 1.0):
            part = annuity_factor(factor * some[:, rate], some[:, term])
            made = part[:, None] * some
            far = np.abs(made[:, :, None] - some[:, None, :])
            share = (far <= wide).sum(axis=0) / np.maximum(np.isfinite(far).sum(axis=0), LEAST_AGREEING)
            for amount, target in np.argwhere(share > (LEAST_PLAIN if seldom else 0.95)):
                if len({amount, target, rate, term}) < 4 or different[target] <= MOST_TERMS:
                    continue
                operands = (names[amount], names[rate], names[term])
                ends = [names[k] for k in seldom if k not in (amount, target, rate, term)]
                # Rounded to the next step, up, or down.
                for shift in (0.0, 0.5, -0.5):
                    offset = shift * numbers.step[names[target]]
                    if share[amount, target] > 0.95:
                        yield Identity(ANNUITY, names[target], operands, (factor,), offset)
                    for end in ends:
                        yield Identity(BALLOON, names[target], (*operands, end), (factor,), offset)


def _tidy(value: float) -> float:
    """Return a number without the noise of its last bits."""
    near = round(value, 6)
    return float(near) if abs(value - near) < 1e-7 * max(abs(value), 1.0) else float(value)
