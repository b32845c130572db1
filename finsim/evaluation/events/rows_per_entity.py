"""How many rows entities have, and how much of all rows the busiest of them have."""

from __future__ import annotations

import numpy as np

from finsim.evaluation.events.entity_resamples import compared, entity_weights, spread, steps_gap
from finsim.evaluation.events.event_case import EventCase, EventSide
from finsim.evaluation.events.event_sides import LEAST_ENTITIES
from finsim.evaluation.events.useless_twins import scattered
from finsim.evaluation.metric import DETECTOR, FAIL, Metric, Score
from finsim.notation import Float2D

BUSIEST = (0.01, 0.1, 0.5)


def measure(case: EventCase) -> list[Score]:
    """Return the KS distance of rows of an entity, and of the shares of rows that the busiest have."""
    if case.why:
        return [_too_few(case) or METRIC.missing("rows of an entity", case.why)]
    weights, useless = entity_weights(case), [scattered(case)]

    def lengths(side: EventSide) -> tuple[np.ndarray, np.ndarray]:
        return np.arange(side.sequences.count), side.sequences.lengths().astype(np.float64)

    by_size = spread(lengths, case.sides[0])
    note = (
        f"median {np.median(lengths(case.sides[1])[1]):.3g}, real {np.median(lengths(case.sides[0])[1]):.3g}"
    )
    return [
        compared(METRIC, case, weights, "rows of an entity", by_size, steps_gap, useless, note),
        compared(METRIC, case, weights, "rows of the busiest entities", _held, _busiest_gap, useless),
    ]


def _too_few(case: EventCase) -> Score | None:
    """Return the failing score of a side with fewer entities than any law of the real ones explains.

    Its rows are then more than twice those of as many of the busiest real entities together.
    """
    real, own = case.real.lengths(), case.own.lengths()
    if len(real) < LEAST_ENTITIES or not len(own):
        return None
    busiest = int(np.sort(real)[::-1][: len(own)].sum())
    if own.sum() <= 2 * busiest:
        return None
    reason = (
        f"{int(own.sum()):,} rows of {len(own)} entities on the synthetic side; "
        f"the {min(len(own), len(real))} busiest of {len(real):,} real ones have {busiest:,}"
    )
    return METRIC.scored(
        "rows of an entity", 1.0, (None, None), len(own), (0.0, None, METRIC.delta), (FAIL, reason)
    )


def _held(side: EventSide) -> Float2D:
    """Return float64[E, 2 K]: entities and their rows, in cells of the number of rows (powers of 2^(1/4))."""
    size = side.sequences.lengths().astype(np.float64)
    cell = np.minimum(np.floor(4.0 * np.log2(np.maximum(size, 1.0))).astype(np.int64), 99)
    counts = np.zeros((len(size), 200))
    counts[np.arange(len(size)), cell] = 1.0
    counts[np.arange(len(size)), 100 + cell] = size
    return counts


def _busiest_gap(left: Float2D, right: Float2D) -> np.ndarray:
    """Return the largest difference of the shares of rows that the busiest 1, 10 and 50 % have."""
    return np.asarray(np.abs(_held_by(left) - _held_by(right)).max(axis=1))


def _held_by(sums: Float2D) -> Float2D:
    found = []
    for row in sums:
        entities, rows = np.cumsum(row[:100][::-1]), np.cumsum(row[100:][::-1])
        place = np.concatenate([[0.0], entities / entities[-1]])
        held = np.concatenate([[0.0], rows / rows[-1]])
        found.append(np.interp(BUSIEST, place, held))
    return np.asarray(found)


METRIC = Metric(
    name="rows_per_entity",
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
    summary="How many rows entities have",
    order=10,
    how=(
        "KS distance of the number of rows of an entity, and the difference of the shares of all rows "
        "that the busiest 1, 10 and 50 % of entities have."
    ),
    misses="Says nothing about when the rows are; see gaps and first_last.",
    estimator="KS over entities; Lorenz curve at 1, 10, 50 %; whole entities resampled",
    references="resampled real entities, or the hold-out / rows dealt to random entities",
)
