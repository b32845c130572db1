"""Who rounds: entities pay round sums or do not, and so they do with each payee, as far as rows tell it."""

from __future__ import annotations

import numpy as np

from finsim.generators.events.habits.amounts import normal, places
from finsim.generators.events.habits.ledger import Ledger, sums_by
from finsim.generators.margins.number_margin import NumberMargin
from finsim.notation import Array, Float1D, Int1D

MOST, LEAST_TOLD = 0.9, 0.02
"""Largest part of a rounding that entity and payee tell; the least that roundings must differ at all
(assumptions)."""


def roundings_alike(
    ledger: Ledger, law: Int1D, link: Int1D, told: Array, margins: tuple[NumberMargin, ...]
) -> Float1D:
    """Return float64[2], the correlation of roundings of an entity, and what a payee of it adds.

    law, link int64[n]; told bool[n], the rows whose sums are no repeats. Each rounding is an interval of a
    normal score; products of their means within entities and links, over the squared variance of the means,
    are the correlations of the scores, to first order (Olsson 1979).
    """
    rows = np.flatnonzero(told)
    low, high = np.zeros(len(rows)), np.ones(len(rows))
    for k in np.unique(law[rows]):
        of = np.flatnonzero(law[rows] == k)
        low[of], high[of] = margins[k].rounding_places(ledger.amount[rows[of]])
    wide = high - low
    kept = (wide > 1e-9) & (wide < 1.0 - 1e-9)
    rows, low, high, wide = rows[kept], low[kept], high[kept], wide[kept]
    if not len(rows):
        return np.zeros(2)
    mean = (_density(low) - _density(high)) / wide
    explained = float((mean**2).mean())
    if explained < LEAST_TOLD:
        return np.zeros(2)
    of_link, of_entity = link[rows], ledger.entity[rows]
    links = int(link.max()) + 1
    owner = np.zeros(links, np.int64)
    owner[link] = ledger.entity
    total, size = sums_by(of_link, mean, links), np.bincount(of_link, minlength=links).astype(np.float64)
    inside = sums_by(of_link, mean**2, links)
    whole, rows_of = sums_by(of_entity, mean, ledger.count), np.bincount(of_entity, minlength=ledger.count)
    across = whole**2 - sums_by(owner, total**2, ledger.count)
    pairs = rows_of**2.0 - sums_by(owner, size**2, ledger.count)
    entity = _ratio(across, pairs, rows_of)
    both = _ratio(total**2 - inside, size**2 - size, size)
    alike = np.clip(np.array([entity, both]) / explained**2, 0.0, MOST)
    return np.array([alike[0], max(float(alike[1] - alike[0]), 0.0)])


def rounding_draws(alike: Float1D, entity: Float1D, link: Float1D, single: Float1D) -> Float1D:
    """Return uniform draws float64[n] with such correlations, from three uniform draws of each row."""
    left = max(1.0 - float(alike.sum()), 0.0)
    score = np.sqrt(alike[0]) * normal(np.ascontiguousarray(entity))
    score = score + np.sqrt(alike[1]) * normal(np.ascontiguousarray(link))
    return places(score + np.sqrt(left) * normal(np.ascontiguousarray(single)))


def _ratio(products: Float1D, pairs: Float1D, size: Array) -> float:
    """Return the mean product of pairs, an entity counting as many times as it has rows."""
    some = pairs > 0
    weight = 1.0 / np.maximum(size[some], 1.0)
    below = float((pairs[some] * weight).sum())
    return float((products[some] * weight).sum()) / below if below > 0 else 0.0


def _density(place: Float1D) -> Float1D:
    """Return the normal density at the score of a place, 0 at the ends."""
    score = normal(np.ascontiguousarray(np.clip(place, 1e-12, 1.0 - 1e-12)))
    inner = (place > 0.0) & (place < 1.0)
    return np.asarray(np.where(inner, np.exp(-0.5 * score**2) / np.sqrt(2.0 * np.pi), 0.0))
