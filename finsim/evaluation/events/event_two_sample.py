"""Can boosted trees tell a synthetic row from a real one, given what its entity did before."""

from __future__ import annotations

from dataclasses import replace

from finsim.evaluation.events.event_case import EventCase, EventSide
from finsim.evaluation.events.event_features import Described, event_features
from finsim.evaluation.events.told_apart import told_apart, unfit
from finsim.evaluation.metric import DETECTOR, Metric, Score
from finsim.evaluation.tables.entity_columns import entity_columns

MOST_ROWS = 40_000
LEAST_ENTITIES = 40


def measure(case: EventCase) -> list[Score]:
    """Return one score: the AUC of rows with their history, synthetic against real."""
    why = unfit(case, case.sides[:2], LEAST_ENTITIES)
    if why:
        return [METRIC.missing("rows with their history", why)]
    constant = entity_columns(case.rows)

    def describe(case: EventCase, side: EventSide, role: str) -> Described:
        return event_features(case, side, role, constant)

    score = told_apart(METRIC, case, "rows with their history", describe, MOST_ROWS)
    if constant:
        score = replace(score, note=f"{score.note}; left to entity_two_sample: {', '.join(constant)}")
    return [score]


METRIC = Metric(
    name="event_two_sample",
    case="events",
    use=DETECTOR,
    unit="AUC",
    lowest=0.5,
    highest=1.0,
    best=0.5,
    delta=0.1,
    origin="assumption: 10 points of AUC beyond random halves of the real entities",
    order_free=False,
    compute=measure,
    summary="Can boosted trees tell a synthetic row from a real one, given what its entity did before",
    order=70,
    how=(
        "AUC, across folds of entities, of boosted trees that see a row and the past of its entity: time "
        "since the last row, hour, amount over the entity's own mean, repeats, counterparties, the other "
        "columns that vary within an entity."
    ),
    misses="What only shows over a whole life, and what an entity is; see entity_two_sample.",
    estimator=(
        "AUC of boosted trees, 3 folds by entity, dealt by side; columns constant within an entity left out; "
        "entities count alike and are resampled whole"
    ),
    references="random halves of the real entities, or the hold-out / random entities, even times",
)
