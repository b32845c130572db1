"""First and last rows of entities: when they begin and end, how long they live, how they start."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

import numpy as np

from finsim.evaluation.events.entity_resamples import compared, entity_weights, spread, steps_gap
from finsim.evaluation.events.event_case import EventCase, EventSide
from finsim.evaluation.events.useless_twins import scattered
from finsim.evaluation.metric import DETECTOR, Metric, Score
from finsim.notation import Float1D, Int1D

Values = Callable[[EventSide], tuple[Int1D, Float1D]]


def measure(case: EventCase) -> list[Score]:
    """Return KS distances of first and last times, of life spans, and of first and last amounts."""
    why = case.why or ("" if np.isfinite(case.sides[0].sequences.days).any() else "no times on the real side")
    if why:
        return [METRIC.missing("life spans", why)]
    weights, useless = entity_weights(case), [scattered(case)]
    note = "days since the first row of the side"
    told: list[tuple[str, Values, str]] = [
        ("first rows", partial(_at, last=False), note),
        ("last rows", partial(_at, last=True), note),
        ("life spans", _spans, "days from first to last row, entities of one row are 0"),
    ]
    if case.columns.amount is not None:
        told.append(("amounts of first rows", partial(_amount, last=False), case.columns.told))
        told.append(("amounts of last rows", partial(_amount, last=True), case.columns.told))
    return [
        compared(METRIC, case, weights, subject, spread(values, case.sides[0]), steps_gap, useless, said)
        for subject, values, said in told
    ]


def _ends(side: EventSide) -> tuple[Int1D, Float1D, Float1D]:
    """Return the entities that have a time, and their first and last one."""
    entity, days = side.sequences.entity(), side.sequences.days
    known = np.isfinite(days)
    count = side.sequences.count
    first, last = np.full(count, np.inf), np.full(count, -np.inf)
    np.minimum.at(first, entity[known], days[known])
    np.maximum.at(last, entity[known], days[known])
    kept = np.flatnonzero(np.isfinite(first))
    return kept, first[kept], last[kept]


def _at(side: EventSide, last: bool) -> tuple[Int1D, Float1D]:
    kept, first, end = _ends(side)
    return kept, (end if last else first) - first.min(initial=np.inf)


def _spans(side: EventSide) -> tuple[Int1D, Float1D]:
    kept, first, end = _ends(side)
    return kept, end - first


def _amount(side: EventSide, last: bool) -> tuple[Int1D, Float1D]:
    kept = np.flatnonzero(side.sequences.lengths() > 0)
    place = side.sequences.start[1:][kept] - 1 if last else side.sequences.start[:-1][kept]
    assert side.amount is not None
    return kept, side.amount[place]


METRIC = Metric(
    name="first_last",
    case="events",
    use=DETECTOR,
    unit="probability",
    lowest=0.0,
    highest=1.0,
    best=0.0,
    delta=0.05,
    origin="assumption: five points of probability beyond resampled real entities",
    order_free=True,
    compute=measure,
    summary="When entities begin and end, and how long they live",
    order=40,
    how=(
        "KS distances of the times of the first and last rows of entities (counted from the first row of "
        "their side, so that another calendar is no fault), of their life spans, and of the amounts "
        "they begin and end with."
    ),
    misses="Why an entity ends.",
    estimator="KS over entities, whole entities resampled",
    references="resampled real entities, or the hold-out / random entities and even times",
)
