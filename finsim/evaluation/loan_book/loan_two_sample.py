"""Classifier two-sample test on loans: boosted trees try to tell a synthetic loan from a real application."""

from __future__ import annotations

import numpy as np

from finsim.evaluation.learner import fitted_scores, fold_of, weighted_auc
from finsim.evaluation.loans import CreditCase, matrix
from finsim.evaluation.metric import STRESS, Metric, Score, verdict_below
from finsim.notation import Float1D, Float2D

FOLDS = 5
LEAST = 100
RATIO = 3
ITERATIONS = 40


def measure(case: CreditCase) -> list[Score]:
    """Return one score: cross-validated AUC; floor: random halves of the applications."""
    subject = "loans"
    if len(case.columns) < 2 or len(case.columns[0].real) < LEAST:
        return [METRIC.missing(subject, f"fewer than two shared columns or {LEAST} applications")]
    rng = case.streams.at("loans", "two sample")
    count, total = len(case.columns[0].real), len(case.columns[0].own)
    rows = np.sort(rng.choice(total, min(total, RATIO * count), replace=False))
    real, own = matrix(case.columns, "real", np.arange(count)), matrix(case.columns, "own", rows)
    draws = _auc(case, real, own, "value")
    halves = []
    for k in range(3):
        order = case.streams.at("loans", "halves", k).permutation(count)
        part = _auc(case, real[order[: count // 2]], real[order[count // 2 :]], f"floor {k}")
        halves.append(max(0.5, float(part[0])))
    shuffled = np.stack(
        [case.streams.at("loans", "shuffled", k).permutation(real[:, k]) for k in range(real.shape[1])]
    )
    ceiling = max(0.5, float(_auc(case, real, shuffled.T, "ceiling")[0]))
    value = max(0.5, float(draws[0]))
    low, high = (float(v) for v in np.maximum(np.quantile(draws[1:], [0.025, 0.975]), 0.5))
    goal = max(halves) + METRIC.delta
    verdict, reason = verdict_below(value, low, goal)
    note = f"{len(case.columns)} shared columns; ceiling: independent columns with the real margins"
    return [
        METRIC.scored(
            subject,
            value,
            (low, high),
            len(own),
            (float(np.median(halves)), ceiling, goal),
            (verdict, reason),
            note,
        )
    ]


def _auc(case: CreditCase, left: Float2D, right: Float2D, role: str) -> Float1D:
    """Return the pooled out-of-fold AUC and after it its bootstrap draws over rows: float64[1 + B]."""
    features = np.concatenate([left, right])
    label = np.repeat([False, True], [len(left), len(right)])
    rng = case.streams.at("loans", "folds", role)
    fold = fold_of(np.arange(len(label)), FOLDS, rng)
    seed = case.streams.word("loans", "trees", role)
    scores = np.zeros(len(label))
    for k in range(FOLDS):
        held = fold == k
        scores[held] = fitted_scores(features[~held], label[~held], features[held], seed + k, ITERATIONS)
    weights = rng.multinomial(len(label), np.full(len(label), 1 / len(label)), case.settings.bootstrap)
    return weighted_auc(scores, label, np.concatenate([np.ones((1, len(label))), weights]))


METRIC = Metric(
    name="loan_two_sample",
    case="credit",
    use=STRESS,
    unit="AUC",
    lowest=0.5,
    highest=1.0,
    best=0.5,
    delta=0.1,
    origin="assumption: 10 points of AUC beyond random halves of the applications",
    order_free=False,
    compute=measure,
    summary="Can boosted trees tell loans from applications",
    order=30,
    how=(
        "AUC, across folds, of boosted trees that try to tell a synthetic loan from a real "
        "application; the ceiling is independent columns with the real margins."
    ),
    misses="A stronger judge may find more; the score does not say what is wrong.",
    estimator="AUC of boosted trees, 5 folds",
    references="random halves / independent columns",
    required=True,
)
