"""TimeGAN predictive score: error on real windows of a one-step forecaster trained on synthetic ones."""

from __future__ import annotations

import numpy as np

from finsim.evaluation.case import PathCase
from finsim.evaluation.metric import BACKTEST, Metric, Score
from finsim.evaluation.utility.timegan_windows import LENGTH, interval, judged_verdict, judged_windows
from finsim.notation import Float3D

OFFICIAL = (10, 5000)


def measure(case: PathCase) -> list[Score]:
    """Return one score beside the same forecaster trained on real windows (floor).

    The forecaster sees all channels but the last and predicts the last one a step ahead; ceiling is the
    error of the mean of the target. The score is near its floor for most generators: it
    separates little (documented weakness of the protocol). Source: Yoon et al. 2019, predictive_metrics.py.
    """
    settings = case.settings
    subject = f"windows of {LENGTH} bars, last channel"
    if settings.judge_refits < 1:
        return [METRIC.missing(subject, "judge_refits is 0 in the settings")]
    if min(len(case.real.paths.dates), len(case.everything.dates)) < 4 * LENGTH:
        return [METRIC.missing(subject, f"fewer than {4 * LENGTH} bars on a side")]
    windows = judged_windows(case)
    real, own = windows.real, windows.own
    if real.shape[2] < 2:
        return [METRIC.missing(subject, "one channel: nothing to predict from")]
    values = [_error(case, own, real, "synthetic", k) for k in range(settings.judge_refits)]
    floor = float(np.mean([_error(case, real, real, "floor", k) for k in range(settings.judge_refits)]))
    value = float(np.mean(values))
    low, high = interval(values)
    goal = floor * (1.0 + METRIC.delta)
    verdict, reason = judged_verdict(case, value, low, goal)
    target = real[:, 1:, -1]
    ceiling = float(np.abs(target - np.median(target)).mean())
    note = f"{settings.judge_refits} refits of {settings.judge_predictive_iterations} iterations"
    official = (settings.judge_refits, settings.judge_predictive_iterations) == OFFICIAL
    note += "" if official else f"; the official protocol is {OFFICIAL[0]} of {OFFICIAL[1]}"
    return [
        METRIC.scored(subject, value, (low, high), len(own), (floor, ceiling, goal), (verdict, reason), note)
    ]


def _error(case: PathCase, train: Float3D, test: Float3D, role: str, refit: int) -> float:
    from finsim.generators.score_networks import predictive_error

    word = case.streams.word("judge", "predictive", role, refit)
    return float(predictive_error(train, test, word, iterations=case.settings.judge_predictive_iterations))


METRIC = Metric(
    name="predictive",
    case="paths",
    use=BACKTEST,
    unit="mean absolute error on the 0..1 scale",
    lowest=0.0,
    highest=float("inf"),
    best=0.0,
    delta=0.1,
    origin="assumption: 10 % above the forecaster trained on real windows",
    order_free=False,
    compute=measure,
    summary="TimeGAN predictive score",
    order=100,
    how=(
        "Error on real windows of a forecaster trained on synthetic ones, beside one trained on real "
        "ones. Source: Yoon et al. 2019."
    ),
    misses="Prices close to a martingale can hardly be forecast, so most generators come out alike.",
    estimator="TimeGAN forecaster trained on synthetic, error on real windows",
    references="trained on real / error of the median",
)
