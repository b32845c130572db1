"""Near copies of rows: much closer to a training row than to any real row the generator never saw."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from finsim.evaluation.attacks.real_parts import RealParts, parts_in_turn, some
from finsim.evaluation.attacks.row_encoding import encoded_rows
from finsim.evaluation.metric import SHARE, Metric, Score
from finsim.evaluation.privacy.near_copy_test import Turn, Vectors, familywise, judged, near_copies, turn
from finsim.evaluation.tables.column_pairs import ColumnPair
from finsim.evaluation.tables.enough import too_little
from finsim.evaluation.tables.table_case import TableCase
from finsim.notation import Int1D

QUERIES, NULL, PROBES = 10_000, 5_000, 200
NOISE = 0.05
LEAST = 50
TWINS = 3
"""Near copies that are certain, from which the score fails: two people may be alike by nature."""


def measure(case: TableCase) -> list[Score]:
    """Return one score: the share of synthetic rows flagged as near copies of training rows."""
    subject = "rows"
    parts = parts_in_turn(case)
    sides = {"real": min(parts[0].rows), "synthetic": case.rows_own}
    reason = too_little(len(parts[0].columns), sides, LEAST)
    if reason:
        return [METRIC.missing(subject, reason)]
    asked = some(case.streams.at("near rows", "queries"), case.rows_own, QUERIES)
    turns = [_turn(case, part, asked) for part in parts]
    found = near_copies(turns, case.settings.fdr)
    who = None if case.entity_own is None else case.entity_own[asked]
    score = judged(METRIC, subject, found, "rows", NOISE, TWINS)
    return [familywise(score, found, who, TWINS, METRIC.delta)]


def _turn(case: TableCase, parts: RealParts, asked: Int1D) -> Turn:
    rng = case.streams.at("near rows", "null")
    held, fresh = some(rng, parts.rows[1], NULL), some(rng, parts.rows[0], NULL)
    planted = rng.choice(parts.rows[0], min(PROBES, parts.rows[0]), replace=False)
    columns = tuple(planted_before(case, column, planted, asked) for column in parts.columns)
    coded = encoded_rows(columns, case.streams)
    assert coded.spare is not None
    probes, queries = coded.own[: len(planted)], coded.own[len(planted) :]
    train, spare = Vectors(coded.real, parts.who_train), Vectors(coded.spare, parts.who_spare)
    return turn(train, spare, queries, probes, (fresh, held))


def planted_before(case: TableCase, column: ColumnPair, planted: Int1D, asked: Int1D) -> ColumnPair:
    """Return the column with the training rows ``planted`` and noise before the synthetic rows ``asked``."""
    values = column.real[planted]
    if not column.is_category:
        rng = case.streams.at("near rows", "noise", column.name)
        values = values + NOISE * _scale(column) * rng.standard_normal(len(values))
    return replace(column, own=np.concatenate([values, column.own[asked]]))


def _scale(column: ColumnPair) -> float:
    """Return the s.d., or that of the middle half: one millionaire must not blur all others."""
    present = column.real[np.isfinite(column.real)]
    if not len(present):
        return 0.0
    low, high = np.quantile(present, [0.25, 0.75])
    with np.errstate(over="ignore"):
        spread = float(present.std())
    spread = min(spread, float(high - low) / 1.349) if high > low else spread
    return spread if np.isfinite(spread) else 0.0


METRIC = Metric(
    name="near_rows",
    case="table",
    use=SHARE,
    unit="share of rows",
    lowest=0.0,
    highest=1.0,
    best=0.0,
    delta=0.005,
    origin="assumption: at most half a percent may have been missed; three that are certain fail",
    order_free=False,
    compute=measure,
    summary="Rows too close to a training row",
    order=510,
    how=(
        "Share of synthetic rows much nearer to a training row than to any real row the generator never saw. "
        "Held-out rows give the null; copies planted by the test itself say how many could have been missed."
    ),
    misses="Copies of some columns only; rows of a table whose records are alike anyway.",
    estimator=(
        "numbers as ranks with a log tail, categories one-hot, missing a level; p of log d(train) - log "
        "d(hold-out) by rank among held-out rows and below them by a generalised Pareto tail; "
        "Benjamini-Hochberg at 10 %; all training rows indexed, 10,000 rows asked; p of the score by Simes "
        "over entities from the third on, or by their number below one p"
    ),
    references="0 / 1",
    required=True,
)
