"""The times between the rows of an entity: distribution, bursts, silences, weekday and hour."""

from __future__ import annotations

import numpy as np

from finsim.evaluation.events.entity_resamples import (
    EntityWeights,
    cells_of,
    compared,
    edges_of,
    entity_weights,
    shares_gap,
    spread,
    steps_gap,
    tallied,
)
from finsim.evaluation.events.event_case import EventCase, EventSide
from finsim.evaluation.events.useless_twins import scattered
from finsim.evaluation.metric import DETECTOR, Metric, Score
from finsim.notation import Float1D, Float2D, Int1D

LEAST_GAPS = 4
FIFTHS = 6
THURSDAY = 3  # day 0 is 1 January 1970


def measure(case: EventCase) -> list[Score]:
    """Return distances of gaps, of pairs of gaps in a row, of bursts and silences, of weekdays and hours."""
    why = case.why or ("" if np.isfinite(case.sides[0].sequences.days).any() else "no times on the real side")
    if why:
        return [METRIC.missing("gaps", why)]
    real, weights, useless = case.sides[0], entity_weights(case), [scattered(case)]
    units = np.median(gaps(real)[1]) if len(gaps(real)[1]) else np.nan
    note = f"real median {units:.3g} days"
    edges = edges_of(gaps(real)[1], FIFTHS)
    width = 2 * len(edges) + 1

    def pairs(side: EventSide) -> Float2D:
        entity, first, second = _pairs_of_gaps(side)
        cell = cells_of(first, edges) * width + cells_of(second, edges)
        return tallied(entity, cell, side.sequences.count, width * width)

    ordered = (
        ("gaps", spread(gaps, real)),
        ("bursts", spread(bursts, real)),
        ("silences", spread(silences, real)),
    )
    scores = [
        compared(METRIC, case, weights, subject, counts, steps_gap, useless, note)
        for subject, counts in ordered
    ]
    scores.append(compared(METRIC, case, weights, "gaps in a row", pairs, shares_gap, useless))
    return scores + _calendar(case, weights, useless)


def _calendar(case: EventCase, weights: EntityWeights, useless: list[EventSide]) -> list[Score]:
    note = "" if case.has_clock else "times are whole days: no hour of the day"
    scores = [compared(METRIC, case, weights, "weekday", _weekdays, shares_gap, useless, note)]
    if case.has_clock:
        scores.append(compared(METRIC, case, weights, "hour of the day", _hours, shares_gap, useless))
    return scores


def gaps(side: EventSide) -> tuple[Int1D, Float1D]:
    """Return entity and length in days of every gap between two rows of an entity."""
    entity, days = side.sequences.entity(), side.sequences.days
    length = np.diff(days)
    inside = (entity[1:] == entity[:-1]) & np.isfinite(length)
    return entity[1:][inside], length[inside]


def _pairs_of_gaps(side: EventSide) -> tuple[Int1D, Float1D, Float1D]:
    entity, length = gaps(side)
    inside = entity[1:] == entity[:-1]
    return entity[1:][inside], length[:-1][inside], length[1:][inside]


def _of_entities(side: EventSide) -> tuple[Int1D, Float1D, Float1D, Float1D]:
    """Return number, sum, sum of squares and maximum of the gaps of each entity."""
    entity, length = gaps(side)
    count = side.sequences.count
    size = np.bincount(entity, minlength=count).astype(np.int64)
    longest = np.zeros(count)
    np.maximum.at(longest, entity, length)
    total = np.bincount(entity, length, count).astype(np.float64)
    return size, total, np.bincount(entity, length**2, count).astype(np.float64), longest


def bursts(side: EventSide) -> tuple[Int1D, Float1D]:
    """Return entity and burstiness (s - m) / (s + m) of its gaps, where it has four.

    Source: Goh and Barabasi 2008. -1 is clockwork, 0 chance, 1 bursts.
    """
    size, total, squares, _ = _of_entities(side)
    kept = np.flatnonzero((size >= LEAST_GAPS) & (total > 0))
    mean = total[kept] / size[kept]
    deviation = np.sqrt(np.maximum(squares[kept] / size[kept] - mean**2, 0.0))
    return kept, (deviation - mean) / (deviation + mean)


def silences(side: EventSide) -> tuple[Int1D, Float1D]:
    """Return entity and the share of its life span that its longest gap takes, where it has four gaps."""
    size, total, _, longest = _of_entities(side)
    kept = np.flatnonzero((size >= LEAST_GAPS) & (total > 0))
    return kept, longest[kept] / total[kept]


def _weekdays(side: EventSide) -> Float2D:
    days = side.sequences.days
    known = np.isfinite(days)
    day = (np.floor(np.where(known, days, 0.0)).astype(np.int64) + THURSDAY) % 7
    return tallied(side.sequences.entity(), np.where(known, day, -1), side.sequences.count, 7)


def _hours(side: EventSide) -> Float2D:
    days = side.sequences.days
    known = np.isfinite(days)
    part = np.where(known, days - np.floor(days), 0.0)
    hour = np.minimum((part * 24.0 + 1e-7).astype(np.int64), 23)
    return tallied(side.sequences.entity(), np.where(known, hour, -1), side.sequences.count, 24)


METRIC = Metric(
    name="gaps",
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
    summary="Times between the rows of an entity, bursts, silences, weekday and hour",
    order=20,
    how=(
        "Distances of the time to the row before, of two such gaps in a row (do short ones follow short "
        "ones), of the burstiness of each entity, of the share of its life that its longest silence takes, "
        "and of weekdays and, where times have one, hours."
    ),
    misses="Seasons within a year and holidays; what happens in a burst.",
    estimator="KS; total variation for pairs of gaps, weekday, hour; whole entities resampled",
    references="resampled real entities, or the hold-out / random entities and even times",
)
