"""Dates that are missing where a later one is there, filled as other rows have them."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from finsim.generators.tables.reduction.dates.date_ranges import is_beyond, spans, within
from finsim.generators.tables.reduction.dates.months_after import (
    are_whole,
    keep_ends,
    months_after,
    months_between,
)
from finsim.notation import Float1D

TURNS = 20
"""Times that months are drawn again for a row in which they fit no other date (assumption)."""


def filled_before(days: Mapping[str, Float1D], source: str, target: str, rng: np.random.Generator) -> Float1D:
    """Return the date ``source``, where it is missing as far before ``target`` as in other rows.

    Whole months where such lie between. Where another date before it says it more closely, so many days after
    that one; in either case as far from all other dates as rows are that have both.
    """
    mine, end = days[source], days[target]
    rows = np.flatnonzero(np.isnan(mine) & ~np.isnan(end))
    others = {name: other for name, other in days.items() if name != source}
    # The ranges of the dates beside it: days after them are days before it, turned about.
    ranges = tuple(
        (name, float(between.min()), float(between.max()))
        for name in sorted(others, key=lambda one: _spread(mine - others[one]))
        if len(between := _known(mine - others[name]))
    )
    low, high = spans(ranges, {name: other[rows] for name, other in others.items()}, len(rows))
    filled = mine.copy()
    if are_whole(mine, end):
        filled[rows] = _months_before(
            end[rows], (months_between(mine, end), keep_ends(mine, end)), (low, high), rng
        )
        return filled
    made = end[rows] - _drawn(end - mine, len(rows), rng)
    near = _nearest_before(mine, others, _spread(end - mine))
    if near:
        after = others[near][rows] + _drawn(mine - others[near], len(rows), rng)
        made = np.where(np.isnan(after), made, after)
    filled[rows] = within(made, low, high)
    return filled


def _months_before(
    end: Float1D, law: tuple[Float1D, bool], span: tuple[Float1D, Float1D], rng: np.random.Generator
) -> Float1D:
    """Return days some months of other rows before ``end``, drawn again while they are out of their span.

    ``law`` : the months, and whether ends of months keep to ends.
    """
    months, ends = law
    made = months_after(end, -_drawn(months, len(end), rng), ends)
    for _ in range(TURNS):
        wrong = np.flatnonzero(is_beyond(made, *span))
        if not len(wrong):
            break
        made[wrong] = months_after(end[wrong], -_drawn(months, len(wrong), rng), ends)
    return made


def _nearest_before(mine: Float1D, others: Mapping[str, Float1D], spread: float) -> str:
    """Return the date that is never after ``mine`` and says it most closely, "" where none does by a half."""
    found = [
        (_spread(mine - other), name) for name, other in others.items()
        if len(between := _known(mine - other)) and between.min() >= 0
    ]  # fmt: skip
    near = min(found, default=(np.inf, ""))
    return near[1] if near[0] < 0.5 * spread else ""


def _spread(between: Float1D) -> float:
    known = _known(between)
    if not len(known):
        return np.inf
    low, high = np.quantile(known, [0.1, 0.9])
    return float(high - low)


def _known(between: Float1D) -> Float1D:
    return np.asarray(between[~np.isnan(between)])


def _drawn(between: Float1D, count: int, rng: np.random.Generator) -> Float1D:
    return np.asarray(rng.choice(_known(between), count))
