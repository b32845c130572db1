"""Linear forms and truth gates over a ``Search``: equal parts are built once."""

from __future__ import annotations

import sys
from bisect import bisect_left
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from fractions import Fraction
from math import ceil, floor, gcd, inf, lcm, nextafter

from finsim.constraints.solver.clause_search import Search
from finsim.constraints.solver.exact_simplex import Near

ZERO, ONE = Fraction(0), Fraction(1)
LARGEST = Fraction(sys.float_info.max)


@dataclass(frozen=True)
class Linear:
    """A sum of simplex variables times factors, plus a constant."""

    terms: Mapping[int, Fraction] = field(default_factory=dict)
    constant: Fraction = ZERO

    def plus(self, other: Linear, factor: Fraction = ONE) -> Linear:
        """Return ``self + factor * other``."""
        terms = dict(self.terms)
        for name, one in other.terms.items():
            terms[name] = terms.get(name, ZERO) + factor * one
        kept = {name: one for name, one in terms.items() if one}
        return Linear(kept, self.constant + factor * other.constant)

    def times(self, factor: Fraction) -> Linear:
        """Return ``factor * self``."""
        return Linear().plus(self, factor)


def float_below(limit: Fraction, strict: bool = False) -> Fraction:
    """Return the largest float at or below a number (below it when strict); the number is no infinity."""
    near = float(limit)
    if near > limit or (strict and near == limit):
        near = nextafter(near, -inf)
    return Fraction(near)


def float_after(value: Fraction) -> Fraction:
    """Return the float after a float that is not the largest."""
    return Fraction(nextafter(float(value), inf))


def fixed(value: Fraction | int) -> Linear:
    """Return a constant."""
    return Linear({}, Fraction(value))


class Forms:
    """Makes truth literals of inequalities and of and, or, not, if.

    With ``has_floats`` numbers that are not whole are float64, unless they are taken out of ``floats``.
    """

    def __init__(self, has_floats: bool = False) -> None:
        self.search = Search()
        self.has_floats = has_floats
        self.floats: set[int] = set()
        self.true = self.search.variable()
        self.search.require([self.true])
        self._sums: dict[tuple[tuple[int, Fraction], ...], int] = {}
        self._gates: dict[frozenset[int], int] = {}
        self._parts: dict[int, list[int]] = {}
        self._facts: list[tuple[int, ...]] = []
        self._chains: dict[int, list[tuple[Near, int]]] = {}

    def number(self, whole: bool, is_step: bool = False) -> Linear:
        """Return a new unknown number; ``is_step`` says that it counts the steps of a rounding."""
        name = self.search.simplex.variable()
        if is_step:
            self.search.steps.add(name)
        if whole:
            self.search.whole[name] = None
        elif self.has_floats:
            self.floats.add(name)
        return Linear({name: ONE})

    def fact(self, *literals: int) -> None:
        """State that one of the literals is true."""
        self._facts.append(literals)
        self.search.require(literals)

    def flag(self) -> int:
        """Return a new unknown truth."""
        return self.search.variable()

    def below(self, left: Linear, right: Linear, strict: bool = False) -> int:
        """Return the literal of ``left <= right`` (``<`` when strict)."""
        gap = left.plus(right, -ONE)
        if not gap.terms:
            return self.true if (gap.constant < 0 if strict else gap.constant <= 0) else -self.true
        scale = Fraction(lcm(*(one.denominator for one in gap.terms.values())))
        scale /= gcd(*((one * scale).numerator for one in gap.terms.values()))
        scale = -scale if gap.terms[min(gap.terms)] < 0 else scale
        terms = tuple(sorted((name, one * scale) for name, one in gap.terms.items()))
        limit, flipped = -gap.constant * scale, scale < 0
        whole = all(name in self.search.whole for name in gap.terms)
        if not whole and len(terms) == 1:
            terms, limit = ((terms[0][0], ONE),), limit / terms[0][1]
        name = self._sum(terms)
        if not flipped:
            return self._at_most(name, limit, strict, whole)
        return -self._at_most(name, limit, not strict, whole)

    def _at_most(self, name: int, limit: Fraction, strict: bool, whole: bool) -> int:
        """Return the literal of ``name <= limit`` (``<`` when strict)."""
        if whole:
            limit = Fraction(ceil(limit) - 1 if strict else floor(limit))
            high, low = (limit, ZERO), (limit + 1, ZERO)
        elif name in self.floats and abs(limit) < LARGEST:
            below = float_below(limit, strict)
            high, low = (below, ZERO), (float_after(below), ZERO)
        else:
            high, low = ((limit, -ONE), (limit, ZERO)) if strict else ((limit, ZERO), (limit, ONE))
        atom = self.search.atom(name, high, low)
        self._chain(name, high, atom)
        return atom

    def _chain(self, name: int, high: Near, atom: int) -> None:
        """State that a lower limit implies a higher one."""
        chain = self._chains.setdefault(name, [])
        place = bisect_left(chain, (high, atom))
        if place < len(chain) and chain[place][1] == atom:
            return
        if place:
            self.search.require((-chain[place - 1][1], atom))
        if place < len(chain):
            self.search.require((-atom, chain[place][1]))
        chain.insert(place, (high, atom))

    def _sum(self, terms: tuple[tuple[int, Fraction], ...]) -> int:
        if len(terms) == 1 and terms[0][1] == ONE:
            return terms[0][0]
        if terms not in self._sums:
            self._sums[terms] = self.search.simplex.form(dict(terms))
        return self._sums[terms]

    def same_number(self, left: Linear, right: Linear) -> int:
        """Return the literal of ``left = right``."""
        return self.all_of((self.below(left, right), self.below(right, left)))

    def all_of(self, literals: Iterable[int]) -> int:
        """Return the literal of a conjunction."""
        parts = frozenset(literals) - {self.true}
        if -self.true in parts or any(-one in parts for one in parts):
            return -self.true
        if len(parts) < 2:
            return next(iter(parts), self.true)
        if parts not in self._gates:
            gate = self.flag()
            self._gates[parts], self._parts[gate] = gate, sorted(parts)
            for one in self._parts[gate]:
                self.search.require((-gate, one))
            self.search.require((gate, *(-one for one in self._parts[gate])))
        return self._gates[parts]

    def any_of(self, literals: Iterable[int]) -> int:
        """Return the literal of a disjunction."""
        return -self.all_of(-one for one in literals)

    def grounds(self, literals: Iterable[int]) -> list[int]:
        """Return atoms of the assignment found last that suffice for some of its literals and all facts.

        Whatever values agree with them (and with the truths that are no atoms) agree with the literals.
        """
        done: set[int] = set()
        self._ground(list(literals), done)
        for fact in self._facts:
            if not any(one in done for one in fact):
                self._ground([self._easiest([one for one in fact if self.search.holds(one)])], done)
        return [one for one in done if abs(one) in self.search.atoms]

    def _ground(self, waiting: list[int], done: set[int]) -> None:
        """Add literals, and what makes them true, to those done."""
        while waiting:
            literal = waiting.pop()
            if literal in done:
                continue
            done.add(literal)
            parts = self._parts.get(abs(literal), [])
            if literal > 0:
                waiting += parts
            elif parts and not any(-one in done for one in parts):
                waiting.append(self._easiest([-one for one in parts if self.search.holds(-one)]))

    def _easiest(self, literals: list[int]) -> int:
        """Return the literal that limits numbers least: no atom where there is the choice."""
        return min(literals, key=lambda one: (abs(one) in self.search.atoms, abs(one) in self._parts))

    def either(self, condition: int, yes: int, no: int) -> int:
        """Return the literal of ``if condition then yes else no``."""
        return self.all_of((self.any_of((-condition, yes)), self.any_of((condition, no))))
