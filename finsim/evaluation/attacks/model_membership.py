"""Membership from a model folder: does it know the steps that it learned from better than later ones."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from finsim.evaluation.attacks.blind_attacker import blind_scores
from finsim.evaluation.attacks.model_case import ModelCase
from finsim.evaluation.learner import group_weights, weighted_auc
from finsim.evaluation.metric import FAIL, NO_POWER, PASS, SHARE, WARN, Metric, Score, above
from finsim.evaluation.tail_probability import student_beyond
from finsim.notation import Bool1D, Float1D, Float2D, Int1D

LEAST = 100
BANDS = 10
CHANCE, UNLIKE = 0.5, 0.1
RECENT = 16


def measure(case: ModelCase) -> list[Score]:
    """Return one score: AUC of the generator's own loss at equal size of moves, beside a blind attacker."""
    subject = "training steps"
    if case.losses is None:
        reason = f"{case.generator} has no loss of its own that could be asked about a step"
        return [METRIC.missing(subject, reason)]
    loss = np.concatenate(case.losses)
    member = np.repeat([True, False], [len(part) for part in case.losses])
    size = energy(case.train, np.concatenate([case.train, case.spare]))
    known = np.isfinite(loss)
    if min(int(known[member].sum()), int(known[~member].sum())) < LEAST:
        return [METRIC.missing(subject, f"fewer than {LEAST} training or held-out steps in whole windows")]
    block = np.arange(len(loss)) // max(case.settings.purge, 1)
    base = blind(case, member, block)
    return [_score(case, base, -standing(loss[known], size[known]), member[known], block[known])]


def blind(case: ModelCase, member: Bool1D, block: Int1D) -> float:
    """Return the AUC of an attacker without the model: boosted trees on the steps and their last days.

    What such an attacker tells is the market that changed, and no leak (blind baselines, Das et al. 2024).
    """
    steps = np.concatenate([case.train, case.spare])
    recent = np.abs(steps).cumsum(axis=0)
    recent[RECENT:] -= recent[:-RECENT].copy()
    rows = np.concatenate([steps, recent], axis=1)
    scores = blind_scores(rows, member, 2 * block + member, case.streams)
    return float(weighted_auc(scores, member, np.ones((1, len(member))))[0])


def energy(train: Float2D, rows: Float2D) -> Float1D:
    """Return the mean squared size of each step in units of the training part: calm days are easy for all."""
    spread = train.std(axis=0)
    kept = spread > 0
    standard = (rows[:, kept] - train[:, kept].mean(axis=0)) / spread[kept]
    return np.asarray((standard**2).mean(axis=1))


def standing(loss: Float1D, size: Float1D) -> Float1D:
    """Return each loss less the mean of its band of sizes, over the band's s.d."""
    place = np.argsort(np.argsort(size, kind="stable"), kind="stable")
    band = place * BANDS // len(size)
    count = np.bincount(band, minlength=BANDS)
    mean = np.bincount(band, weights=loss, minlength=BANDS) / count
    spread = np.sqrt(np.bincount(band, weights=(loss - mean[band]) ** 2, minlength=BANDS) / count)
    return np.asarray((loss - mean[band]) / np.maximum(spread[band], 1e-12))


def _score(case: ModelCase, base: float, scores: Float1D, member: Bool1D, block: Int1D) -> Score:
    rng = case.streams.at("model membership")
    draws = group_weights(2 * block + member, case.settings.bootstrap, rng)
    areas = weighted_auc(scores, member, np.concatenate([np.ones((1, len(member))), draws]))
    value, spread = float(areas[0]), np.nan_to_num(areas[1:], nan=CHANCE)
    low, high = (float(limit) for limit in np.quantile(spread, [0.025, 0.975]))
    low, high, goal = min(low, value), max(high, value), max(base, CHANCE) + METRIC.delta
    inside, outside = int(member.sum()), int((~member).sum())
    half, verdict, reason = (high - low) / 2.0, PASS, ""
    if low > goal:
        verdict = FAIL
        reason = f"the model knows its training steps: AUC {value:.3f}, its whole interval above {goal:.2f}"
    elif base > CHANCE + UNLIKE:
        verdict = NO_POWER
        reason = f"the hold-out is of another market: who has no model tells it apart (AUC {base:.2f})"
    elif value > goal:
        verdict, reason = WARN, f"AUC {above(value, goal)}; its interval reaches below"
    elif half > METRIC.delta:
        needed = int(np.ceil(outside * (half / METRIC.delta) ** 2))
        verdict = NO_POWER
        reason = (
            f"an AUC of {high:.2f} could have been missed; needs {needed:,} held-out steps (has {outside:,})"
        )
    note = (
        f"{inside:,} training and {outside:,} later steps compared at equal size of the moves; interval by "
        f"bootstrap over blocks of {max(case.settings.purge, 1)} steps"
    )
    n = min(inside, outside)
    found = METRIC.scored(
        "training steps", value, (low, high), n, (max(base, CHANCE), 1.0, goal), (verdict, reason), note
    )
    blocks = min(len(np.unique(block[member])), len(np.unique(block[~member])))
    return replace(found, p=student_beyond(value - goal, spread, blocks))


METRIC = Metric(
    name="model_membership",
    case="model",
    use=SHARE,
    unit="AUC",
    lowest=0.0,
    highest=1.0,
    best=0.5,
    delta=0.05,
    origin="assumption: 5 points of AUC beyond an attacker who has the data and not the model",
    order_free=False,
    compute=measure,
    summary="Does the model know the steps that it learned from",
    order=710,
    how=(
        "Who holds the model folder can ask for its loss: is it lower on the steps that were learned from "
        "than on later ones whose moves are as large."
    ),
    misses=(
        "Leaks that the loss does not show, or that a market that changed between the two parts covers. "
        "Generators without a loss are not computed."
    ),
    estimator=(
        "mean loss over all windows of a step, less the mean of its tenth by size of the moves; AUC of "
        "training against held-out steps, bootstrap over blocks of 21 steps; floor: boosted trees on the "
        "steps and their last 16, without the model, out of fold"
    ),
    references="an attacker without the model / 1",
    required=True,
)
