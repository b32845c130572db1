"""Leverage effect: falls raise later volatility more than rises do."""

from __future__ import annotations

from functools import partial

import numpy as np

from finsim.evaluation.case import PathCase
from finsim.evaluation.columns import RETURN, Side
from finsim.evaluation.fidelity.autocorrelation import capped
from finsim.evaluation.metric import BACKTEST, Metric, Score
from finsim.notation import Float1D, Float2D, Float3D

LAGS = 10


def features(values: Float2D) -> Float3D:
    """Return the rows x, x^2, |x|, x |x_(t+k)| for k = 1..10: [n, T] -> [n, T - 10, 13]."""
    ahead = np.lib.stride_tricks.sliding_window_view(np.abs(values), LAGS + 1, axis=1)
    head = values[:, : values.shape[1] - LAGS, None]
    return np.concatenate([head, head**2, np.abs(head), head * ahead[:, :, 1:]], axis=2)


def leverage(means: Float2D) -> Float2D:
    """Return the mean over k = 1..10 of corr(r_t, |r_(t+k)|): [b, 13] -> [b, 1].

    Source: Bouchaud, Matacz and Potters 2001, in correlation form with |r| for r^2 (robust, own choice).
    """
    centre, square, size = means[:, 0], means[:, 1], means[:, 2]
    spread = np.sqrt((square - centre**2) * (square - size**2))
    gaps = (means[:, 3:] - (centre * size)[:, None]) / spread[:, None]
    return np.asarray(gaps.mean(axis=1, keepdims=True))


def _gap(left: Float2D, right: Float2D) -> Float1D:
    return np.asarray(np.abs(left - right)[:, 0])


def _returns(index: int, side: Side) -> Float2D:
    return capped(side.column(RETURN, index))


def measure(case: PathCase) -> list[Score]:
    """Return one score an asset."""
    scores = []
    shuffled = case.shuffled_real()
    for index, asset in case.assets():
        found, estimates = case.moments(partial(_returns, index), features, leverage, _gap)
        twin = leverage(features(capped(shuffled[:, :, index])).mean(axis=1))
        ceiling = float(abs(twin.mean() - estimates.real[0]))
        note = f"leverage {estimates.synthetic[0]:.3f} synthetic, {estimates.real[0]:.3f} real"
        scores.append(METRIC.compared(asset, found, ceiling=ceiling, n=case.rows_used, note=note))
    return scores


METRIC = Metric(
    name="leverage",
    case="paths",
    use=BACKTEST,
    unit="correlation",
    lowest=0.0,
    highest=2.0,
    best=0.0,
    delta=0.01,
    origin="assumption: one point of correlation beyond the real spread",
    order_free=False,
    compute=measure,
    era=0.02,
    summary="How falls raise later volatility",
    order=50,
    how="Gap of the correlation between a return and later squared returns: falls raise volatility.",
    misses="Small in single stocks; a wrong sign at some lags can cancel in the mean.",
    estimator="gap of the mean correlation of r(t) with the absolute r(t+k), k = 1 to 10",
    references="ranks / shuffled days",
)
