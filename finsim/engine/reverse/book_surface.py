"""What a book loses, class by class, as a table over the factor and over the price of its collateral."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from finsim.credit.factors import FACTOR, link
from finsim.extras import Later
from finsim.notation import Float1D, Float2D
from finsim.records.drivers import Drivers

interpolate = Later("scipy.interpolate", "credit")

FACTORS = np.array([-14.0, -11.0, -9.0, *np.arange(-8.0, 2.01, 0.5), 4.0])
PRICES = np.array([-90.0, -60.0, -40.0, -20.0, 0.0, 30.0])
_YEAR = 12

LossOf = Callable[[list[pa.Table], Drivers], float]
"""The share of the whole opening balance that some loans lose under drivers; by shard, some of them empty."""


@dataclass(frozen=True)
class ClassSurface:
    """The loss of one class: its link, its collateral, and ``table`` [prices, factors] (one row without)."""

    betas: Mapping[str, float]
    collateral: str
    table: Float2D

    def at(self, factor: Float1D, price: Float1D | None) -> Float1D:
        """Return the loss at factors [n] and price moves [n] in percent: shares of the whole balance."""
        rows: Float2D = self._curves(np.clip(factor, FACTORS[0], FACTORS[-1]))
        if rows.shape[1] == 1:
            return rows[:, 0]
        if price is None:
            price = np.zeros(len(factor))
        moved = np.clip(price, PRICES[0], PRICES[-1])
        k = np.clip(np.searchsorted(PRICES, moved, side="right") - 1, 0, len(PRICES) - 2)
        share = (moved - PRICES[k]) / (PRICES[k + 1] - PRICES[k])
        each = np.arange(len(moved))
        found: Float1D = (1.0 - share) * rows[each, k] + share * rows[each, k + 1]
        return found

    @cached_property
    def _curves(self) -> Any:
        """Monotone cubic curves over the factor, one a price (Fritsch and Carlson 1980)."""
        return interpolate.PchipInterpolator(FACTORS, self.table.T)


@dataclass(frozen=True)
class BookSurface:
    """The loss of a book as a function of moves that are reached in even steps.

    ``weights[variable]``: mean of a unit move over the first year, beside that of the factor itself.
    """

    classes: tuple[ClassSurface, ...]
    weights: Mapping[str, float]

    def loss(self, names: tuple[str, ...], moves: Float2D) -> Float1D:
        """Return the loss rate at moves [n, names], points and percent: float64 [n]."""
        of = {name: moves[:, k] for k, name in enumerate(names)}
        total = np.zeros(len(moves))
        for one in self.classes:
            factor = np.array(of.get(FACTOR, np.zeros(len(moves))))
            for name, beta in one.betas.items():
                if name in of:
                    factor = factor + beta * self.weights[name] * of[name]
            total += one.at(factor, of.get(one.collateral))
        return total


def book_surface(shards: list[pa.Table], probe: Drivers, loss_of: LossOf) -> BookSurface:
    """Return the surface of a book; ``probe`` holds every variable that its links read, each moved by 1.

    The book is evaluated class by class with the factor of the class at each node and its link off, so the
    table holds for any link. Raises what ``loss_of`` raises.
    """
    names = sorted({name for shard in shards for name in pc.unique(shard["loan_class"]).to_pylist()})
    mean = {name: float(path[:_YEAR].mean()) for name, path in probe.macro.items()}
    found = []
    for name in names:
        held = [shard.filter(pc.equal(shard["loan_class"].cast(pa.string()), name)) for shard in shards]
        collateral = probe.credit.collateral.get(name, "")
        table = [
            [loss_of(held, _at(probe, name, factor, collateral, price)) for factor in FACTORS]
            for price in (PRICES if collateral else [0.0])
        ]
        found.append(ClassSurface(dict(link(probe, name)), collateral, np.array(table)))
    return BookSurface(tuple(found), {name: value / mean[FACTOR] for name, value in mean.items()})


def linked_variables(shards: list[pa.Table], drivers: Drivers) -> tuple[str, ...]:
    """Return the macro variables that the links and the collateral of a book's classes read, sorted."""
    classes = {name for shard in shards for name in pc.unique(shard["loan_class"]).to_pylist()}
    linked = {name for loan_class in classes for name, beta in link(drivers, loan_class).items() if beta}
    return tuple(
        sorted(linked | {drivers.credit.collateral[c] for c in classes & set(drivers.credit.collateral)})
    )


def _at(probe: Drivers, loan_class: str, factor: float, collateral: str, price: float) -> Drivers:
    macro = {FACTOR: factor * probe.macro[FACTOR]}
    if collateral:
        macro[collateral] = price * probe.macro[collateral]
    off = {**probe.credit.betas, loan_class: {}}
    return replace(probe, macro=macro, macro_steps={}, credit=replace(probe.credit, betas=off))
