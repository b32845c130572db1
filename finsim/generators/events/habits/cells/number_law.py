"""``NumberLaw``: a further number of a row by its best context.

With the entity's level and its last value.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from finsim.generators.events.habits.amounts import normal, places
from finsim.generators.events.habits.cells.contexts import last_kept
from finsim.generators.events.habits.ledger import means_by
from finsim.generators.margins.number_margin import NumberMargin
from finsim.notation import Array, Float1D, Float2D, Int1D

LEAST = 40


@dataclass(frozen=True)
class NumberLaw:
    """margins by level of the context (``place`` int64[levels] says which).

    missing float64[margins], and the shares of: the row before said again; the variance that is between
    entities.
    """

    margins: tuple[NumberMargin, ...]
    missing: Float1D
    place: Int1D
    again: float
    between: float

    def cells(self, context: Int1D, level: Float1D, first: Array, draws: Float2D) -> Float1D:
        """Return numbers float64[n] (NaN: lacking); level [n] standard scores of entities; draws [n, 4]."""
        score = np.sqrt(self.between) * level + np.sqrt(1.0 - self.between) * normal(draws[:, 0])
        place = np.clip(places(score), 1e-9, 1.0 - 1e-9)
        law = self.place[np.minimum(context, len(self.place) - 1)]
        found = np.full(len(law), np.nan)
        for k, margin in enumerate(self.margins):
            rows = np.flatnonzero(law == k)
            cells = margin.values(place[rows], draws[rows, 1])
            found[rows] = np.where(draws[rows, 2] < self.missing[k], np.nan, cells)
        return np.asarray(found[last_kept(first, draws[:, 3] >= self.again)])


def learn_numbers(
    values: Float1D, step: float, context: Int1D, entity: Int1D, first: Array, draws: Float1D
) -> NumberLaw:
    """Learn the law of numbers float64[n] by the levels of a context; draws float64[n] spread ties."""
    present = ~np.isnan(values)
    if not present.any():
        empty = NumberMargin.fit(np.zeros(1), step)
        return NumberLaw((empty,), np.ones(1), np.zeros(1, np.int64), 0.0, 0.0)
    levels = int(context.max(initial=0)) + 2
    filled = np.bincount(context[present], minlength=levels)
    place = np.where(filled >= LEAST, np.cumsum(filled >= LEAST), 0).astype(np.int64)
    margins, missing, score = [], [], np.zeros(len(values))
    for k in range(int(place.max(initial=0)) + 1):
        rows = np.flatnonzero(place[context] == k)
        there = rows[present[rows]]
        margins.append(NumberMargin.fit(values[there] if len(there) else values[present], step))
        missing.append(1.0 - len(there) / len(rows) if len(rows) else 0.0)
        if len(there):
            score[there] = normal(margins[-1].uniform(values[there], draws[there]))
    z, owner = score[present], entity[present]
    count = int(entity.max(initial=0)) + 1
    size = np.bincount(owner, minlength=count)
    mean = means_by(owner, z, count)
    inside = ((z - mean[owner]) ** 2).sum() / max((np.maximum(size, 1) - 1).sum(), 1)
    some = size > 1
    apart = float(mean[some].var() - (inside / size[some]).mean()) if some.any() else 0.0
    between = float(np.clip(apart / max(apart + inside, 1e-9), 0.0, 0.95))
    again = float(_again(values, first, margins, place[context]))
    return NumberLaw(tuple(margins), np.array(missing), place, again, between)


def _again(values: Float1D, first: Array, margins: list[NumberMargin], law: Int1D) -> float:
    """Return the surplus share of rows with the number of the row before."""
    later = np.flatnonzero(~first & ~np.isnan(values))
    if not len(later):
        return 0.0
    alike = (values[later] == values[later - 1]).mean()
    chance = float(np.mean([float((m.atom_share**2).sum()) for m in margins]))
    return float(np.clip((alike - chance) / max(1.0 - chance, 1e-6), 0.0, 0.95))
