"""Can boosted trees tell a synthetic entity from a real one by its whole life."""

from __future__ import annotations

from finsim.evaluation.events.entity_features import entity_features
from finsim.evaluation.events.event_case import EventCase
from finsim.evaluation.events.told_apart import told_apart, unfit
from finsim.evaluation.metric import DETECTOR, Metric, Score

MOST_ROWS = 8_000
LEAST_ENTITIES = 40


def measure(case: EventCase) -> list[Score]:
    """Return one score: the AUC of whole entities, synthetic against real."""
    why = unfit(case, case.sides[:2], LEAST_ENTITIES)
    if why:
        return [METRIC.missing("whole entities", why)]
    return [told_apart(METRIC, case, "whole entities", entity_features, MOST_ROWS)]


METRIC = Metric(
    name="entity_two_sample",
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
    summary="Can boosted trees tell a synthetic entity from a real one by its whole life",
    order=80,
    how=(
        "AUC, across folds, of boosted trees that see one line an entity: number of rows, burstiness, "
        "silences, main counterparty, and means and spreads of all features of its rows."
    ),
    misses="With few entities only large faults show; the floor says how large.",
    estimator="AUC of boosted trees, 3 folds by entity, dealt by side; whole entities resampled",
    references="random halves of the real entities, or the hold-out / random entities, even times",
    required=True,
)
