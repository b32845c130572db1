"""Classifier two-sample test: boosted trees try to tell synthetic windows from real ones."""

from __future__ import annotations

import numpy as np

from finsim.evaluation.case import PathCase
from finsim.evaluation.columns import Side
from finsim.evaluation.fidelity.window_features import Windows, windows
from finsim.evaluation.learner import fitted_scores, group_weights, side_folds, weighted_auc
from finsim.evaluation.metric import BACKTEST, FAIL, PASS, WARN, Metric, Score, above
from finsim.notation import Bool1D, Float1D

FOLDS = 5
LEAST = 40
ITERATIONS = 40
RATIO = 4
ERAS = ((0.0, 0.5), (0.25, 0.75), (0.0, 0.3))
LIMIT = 0.98
POOR = 0.80  # convention: an AUC of 0.8 is called poor; below it the two sides overlap a good deal


def measure(case: PathCase) -> list[Score]:
    """Return one score: cross-validated AUC, 0.5 when nobody can tell, 1 when anybody can.

    Folds are made of whole paths, or half-years of a single path, so that overlapping windows never
    lie on both sides of a fold. Floor: the same test between contiguous halves of the real series.
    """
    length = case.settings.window
    real = windows(case.real, length, length // 4)
    own = windows(case.synthetic, length, max(length // 2, 1))
    subject = f"windows of {length} bars"
    if min(len(real.start), len(own.start)) < LEAST:
        return [METRIC.missing(subject, f"fewer than {LEAST} windows on a side")]
    rng = case.streams.at("two sample", "own")
    most = RATIO * len(real.start)
    if len(own.start) > most:
        own = own.take(np.sort(rng.choice(len(own.start), most, replace=False)))
    draws, floors = _auc(case, real, own, "value"), _floors(case, real)
    if not floors or not np.isfinite(draws[0]):
        return [METRIC.missing(subject, "fewer than two half-years on a side")]
    ceiling = float(np.median(_auc(case, real, windows(_shuffled(case), length, length // 2), "ceiling")))
    value = max(0.5, float(draws[0]))
    low, high = np.maximum(np.nanquantile(draws, [0.025, 0.975]), 0.5)
    floor = float(np.median(floors))
    few = not case.synthetic.many
    goal = min(max(floors) + METRIC.delta + (METRIC.era if few else 0.0), LIMIT)
    verdict, reason = _verdict(value, float(low), goal, few)
    note = f"{len(real.start)} real and {len(own.start)} synthetic windows"
    return [
        METRIC.scored(
            subject,
            value,
            (float(low), float(high)),
            len(own.start),
            (floor, ceiling, goal),
            (verdict, reason),
            note,
        )
    ]


def _verdict(value: float, low: float, goal: float, few: bool) -> tuple[str, str]:
    """Judge an AUC; one path that is told apart may be another era of the same market, so it never fails."""
    if value <= goal:
        return PASS, ""
    if few:
        return WARN, f"AUC {value:.3f}: told apart, but one path may be another era; goal {goal:.3f}"
    if low > max(goal, POOR):
        return FAIL, f"AUC {value:.3f}: windows are told apart; goal {goal:.3f}"
    return WARN, f"AUC {above(value, goal)}; a fail needs an interval above {POOR}"


def _auc(case: PathCase, left: Windows, right: Windows, role: str) -> Float1D:
    """Return the pooled out-of-fold AUC and after it its group-bootstrap draws: float64[1 + B]."""
    rng = case.streams.at("two sample", "folds", role)
    seed = case.streams.word("two sample", "trees", role)
    features = np.concatenate([left.features, right.features])
    label = np.repeat([False, True], [len(left.start), len(right.start)])
    groups = np.concatenate([2 * left.group, 2 * right.group + 1])
    folds = min(FOLDS, len(np.unique(left.group)), len(np.unique(right.group)))
    if folds < 2:
        return np.full(1 + case.settings.bootstrap, np.nan)
    fold = side_folds(label, groups, folds, rng)
    scores = np.zeros(len(label))
    for k in range(folds):
        held = fold == k
        scores[held] = fitted_scores(features[~held], label[~held], features[held], seed + k, ITERATIONS)
    weights = group_weights(groups, case.settings.bootstrap, rng)
    return weighted_auc(scores, label, np.concatenate([np.ones((1, len(label))), weights]))


def _floors(case: PathCase, real: Windows) -> list[float]:
    """Return AUCs of real against real: eras where one synthetic path may be one, else mixed half-years."""
    found = []
    for k, inside in enumerate(_parts(case, real)):
        found.append(float(_auc(case, real.take(~inside), real.take(inside), f"floor {k}")[0]))
    if case.holdout is not None and not case.synthetic.many:
        spare = windows(case.holdout, case.settings.window, case.settings.window // 4)
        if len(spare.start) >= LEAST:
            found.append(float(_auc(case, real, spare, "holdout")[0]))
    return [max(0.5, area) for area in found if np.isfinite(area)]


def _parts(case: PathCase, real: Windows) -> list[Bool1D]:
    rows, length = case.real.steps, case.settings.window
    if not (case.real.many or case.synthetic.many):
        return [(real.start >= a * rows) & (real.start + length <= b * rows) for a, b in ERAS]
    rng = case.streams.at("two sample", "halves")
    groups = np.unique(real.group, return_inverse=True)[1]
    half = (groups.max() + 1) // 2
    return [np.isin(groups, rng.permutation(groups.max() + 1)[:half]) for _ in ERAS]


def _shuffled(case: PathCase) -> Side:
    """Return the real rows in random order, columns of one row kept together."""
    rng = case.streams.at("two sample", "shuffled")
    order = rng.permutation(case.real.steps)
    columns = {name: values[:, order] for name, values in case.real.columns.items()}
    return Side(case.real.paths, columns)


METRIC = Metric(
    name="two_sample",
    case="paths",
    use=BACKTEST,
    unit="AUC",
    lowest=0.5,
    highest=1.0,
    best=0.5,
    delta=0.05,
    origin="assumption: 5 points of AUC beyond the most different halves of the real series",
    order_free=False,
    compute=measure,
    era=0.16,
    summary="Can boosted trees tell the two sides apart",
    order=60,
    how=(
        "Gradient-boosted trees learn to tell real from synthetic windows; the score is their AUC on "
        "windows they have not seen. 0.5 means they cannot."
    ),
    misses=(
        "Sees what its features show; a stronger judge may find more. High scores do not say what is wrong."
    ),
    estimator=(
        "AUC of boosted trees on about 20 scale-free features a window of 32 bars; 5 folds of whole "
        "paths or half-years"
    ),
    references="the same between real halves / shuffled days",
    required=True,
)
