"""Useless twins of the real rows: what a metric scores when nothing of an entity's life is left."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from finsim.evaluation.events.event_case import EventCase, EventSide, Sequences
from finsim.notation import Float1D


def scattered(case: EventCase) -> EventSide:
    """Return the real rows dealt to random entities, at times drawn evenly over the real period.

    Counterparties are drawn evenly among those there are.
    """
    side = case.sides[0]
    rng = case.streams.at("events", "useless")
    count, rows = side.sequences.count, len(side.sequences.days)
    entity = rng.integers(0, count, rows)
    days = _even(side.sequences.days, rng, case.has_clock)
    place = np.lexsort((days, entity))
    start = np.concatenate([[0], np.cumsum(np.bincount(entity, minlength=count))]).astype(np.int64)
    dealt = Sequences(side.sequences.order[place], start, days[place])
    partner = side.partner
    if partner is not None and rows:
        partner = rng.integers(0, int(partner.max(initial=0)) + 1, rows)
    return replace(
        side,
        sequences=dealt,
        amount=None if side.amount is None else side.amount[place],
        partner=partner,
        channel=None if side.channel is None else side.channel[place],
    )


def _even(days: Float1D, rng: np.random.Generator, clock: bool) -> Float1D:
    known = days[np.isfinite(days)]
    if len(known) == 0:
        return days
    drawn = rng.uniform(known.min(), known.max() + (0.0 if clock else 1.0), len(days))
    return drawn if clock else np.floor(drawn)


def smooth_amounts(case: EventCase) -> EventSide:
    """Return the real rows with log-normal amounts of the real mean and spread, to the real decimals."""
    side = case.sides[0]
    if side.amount is None:
        return side
    size = np.log(np.maximum(np.abs(side.amount), 1e-9))
    rng = case.streams.at("events", "useless amounts")
    drawn = np.exp(np.nanmean(size) + np.nanstd(size) * rng.standard_normal(len(size)))
    whole = np.all(np.isnan(side.amount) | (side.amount == np.round(side.amount)))
    return replace(side, amount=np.abs(np.round(drawn, 0 if whole else 2)))


def rounded_amounts(case: EventCase) -> EventSide:
    """Return the real rows with amounts rounded to one leading digit."""
    side = case.sides[0]
    if side.amount is None:
        return side
    unit = 10.0 ** np.floor(np.log10(np.maximum(np.abs(side.amount), 1e-9)))
    return replace(side, amount=np.round(side.amount / unit) * unit)
