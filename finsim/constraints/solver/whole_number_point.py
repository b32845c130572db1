"""Round a fractional point to whole numbers that still satisfy all bounds.

The cube test of Bromberger and Weidenbach (2016), Fast cube tests for LIA constraint solving, after every
equation has been used to write one of its variables in terms of the others.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from fractions import Fraction
from math import floor

from finsim.constraints.solver.exact_simplex import Simplex

ZERO, HALF, ONE = Fraction(0), Fraction(1, 2), Fraction(1)


@dataclass(frozen=True)
class Affine:
    """A sum of variables times factors, plus a constant."""

    terms: Mapping[int, Fraction]
    constant: Fraction

    def put(self, name: int, value: Affine) -> Affine:
        """Return the sum with one variable replaced."""
        if name not in self.terms:
            return self
        factor = self.terms[name]
        terms = {one: other for one, other in self.terms.items() if one != name}
        for one, other in value.terms.items():
            terms[one] = terms.get(one, ZERO) + factor * other
        kept = {one: other for one, other in terms.items() if other}
        return Affine(kept, self.constant + factor * value.constant)

    def at(self, point: list[Fraction]) -> Fraction:
        """Return its value."""
        return sum((factor * point[name] for name, factor in self.terms.items()), self.constant)


def whole_point(
    simplex: Simplex, whole: Collection[int], pinned: Iterable[int], budget: int
) -> list[Fraction] | None:
    """Return values within all bounds of a simplex that are whole for the variables ``whole``.

    ``pinned`` are those that are held at the whole number next to them. The result is checked; None, when
    none was found, proves nothing. Raises Exhausted.
    """
    mark = simplex.mark()
    point = _pinned_point(simplex, whole, budget) if _pin(simplex, pinned) else None
    simplex.undo(mark)
    return point


def _pin(simplex: Simplex, names: Iterable[int]) -> bool:
    for name in names:
        near = (Fraction(floor(simplex.value[name][0] + HALF)), ZERO)
        if any(simplex.bound(name, is_high, near, 0) is not None for is_high in (True, False)):
            return False
    return True


def _pinned_point(simplex: Simplex, whole: Collection[int], budget: int) -> list[Fraction] | None:
    fixed = _fixed(simplex)
    solved = _solved(simplex, fixed, whole)
    written = {name: _written(terms, fixed, solved) for name, terms in simplex.sums.items()}
    mark = simplex.mark()
    fits = all(_tightened(simplex, name, sum_, whole) for name, sum_ in [*written.items(), *solved.items()])
    point = simplex.plain() if fits and simplex.check(budget) is None else None
    simplex.undo(mark)
    if point is None:
        return None
    for name in whole:
        if name not in solved:
            point[name] = Fraction(floor(point[name] + HALF))
    for name, value in solved.items():
        point[name] = value.at(point)
    for name, terms in simplex.sums.items():
        point[name] = Affine(terms, ZERO).at(point)
    fits = all(point[name].denominator == 1 for name in whole) and _allowed(simplex, point)
    return point if fits else None


def _fixed(simplex: Simplex) -> dict[int, Fraction]:
    """Return the variables and sums that have one value left."""
    pairs = enumerate(zip(simplex.low, simplex.high, strict=True))
    return {name: low[0] for name, (low, high) in pairs if low is not None and low == high}


def _written(
    terms: Mapping[int, Fraction], fixed: Mapping[int, Fraction], solved: Mapping[int, Affine]
) -> Affine:
    """Return a sum in terms of variables that are free."""
    result = Affine(terms, ZERO)
    for name in list(terms):
        if name in fixed:
            result = result.put(name, Affine({}, fixed[name]))
    for name, value in solved.items():
        result = result.put(name, value)
    return result


def _solved(simplex: Simplex, fixed: Mapping[int, Fraction], whole: Collection[int]) -> dict[int, Affine]:
    """Use each equation to write one variable in terms of others, whole ones with whole factors only."""
    solved: dict[int, Affine] = {}
    for name, terms in simplex.sums.items():
        if name not in fixed:
            continue
        row = _written(terms, fixed, solved)
        names = [one for one in row.terms if one not in whole]
        names += [one for one, factor in row.terms.items() if one in whole and abs(factor) == 1]
        if not names:
            continue
        chosen = names[0]
        factor = row.terms[chosen]
        rest = {one: -other / factor for one, other in row.terms.items() if one != chosen}
        value = Affine(rest, (fixed[name] - row.constant) / factor)
        solved = {one: other.put(chosen, value) for one, other in solved.items()}
        solved[chosen] = value
    return solved


def _tightened(simplex: Simplex, name: int, value: Affine, whole: Collection[int]) -> bool:
    """Tighten the bounds of a sum by what rounding can move it; whether that leaves anything."""
    slack = sum((abs(factor) for one, factor in value.terms.items() if one in whole), ZERO) / 2
    parts = [*value.terms.values(), value.constant]
    if slack and all(one in whole for one in value.terms) and all(one.denominator == 1 for one in parts):
        slack -= HALF  # whole sums move by whole steps between whole bounds
    low, high = simplex.low[name], simplex.high[name]
    if slack and high is not None and simplex.bound(name, True, (high[0] - slack, high[1]), 0) is not None:
        return False
    return not slack or low is None or simplex.bound(name, False, (low[0] + slack, low[1]), 0) is None


def _allowed(simplex: Simplex, point: list[Fraction]) -> bool:
    """Whether ordinary numbers lie within all bounds."""
    for value, low, high in zip(point, simplex.low, simplex.high, strict=True):
        if low is not None and (value < low[0] or (value == low[0] and low[1] > 0)):
            return False
        if high is not None and (value > high[0] or (value == high[0] and high[1] < 0)):
            return False
    return True
