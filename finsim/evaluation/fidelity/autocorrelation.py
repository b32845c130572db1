"""Autocorrelation of returns and of absolute returns: no linear memory, but volatility clusters."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np

from finsim.evaluation.case import PathCase, mean_gap
from finsim.evaluation.columns import RETURN
from finsim.evaluation.metric import BACKTEST, FAIL, Evidence, Metric, Score
from finsim.evaluation.resampling import Distance, Estimates
from finsim.notation import Float2D, Float3D

SHORT = 20
ROWS_PER_LAG = 5
CAP = 0.995
DEVIATIONS = 3.5
ABSENT_CHANCE = 2.3e-4  # of a standard normal value beyond 3.5
ABSENT = "no clustering at all, as if the rows were in random order; every real part has some"


@dataclass(frozen=True)
class Compared:
    """Evidence with the estimates behind it and the score of a shuffled twin."""

    evidence: Evidence
    estimates: Estimates
    ceiling: float


def capped(values: Float2D) -> Float2D:
    """Return values with magnitudes capped at the 99.5 % quantile of each path.

    One crash day would otherwise decide the autocorrelation of ten years (own; robust variant).
    """
    limit = np.quantile(np.abs(values), CAP, axis=1, keepdims=True)
    return np.asarray(np.clip(values, -limit, limit))


def lag_products(lags: int) -> Callable[[Float2D], Float3D]:
    """Return the map [n, T] -> [n, T - lags, 2 + lags]: x, x^2 and x_t x_(t+k) for k = 1..lags."""

    def features(values: Float2D) -> Float3D:
        steps = values.shape[1] - lags
        head = values[:, :steps]
        ahead = np.lib.stride_tricks.sliding_window_view(values, lags + 1, axis=1)
        rows = np.empty((*head.shape, lags + 2))
        rows[:, :, 0] = head
        np.multiply(ahead, head[:, :, None], out=rows[:, :, 1:])
        return rows

    return features


def autocorrelations(means: Float2D) -> Float2D:
    """Return the autocorrelations at lags 1..K from means of ``lag_products``: [b, K + 2] -> [b, K]."""
    centre = means[:, :1]
    variance = means[:, 1:2] - centre**2
    return np.asarray((means[:, 2:] - centre**2) / variance)


def prepared(values: Float2D, magnitude: bool) -> Float2D:
    """Return capped returns or their absolute values."""
    return np.abs(capped(values)) if magnitude else capped(values)


def compare_lags(
    case: PathCase,
    index: int,
    magnitude: bool,
    lags: int,
    distance: Distance,
    statistic: Callable[[Float2D], Float2D] = autocorrelations,
) -> Compared:
    """Return evidence, estimates and the shuffled ceiling for the autocorrelations of one asset.

    ``statistic`` takes the means of ``lag_products``.
    """
    found, estimates = case.moments(
        lambda side: prepared(side.column(RETURN, index), magnitude),
        lag_products(lags),
        statistic,
        distance,
    )
    twin = lag_products(lags)(prepared(case.shuffled_real()[:, :, index], magnitude)).mean(axis=1)
    useless = statistic(twin).mean(axis=0)[None]
    return Compared(found, estimates, float(distance(useless, estimates.real[None])[0]))


def measure(case: PathCase) -> list[Score]:
    """Return scores of r over lags 1 to 20 and of |r| over all lags, per asset."""
    scores = []
    steps = min(case.real.steps, case.synthetic.steps)
    for index, asset in case.assets():
        for label, magnitude, lags in (("r", False, SHORT), ("|r|", True, case.settings.lags)):
            subject = f"{asset} {label}, lags 1 to {lags}"
            if steps < ROWS_PER_LAG * lags:
                scores.append(METRIC.missing(subject, f"{steps} rows; needs {ROWS_PER_LAG * lags}"))
                continue
            found = compare_lags(case, index, magnitude, lags, mean_gap)
            note = (
                f"mean autocorrelation {found.estimates.synthetic.mean():.3f} synthetic, "
                f"{found.estimates.real.mean():.3f} real"
            )
            score = METRIC.compared(
                subject, found.evidence, ceiling=found.ceiling, n=case.rows_used, note=note
            )
            scores.append(failed_if_absent(score, found.estimates, case.rows_used) if magnitude else score)
    return scores


def failed_if_absent(score: Score, found: Estimates, rows: int) -> Score:
    """Return the score with a fail, and the chance of one, when there is no clustering at all."""
    if not is_absent(found, rows):
        return score
    chance = ABSENT_CHANCE if score.p is None else min(score.p, ABSENT_CHANCE)
    return replace(score, verdict=FAIL, reason=ABSENT, p=chance)


def is_absent(found: Estimates, rows: int) -> bool:
    """Tell whether |r| of the synthetic side has no more memory than random order, though real parts do.

    Looks at lags 1 to 20. The mean of K autocorrelations of n independent rows has standard deviation
    1 / sqrt(K n) (Bartlett 1946); the limit is 3.5 of them. At least 95 % of the real parts must lie
    above it.
    """
    limit = DEVIATIONS / np.sqrt(SHORT * rows)
    parts = found.twin_draws[:, :SHORT].mean(axis=1)
    return bool(found.synthetic[:SHORT].mean() <= limit < np.quantile(parts, 0.05))


METRIC = Metric(
    name="autocorrelation",
    case="paths",
    use=BACKTEST,
    unit="mean absolute gap of correlations",
    lowest=0.0,
    highest=2.0,
    best=0.0,
    delta=0.01,
    origin="assumption: one point of correlation beyond the real spread",
    order_free=False,
    compute=measure,
    era=0.04,
    summary="Memory of returns and of absolute returns",
    order=30,
    how=(
        "Mean absolute gap of the autocorrelations over the stated lags; values are capped at the "
        "99.5 % quantile of each path first, so that one crash day does not decide."
    ),
    misses=("Only pairwise, linear memory; two eras of one real series differ a lot, so its floor is wide."),
    estimator=(
        "mean absolute gap of the autocorrelation of r (lags 1 to 20) and of absolute r (1 to 100); "
        "returns capped at the 99.5 % quantile of each path, mean over paths, blocks-of-blocks "
        "bootstrap"
    ),
    references="ranks / shuffled days",
)
