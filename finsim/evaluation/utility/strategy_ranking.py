"""Do synthetic paths rank simple strategies as the real ones do: Spearman correlation of Sharpe ratios."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from finsim.evaluation.case import PathCase
from finsim.evaluation.columns import MANY, RETURN
from finsim.evaluation.metric import BACKTEST, HIGHER, Metric, Score
from finsim.evaluation.resampling import day_weights
from finsim.evaluation.utility.higher_is_better import at_least
from finsim.evaluation.utility.strategies import YEAR, names, profits, sharpe_ratios
from finsim.notation import Float1D, Float2D, Float3D, Int2D

LEAST_DAYS = 60
_TINY = 1e-12
_LEAST_STEADY = 0.01


def measure(case: PathCase) -> list[Score]:
    """Return one score: the rank correlation of the mean Sharpe ratios of the strategies."""
    subject = "ranking of strategies"
    if min(case.real.steps, case.synthetic.steps) < LEAST_DAYS:
        return [METRIC.missing(subject, f"fewer than {LEAST_DAYS} returns in a path")]
    if not case.synthetic.many:
        few = f"{case.synthetic.count} synthetic paths; needs at least {MANY}: one path shows no spread"
        return [METRIC.powerless(subject, few)]
    real, own = profits(case.real.columns[RETURN]), profits(case.synthetic.columns[RETURN])
    drawn = case.resamples
    ranked = drawn.own_paths and not drawn.real_paths
    if ranked:  # a synthetic path may not be longer, and so less noisy, than the real one
        own = own[:, : real.shape[1]]
    ratios = sharpe_ratios(own)
    own_draws = np.asarray(ratios[drawn.own].mean(axis=1))
    left, right = sharpe_ratios(real).mean(axis=0), ratios.mean(axis=0)
    if ranked:
        floors = _each_beside_the_others(ratios)
        draws = rank_correlations(own_draws, np.broadcast_to(left, own_draws.shape))
    else:
        real_draws = _of_paths(real, drawn.real) if drawn.real_paths else _of_days(real, drawn.real)
        floors = rank_correlations(_twins(case, real, left, len(real_draws)), real_draws)
        draws = rank_correlations(own_draws, real_draws)
    useless = sharpe_ratios(profits(case.shuffled_real())).mean(axis=0)
    ceiling = max(float(rank_correlations(useless[None], left[None])[0]), 0.0)
    value = rank_correlations(right[None], left[None])
    listed = names(case.real.columns[RETURN].shape[2])
    best = [listed[int(np.argmax(side))] for side in (left, right)]
    note = (
        f"{len(listed)} strategies; mean difference of Sharpe ratios {np.abs(left - right).mean():.3f}; "
        f"best on the real side: {best[0]}, on the synthetic side: {best[1]}"
    )
    figures = np.concatenate([value, draws])
    score = at_least(METRIC, subject, figures, floors, ceiling, case.synthetic.count, note)
    if not ranked or score.low is None:
        return [score]
    low, high = interval(right, own_draws, draws)
    return [replace(score, low=min(low, float(value[0])), high=max(high, float(value[0])))]


def interval(means: Float1D, resampled: Float2D, draws: Float1D) -> tuple[float, float]:
    """Return the 95 % interval of the correlation that means without noise would have.

    ``means`` [S] and ``resampled`` [B, S] are one side, ``draws`` [B] the correlations of the latter with the
    other side. Noise lowers a correlation, and a resample holds it twice: with k, the share of the variance
    over strategies that is not noise, draws are sqrt(k / (2 - k)) of what they would be. Where nearly all is
    noise the interval is all that there can be. Source: correction for attenuation (Spearman 1904).
    """
    seen = float(means.var())
    noise = float((resampled - resampled.mean(axis=0)).var(axis=1).mean())
    steady = max(1.0 - noise / seen, _LEAST_STEADY) if seen > 0.0 else _LEAST_STEADY
    larger = np.clip(draws[np.isfinite(draws)] * np.sqrt((2.0 - steady) / steady), -1.0, 1.0)
    low, high = np.quantile(larger, [0.025, 0.975])
    return float(low), float(high)


def _each_beside_the_others(ratios: Float2D) -> Float1D:
    """Return the rank correlation of each path with the mean of the others: [N, S] -> float64[N]."""
    others = (ratios.sum(axis=0) - ratios) / (len(ratios) - 1)
    return rank_correlations(ratios, others)


def _twins(case: PathCase, real: Float3D, left: Float1D, draws: int) -> Float2D:
    """Return Sharpe ratios of real data in the role of the synthetic side: float64[B, S]."""
    twin = case.resamples.twin
    if twin is None:
        return np.broadcast_to(left, (draws, len(left)))
    if case.resamples.real_paths:
        return _of_paths(real, twin)
    return np.asarray(np.mean([_of_days(real, twin[:, k]) for k in range(twin.shape[1])], axis=0))


def _of_paths(profit: Float3D, chosen: Int2D) -> Float2D:
    """Return mean Sharpe ratios of resampled paths: [B, N] -> float64[B, S]."""
    return np.asarray(sharpe_ratios(profit)[chosen].mean(axis=1))


def _of_days(profit: Float3D, chosen: Int2D) -> Float2D:
    """Return mean Sharpe ratios over paths of resampled days: [B, T] -> float64[B, S]."""
    has = np.isfinite(profit)
    weights = day_weights(chosen, profit.shape[1])
    found = []
    for path, known in zip(np.where(has, profit, 0.0), has, strict=True):
        size = np.maximum(weights @ known.astype(np.float64), _TINY)
        mean = (weights @ path) / size
        spread = np.sqrt(np.maximum((weights @ path**2) / size - mean**2, 0.0))
        found.append(mean / (spread + _TINY) * np.sqrt(YEAR))
    return np.asarray(np.mean(found, axis=0))


def rank_correlations(left: Float2D, right: Float2D) -> Float1D:
    """Return Spearman correlations of the rows of two arrays, equal values sharing a rank: float64[b]."""
    ranks = [_ranks(one) for one in (left, right)]
    centered = [one - one.mean(axis=1, keepdims=True) for one in ranks]
    with np.errstate(divide="ignore", invalid="ignore"):
        sizes = np.sqrt((centered[0] ** 2).sum(axis=1) * (centered[1] ** 2).sum(axis=1))
        return np.asarray((centered[0] * centered[1]).sum(axis=1) / sizes)


def _ranks(values: Float2D) -> Float2D:
    return np.stack([_mean_ranks(row) for row in values])


def _mean_ranks(row: Float1D) -> Float1D:
    _, place, counts = np.unique(row, return_inverse=True, return_counts=True)
    last = np.cumsum(counts)
    return np.asarray((last - (counts - 1) / 2.0)[place])


METRIC = Metric(
    name="strategy_ranking",
    case="paths",
    use=BACKTEST,
    unit="rank correlation",
    lowest=-1.0,
    highest=1.0,
    best=1.0,
    delta=0.1,
    origin="assumption: a tenth of correlation below real data, beyond their noise",
    order_free=False,
    compute=measure,
    direction=HIGHER,
    summary="Do synthetic paths rank 24 simple strategies as the real ones do",
    order=900,
    how=(
        "Momentum and mean reversion with several lookbacks and thresholds run on both sides; the score is "
        "the Spearman correlation of their mean Sharpe ratios. One real path is ranked among the synthetic "
        "ones: each of them beside the mean of the others. Else the floor is what real data reach among "
        "themselves."
    ),
    misses="Costs, and strategies of another kind; the size of the ratios is in the note only.",
    estimator="Spearman correlation over 24 strategies (16 with one asset); whole paths or blocks resampled",
    references="ranks, or resampled real paths / real days in random order",
)
