"""How often an entity comes back to the same counterparty or the same amount."""

from __future__ import annotations

import numpy as np

from finsim.evaluation.events.entity_resamples import Counts, compared, entity_weights, hits, rates_gap
from finsim.evaluation.events.event_case import EventCase, EventSide
from finsim.evaluation.events.useless_twins import scattered
from finsim.evaluation.metric import DETECTOR, Metric, Score
from finsim.notation import Array, Bool1D, Float2D


def measure(case: EventCase) -> list[Score]:
    """Return differences of the rates of rows that repeat the row before, or any earlier one."""
    missing = "there is no amount and no counterparty on both sides"
    why = case.why or ("" if case.columns.amount or case.columns.partner else missing)
    if why:
        return [METRIC.missing("repeats", why)]
    weights, useless, note = entity_weights(case), [scattered(case)], case.columns.told
    parts = [("amount", case.columns.amount), ("counterparty", case.columns.partner)]
    scores = []
    for part, name in parts:
        if name is not None:
            counts = _rates_of(part)
            scores.append(compared(METRIC, case, weights, f"same {part}", counts, rates_gap, useless, note))
    if case.columns.amount and case.columns.partner:
        counts = _rates_of("both")
        subject = "same amount and counterparty"
        scores.append(compared(METRIC, case, weights, subject, counts, rates_gap, useless, note))
    return scores


def keys(side: EventSide, part: str) -> Array:
    """Return int64[n] codes of what is repeated: ``amount``, ``counterparty`` or ``both``; -1 if missing."""
    size = len(side.sequences.days)
    amount = np.zeros(size, dtype=np.int64)
    if part != "counterparty" and side.amount is not None:
        known = np.isfinite(side.amount)
        amount = np.where(known, np.unique(side.amount, return_inverse=True)[1], -1)
    partner = np.zeros(size, dtype=np.int64)
    if part != "amount" and side.partner is not None:
        partner = side.partner
    joint = amount * (int(partner.max(initial=0)) + 2) + partner
    return np.where((amount < 0) | (partner < 0), -1, joint)


def seen_before(side: EventSide, key: Array) -> Bool1D:
    """Return whether the entity of each row has had the same key in an earlier row."""
    entity = side.sequences.entity()
    order = np.lexsort((np.arange(len(key)), key, entity))
    again = np.zeros(len(key), dtype=bool)
    same = (entity[order][1:] == entity[order][:-1]) & (key[order][1:] == key[order][:-1])
    again[order[1:]] = same
    return again & (key >= 0)


def as_before(side: EventSide, key: Array) -> Bool1D:
    """Return whether the row before, of the same entity, has the same key."""
    entity = side.sequences.entity()
    found = np.zeros(len(key), dtype=bool)
    found[1:] = (entity[1:] == entity[:-1]) & (key[1:] == key[:-1])
    return found & (key >= 0)


def later_rows(side: EventSide) -> Bool1D:
    """Return whether each row is not the first one of its entity."""
    later = np.ones(len(side.sequences.days), dtype=bool)
    starts = side.sequences.start[:-1]
    later[starts[side.sequences.lengths() > 0]] = False
    return later


def _rates_of(part: str) -> Counts:
    def counts(side: EventSide) -> Float2D:
        key = keys(side, part)
        return hits(side, later_rows(side) & (key >= 0), as_before(side, key), seen_before(side, key))

    return counts


METRIC = Metric(
    name="event_repeats",
    case="events",
    use=DETECTOR,
    unit="probability",
    lowest=0.0,
    highest=1.0,
    best=0.0,
    delta=0.05,
    origin="assumption: five points of probability beyond resampled real entities",
    order_free=False,
    compute=measure,
    summary="How often an entity repeats an amount or a counterparty",
    order=30,
    how=(
        "Difference of two rates among rows that are not an entity's first: the same amount (or "
        "counterparty, or both) as in the row before, and as in any earlier row; the larger one counts."
    ),
    misses="Standing orders that are a few days or cents apart.",
    estimator="rates over rows, whole entities resampled",
    references="resampled real entities, or the hold-out / random entities and counterparties",
)
