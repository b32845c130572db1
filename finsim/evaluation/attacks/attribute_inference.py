"""Attribute inference: does the synthetic table tell a person's secret better than that of others."""

from __future__ import annotations

import numpy as np

from finsim.evaluation.attacks.intervals import design_effect
from finsim.evaluation.attacks.nearest_rows import nearest
from finsim.evaluation.attacks.real_parts import comparable, some
from finsim.evaluation.attacks.risk_scores import risk_score
from finsim.evaluation.attacks.row_encoding import encoded_rows
from finsim.evaluation.learner import fitted_scores
from finsim.evaluation.metric import SHARE, Metric, Score
from finsim.evaluation.tables.column_pairs import ColumnPair
from finsim.evaluation.tables.table_case import TableCase
from finsim.notation import Array, Bool1D, Int1D

TARGETS = 5_000
LEAST = 100
TOLERANCE = 0.05
TREE_ROWS, ITERATIONS = 10_000, 40


def measure(case: TableCase) -> list[Score]:
    """Return one score a secret and attacker; needs secrets and a hold-out.

    The attacker knows all other columns of a person: one guesses the secret of the nearest synthetic row,
    one (for secrets of two values) asks boosted trees that learned from the synthetic rows.
    """
    secrets = case.roles.secrets
    if not secrets:
        return [METRIC.missing("secrets", "no secret column is declared: give --secret")]
    if case.rows_spare == 0:
        reason = "no control group of real rows that the generator never saw: give --holdout"
        return [METRIC.missing(name, reason) for name in secrets]
    found: list[Score] = []
    ready = comparable(case)
    for name in secrets:
        secret = ready.column(name)
        known = tuple(column for column in ready.columns if column.name != name)
        if secret is None or not known:
            found.append(METRIC.missing(name, "not a column of all sides, or the only one"))
        elif min(case.rows_real, case.rows_own, case.rows_spare) < LEAST:
            found.append(METRIC.missing(name, f"fewer than {LEAST} rows on a side"))
        else:
            found += _attacked(ready, secret, known)
    return found


def _attacked(case: TableCase, secret: ColumnPair, known: tuple[ColumnPair, ...]) -> list[Score]:
    assert secret.spare is not None
    coded = encoded_rows(known, case.streams)
    assert coded.spare is not None
    rng = case.streams.at("attribute inference", secret.name)
    inside, outside = some(rng, case.rows_real, TARGETS), some(rng, case.rows_spare, TARGETS)
    truth = secret.real[inside], secret.spare[outside]
    width = _tolerance(secret)
    hit = []
    for rows, true in ((coded.real[inside], truth[0]), (coded.spare[outside], truth[1])):
        guess = secret.own[nearest(rows, coded.own)[1]]
        hit.append(right(guess, true, width))
    whose = _of(case.entity_real, inside), _of(case.entity_spare, outside)
    note = f"guess within {width:.3g}" if width else "exact guess"
    scores = [_risk(f"{secret.name}, nearest row", hit, whose, note)]
    if secret.is_category and len(secret.levels) == 2 and len(np.unique(secret.own)) == 2:
        chosen = some(rng, case.rows_own, TREE_ROWS)
        asked = np.concatenate([coded.real[inside], coded.spare[outside]])
        guess = _trees(case, secret, coded.own[chosen], chosen, asked)
        hits = right(guess, np.concatenate(truth), 0.0)
        scores.append(_risk(f"{secret.name}, boosted trees", np.split(hits, [len(inside)]), whose))
    return scores


def _of(entity: Int1D | None, rows: Int1D) -> Int1D | None:
    return None if entity is None else entity[rows]


def _risk(subject: str, hit: list[Bool1D], whose: tuple[Int1D | None, Int1D | None], note: str = "") -> Score:
    rates = [(int(one.sum()), len(one)) for one in hit]
    spread = design_effect(list(zip(hit, whose, strict=True)))
    return risk_score(METRIC, subject, rates[0], rates[1], note, spread=spread)


def right(guess: Array, truth: Array, width: float) -> Bool1D:
    """Tell which guesses are right: equal, or within ``width``; a missing secret counts as a value."""
    if width == 0.0:
        return np.asarray((guess == truth) | (_missing(guess) & _missing(truth)))
    return np.asarray(np.abs(guess - truth) <= width) | (_missing(guess) & _missing(truth))


def _missing(values: Array) -> Bool1D:
    return np.asarray(np.isnan(values) if values.dtype.kind == "f" else values < 0)


def _tolerance(secret: ColumnPair) -> float:
    """Return a twentieth of the interquartile range of a number, 0 for a category."""
    if secret.is_category:
        return 0.0
    present = secret.real[np.isfinite(secret.real)]
    low, high = np.quantile(present, [0.25, 0.75]) if len(present) else (0.0, 0.0)
    return float(TOLERANCE * (high - low))


def _trees(case: TableCase, secret: ColumnPair, rows: Array, chosen: Int1D, asked: Array) -> Array:
    label = secret.own[chosen] == secret.own.max()
    if label.all() or not label.any():
        return np.full(len(asked), secret.own[chosen][0])
    seed = case.streams.word("attribute inference", "trees", secret.name)
    likely = fitted_scores(rows, label, asked, seed, ITERATIONS) > 0.5
    return np.asarray(np.where(likely, secret.own.max(), secret.own[secret.own >= 0].min()))


METRIC = Metric(
    name="attribute_inference",
    case="table",
    use=SHARE,
    unit="excess risk",
    lowest=0.0,
    highest=1.0,
    best=0.0,
    delta=0.05,
    origin="assumption: 5 points of right guesses beyond people who were not in the training data",
    order_free=False,
    compute=measure,
    summary="Does the synthetic table tell a person's secret",
    order=540,
    how=(
        "An attacker who knows all other columns of a person guesses the secret from the synthetic rows: how "
        "much oftener is the guess right for training people than for people whom the generator never saw."
    ),
    misses="Secrets that follow from the other columns for everybody: that is statistics, not a leak.",
    estimator=(
        "secret of the nearest synthetic row (numbers: within a twentieth of the interquartile range), "
        "boosted trees for two values; (r_train - r_control) / (1 - r_control), Newcombe interval "
        "over the design effect of entities, 5,000 targets a side"
    ),
    references="0 / 1",
)
