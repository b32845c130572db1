"""Whom entities deal with: how many, how concentrated, how often someone new, and the graph."""

from __future__ import annotations

import numpy as np

from finsim.evaluation.events.degrees import degree_score, links
from finsim.evaluation.events.entity_resamples import (
    compared,
    entity_weights,
    hits,
    rates_gap,
    spread,
    steps_gap,
)
from finsim.evaluation.events.event_case import EventCase, EventSide
from finsim.evaluation.events.event_repeats import later_rows, seen_before
from finsim.evaluation.events.useless_twins import scattered
from finsim.evaluation.metric import DETECTOR, Metric, Score
from finsim.notation import Bool1D, Float1D, Float2D, Int1D

LEAST_ROWS = 4
AGES = (1, 4, 16, 64)
LEAST_OWNERS = 0.05


def measure(case: EventCase) -> list[Score]:
    """Return distances of out-degrees, concentration, new counterparties, in-degrees, returned rows."""
    why = case.why or ("" if case.columns.partner else "there is no column of counterparties on both sides")
    if why:
        return [METRIC.missing("counterparties", why)]
    weights, useless, told = entity_weights(case), [scattered(case)], case.columns.told
    real = case.sides[0]
    scores = [
        compared(
            METRIC, case, weights, "counterparties of an entity", spread(_out, real), steps_gap, useless, told
        ),
        compared(
            METRIC,
            case,
            weights,
            "share of the main counterparty",
            spread(main_share, real),
            steps_gap,
            useless,
        ),
        compared(
            METRIC, case, weights, "new counterparties", _new, rates_gap, useless, "by age of the entity"
        ),
        degree_score(METRIC, case, useless[0]),
    ]
    if account_to_account(real):
        scores.append(
            compared(METRIC, case, weights, "rows that are returned", _returned, rates_gap, useless)
        )
    return scores


def account_to_account(side: EventSide) -> bool:
    """Tell whether counterparties are entities too."""
    if side.owner is None or side.partner is None:
        return False
    return bool(np.isin(side.partner, side.owner[side.owner >= 0]).mean() >= LEAST_OWNERS)


def _out(side: EventSide) -> tuple[Int1D, Float1D]:
    """Return entity and number of its counterparties."""
    degree = np.bincount(links(side)[0], minlength=side.sequences.count)
    return np.arange(side.sequences.count), degree.astype(np.float64)


def main_share(side: EventSide) -> tuple[Int1D, Float1D]:
    """Return entity and the share of its rows with its main counterparty, where it has four rows."""
    entity, _, counts = links(side)
    most = np.zeros(side.sequences.count)
    np.maximum.at(most, entity, counts)
    total = np.bincount(entity, weights=counts, minlength=side.sequences.count)
    kept = np.flatnonzero(total >= LEAST_ROWS)
    return kept, most[kept] / total[kept]


def _new(side: EventSide) -> Float2D:
    """Return rows with a counterparty that is new to the entity, by age of the entity in rows."""
    assert side.partner is not None
    sequences = side.sequences
    age = np.arange(len(sequences.days)) - np.repeat(sequences.start[:-1], sequences.lengths())
    fresh = ~seen_before(side, side.partner) & (side.partner >= 0)
    later = later_rows(side) & (side.partner >= 0)
    parts = []
    for low, high in zip(AGES, (*AGES[1:], np.inf), strict=True):
        parts.append(hits(side, later & (age >= low) & (age < high), fresh))
    return np.concatenate([part[:, :1] for part in parts] + [part[:, 1:] for part in parts], axis=1)


def _returned(side: EventSide) -> Float2D:
    """Return rows to another entity, and of these the ones whose counterparty also pays the entity."""
    inner, back = _both_ways(side)
    return hits(side, inner, back)


def _both_ways(side: EventSide) -> tuple[Bool1D, Bool1D]:
    assert side.partner is not None
    assert side.owner is not None
    payer = np.repeat(side.owner, side.sequences.lengths())
    known = (payer >= 0) & np.isin(side.partner, side.owner[side.owner >= 0])
    width = int(max(side.partner.max(initial=0), side.owner.max(initial=0))) + 1
    there = np.unique((payer * width + side.partner)[known])
    return known, known & np.isin(side.partner * width + payer, there)


METRIC = Metric(
    name="counterparties",
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
    summary="How many counterparties, how concentrated, how often a new one, and the graph",
    order=60,
    how=(
        "KS distances of the number of counterparties of an entity and of the share of its main one; "
        "differences of the shares of links that the most shared counterparties have, of the rates of new "
        "counterparties by age of the entity, and, from account to account, of rows that are returned."
    ),
    misses="Longer cycles and communities; see the schemes of labelled payments.",
    estimator="KS and rates, whole entities resampled; shares of links by halves of the entities",
    references="resampled real entities, or the hold-out / random entities and counterparties",
)
