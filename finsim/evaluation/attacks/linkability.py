"""Linkability: do two halves of a person's columns lead to the same synthetic row."""

from __future__ import annotations

import numpy as np

from finsim.evaluation.attacks.intervals import design_effect
from finsim.evaluation.attacks.nearest_rows import nearest
from finsim.evaluation.attacks.real_parts import comparable, some
from finsim.evaluation.attacks.risk_scores import risk_score
from finsim.evaluation.attacks.row_encoding import encoded_rows
from finsim.evaluation.metric import SHARE, Metric, Score
from finsim.evaluation.tables.column_pairs import ColumnPair
from finsim.evaluation.tables.enough import too_little
from finsim.evaluation.tables.table_case import TableCase
from finsim.notation import Array, Bool1D

TARGETS = 5_000
LEAST = 100


def measure(case: TableCase) -> list[Score]:
    """Return one score: how often both halves of the columns have the same nearest synthetic row."""
    subject = "rows"
    if case.rows_spare == 0:
        reason = "no control group of real rows that the generator never saw: give --holdout"
        return [METRIC.missing(subject, reason)]
    ready = comparable(case)
    sides = {"real": case.rows_real, "synthetic": case.rows_own, "held-out": case.rows_spare}
    reason = too_little(len(ready.columns), sides, LEAST, 2)
    if reason:
        return [METRIC.missing(subject, reason)]
    rng = case.streams.at("linkability")
    left, right = halves_of(ready.columns)
    inside, outside = some(rng, case.rows_real, TARGETS), some(rng, case.rows_spare, TARGETS)
    found = []
    for part in (left, right):
        coded = encoded_rows(part, case.streams)
        assert coded.spare is not None
        # Among synthetic rows that are equal in this half the attacker takes one at random.
        mixed = rng.permutation(case.rows_own)
        own = coded.own[mixed]
        asked = (coded.real[inside], coded.spare[outside])
        found.append([mixed[nearest(rows, own)[1]] for rows in asked])
    hits = [_same(found[0][k], found[1][k]) for k in (0, 1)]
    note = f"{', '.join(one.name for one in left)} against {', '.join(one.name for one in right)}"
    rates = [(int(hit.sum()), len(hit)) for hit in hits]
    people = (case.entity_real, inside), (case.entity_spare, outside)
    whose = [None if entity is None else entity[rows] for entity, rows in people]
    spread = design_effect(list(zip(hits, whose, strict=True)))
    return [risk_score(METRIC, subject, rates[0], rates[1], note, spread=spread)]


def halves_of(columns: tuple[ColumnPair, ...]) -> tuple[tuple[ColumnPair, ...], tuple[ColumnPair, ...]]:
    """Return two halves of the columns that tell rows apart alike: by turns, most values first."""
    ordered = sorted(columns, key=lambda column: (-len(np.unique(column.real[:5_000])), column.name))
    return tuple(ordered[0::2]), tuple(ordered[1::2])


def _same(left: Array, right: Array) -> Bool1D:
    return np.asarray(left == right)


METRIC = Metric(
    name="linkability",
    case="table",
    use=SHARE,
    unit="excess risk",
    lowest=0.0,
    highest=1.0,
    best=0.0,
    delta=0.01,
    origin="assumption: 1 point of linked people beyond people who were not in the training data",
    order_free=False,
    compute=measure,
    summary="Do two halves of a person's columns lead to one synthetic row",
    order=550,
    how=(
        "An attacker holds two files, each with half of the columns, and links the people whose nearest "
        "synthetic row is the same in both: how much oftener is that so for training people than for others."
    ),
    misses="Links over several near rows; attackers with other columns.",
    estimator=(
        "nearest synthetic row by each half of the columns, 5,000 targets a side; (r_train - r_control) / "
        "(1 - r_control), Newcombe interval over the design effect of entities"
    ),
    references="0 / 1",
)
