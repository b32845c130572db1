"""Identities between columns of numbers and dates: found on a table, computed again in a sample."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

import numpy as np

from finsim.generators.tables.reduction.column_cells import as_numbers, number_step, on_grid
from finsim.notation import Bool1D, Float1D, Float2D
from finsim.records.mixed_table import MixedTable

LEAST_ROWS, LEAST_SHARE, LEAST_SHARE_ODD = 50, 0.999, 0.99
"""An identity holds in 99.9 % of the rows, and in 99 % of at least 50 rows without the commonest value."""
MOST_COLUMNS, SOME_ROWS, LOOKS = 120, 64, 4
FACTORS = (1.0, 100.0)
SUM, PRODUCT, RATIO, SCALE = "sum", "product", "ratio", "scale"


@dataclass(frozen=True)
class Identity:
    """``target`` = offset + the sum of factor x operand; or factor x a x b; or factor x a / b.

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
        for name, column in table.columns.items():
            numbers = as_numbers(column)
            if numbers is None or len(self.values) >= MOST_COLUMNS:
                continue
            found, counts = np.unique(numbers[~np.isnan(numbers)], return_counts=True)
            if len(found) > 1:
                self.values[name], self.step[name] = numbers, number_step(column)
                self.odd[name] = ~np.isnan(numbers) & (numbers != found[counts.argmax()])

    def share(self, identity: Identity) -> float:
        """Return the share of rows in which an identity holds; 0 where there is too little to tell."""
        target = self.values[identity.target]
        made = self.values_of(identity)
        both = ~np.isnan(target) & ~np.isnan(made)
        wide = 0.5 * self.step[identity.target] + 1e-9 * np.maximum(np.abs(target), 1.0)
        holds = both & (np.abs(np.where(both, target - made, np.inf)) <= wide)
        holds |= np.isnan(target) & np.isnan(made)
        odd = self.odd[identity.target]
        if odd.sum() < LEAST_ROWS or holds[odd].mean() < LEAST_SHARE_ODD:
            return 0.0
        return float(holds.mean())

    def values_of(self, identity: Identity) -> Float1D:
        """Return the computed target on its grid."""
        return on_grid(identity.values(self.values), self.step[identity.target])


def find_identities(table: MixedTable, rng: np.random.Generator) -> list[tuple[float, Identity]]:
    """Return identities that hold, the surest first; one column may be the target of several.

    A target lies on a grid at least as fine as those of its terms, so that a sum stays on it.
    """
    numbers = Numbers(table)
    if table.rows < LEAST_ROWS or len(numbers.values) < 2:
        return []
    found: dict[tuple[object, ...], tuple[float, Identity]] = {}
    for one in _candidates(numbers, table.rows, rng):
        key = (one.kind, one.target, frozenset(zip(one.operands, one.factors, strict=False)))
        if key not in found:
            share = numbers.share(one)
            found[key] = (share, one)
    sure = [pair for pair in found.values() if pair[0] >= LEAST_SHARE]
    commonest = {name: 1.0 - float(odd.mean()) for name, odd in numbers.odd.items()}
    names = list(numbers.values)
    return sorted(
        sure,
        key=lambda pair: (
            -round(pair[0], 6), len(pair[1].operands), commonest[pair[1].target], names.index(pair[1].target)
        ),
    )  # fmt: skip


def _candidates(numbers: Numbers, rows: int, rng: np.random.Generator) -> Iterator[Identity]:
    """Yield what holds in some small samples of the rows."""
    names = list(numbers.values)
    cells = np.stack([numbers.values[name] for name in names], axis=1)
    sizes = [SOME_ROWS] * (LOOKS - 1) + [min(rows, 2_000)]
    for size in sizes:
        some = cells[rng.permutation(rows)[:size]]
        yield from _linear(numbers, names, some, rng)
    some = cells[rng.permutation(rows)[:SOME_ROWS]]
    for target in range(len(names)):
        yield from _products(numbers, names, some, target)


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


def _products(numbers: Numbers, names: list[str], some: Float2D, target: int) -> Iterator[Identity]:
    """Yield products and ratios of two columns that agree with a target in a small sample."""
    mine = some[:, target]
    there = ~np.isnan(mine)
    others = [k for k in range(len(names)) if k != target]
    if there.sum() < 8 or not others or len(np.unique(mine[there])) < 3:
        return
    cells = some[there][:, others]
    wide = 0.5 * numbers.step[names[target]] + 1e-9 * np.maximum(np.abs(mine[there]), 1.0)
    for kind in (PRODUCT, RATIO):
        second = cells if kind == PRODUCT else 1.0 / np.where(cells == 0, np.nan, cells)
        for factor in FACTORS:
            made = factor * cells[:, :, None] * second[:, None, :]
            holds = (np.abs(made - mine[there][:, None, None]) <= wide[:, None, None]).mean(axis=0)
            for a, b in np.argwhere(holds > 0.95):
                if a > b or (kind == RATIO and a != b):
                    yield Identity(kind, names[target], (names[others[a]], names[others[b]]), (factor,))


def _tidy(value: float) -> float:
    """Return a number without the noise of its last bits."""
    near = round(value, 6)
    return float(near) if abs(value - near) < 1e-7 * max(abs(value), 1.0) else float(value)
