"""Drift over simulated years: how far volatility and tails move away from where they began."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeAlias

import numpy as np

from finsim.evaluation.case import PathCase
from finsim.evaluation.columns import RETURN
from finsim.evaluation.fidelity.expected_shortfall import tail_mean
from finsim.evaluation.metric import BACKTEST, Evidence, Metric, Score
from finsim.evaluation.ranks.folded_intervals import folded_interval
from finsim.evaluation.resampling import stationary_indices
from finsim.notation import Float1D, Float2D, Int2D

Level: TypeAlias = Callable[[Float2D, int], Float2D]
"""Series [n, T] and a number of years -> one level a year [n, years]."""
YEAR = 252
LEAST_YEARS = 3


def yearly(values: Float2D, years: int) -> Float2D:
    """Return the values cut into years of 252 rows: [n, T] -> [n, years, 252]."""
    return values[:, : years * YEAR].reshape(len(values), years, YEAR)


def log_volatility(values: Float2D, years: int) -> Float2D:
    """Return the log of the mean absolute return of each year: [n, T] -> [n, years]."""
    return np.asarray(np.log(np.abs(yearly(values, years)).mean(axis=2) + 1e-12))


def log_tail(values: Float2D, years: int) -> Float2D:
    """Return the log of the mean of the largest 5 % of |r| of each year, less the log volatility."""
    cut = np.abs(yearly(values, years)).reshape(-1, YEAR)
    tail = np.log(tail_mean(cut, 0.95) + 1e-12).reshape(len(values), years)
    return np.asarray(tail - log_volatility(values, years))


def trend(levels: Float2D) -> Float1D:
    """Return the least-squares change of each row from its first to its last year: [n, years] -> [n]."""
    years = levels.shape[1]
    clock = np.arange(years) - (years - 1) / 2
    slope = levels @ clock / (clock @ clock)
    return np.asarray(slope * (years - 1))


def measure(case: PathCase) -> list[Score]:
    """Return two scores an asset: |change over all years| of log volatility and of log tail weight."""
    years = case.synthetic.steps // YEAR
    scores = []
    for index, asset in case.assets():
        for label, level in (("volatility", log_volatility), ("tail weight", log_tail)):
            subject = f"{asset} {label}, {years} years"
            if years < LEAST_YEARS or case.real.steps < LEAST_YEARS * YEAR:
                scores.append(METRIC.missing(subject, f"fewer than {LEAST_YEARS * YEAR} rows on a side"))
                continue
            changes = trend(level(case.synthetic.column(RETURN, index), years))
            changes = changes[np.isfinite(changes)]
            if case.synthetic.many:
                evidence = _many(changes, case.resamples.own)
            else:
                floors = np.abs(_chance(case, level, index, years))
                evidence = Evidence(
                    abs(_mean(changes)), _own_draws(case, changes, level, index), floors, few=True
                )
            note = f"change {_mean(changes):+.3f} in log units, mean of {len(changes)} paths"
            scores.append(METRIC.compared(subject, evidence, n=len(changes), note=note))
    return scores


def _mean(changes: Float1D) -> float:
    return float(changes.mean()) if len(changes) else np.nan


def _many(changes: Float1D, own: Int2D) -> Evidence:
    """Return the mean change beside the means that the same paths give by chance without one."""
    count = len(changes)
    if 2 * count < own.shape[1]:
        return Evidence(np.nan, np.full(2, np.nan), np.full(2, np.nan))
    middle = changes.mean()
    noise = (changes[own % count].mean(axis=1) - middle) * np.sqrt(count / (count - 1))
    span = folded_interval((middle + noise)[:, None], np.zeros(1), _size)
    usual = float(np.median(np.abs(noise)))
    upwards = 1.0 if middle >= 0 else -1.0
    return Evidence(abs(float(middle)), noise, upwards * noise, interval=span, two_sided=True, floor=usual)


def _size(left: Float2D, right: Float2D) -> Float1D:
    return np.asarray(np.abs(left - right)[:, 0])


def _own_draws(case: PathCase, changes: Float1D, level: Level, index: int) -> Float1D:
    years = case.synthetic.steps // YEAR
    parts = [trend(level(row[case.resamples.own], years)) for row in case.synthetic.column(RETURN, index)]
    noise = np.mean(parts, axis=0)
    return np.asarray(np.abs(changes.mean()) + noise - noise.mean())


def _chance(case: PathCase, level: Level, index: int, years: int) -> Float1D:
    """Return changes within real windows, or within resampled real paths where there are many of these."""
    rng = case.streams.at("drift", index)
    draws, paths = case.settings.bootstrap, case.synthetic.count
    real = case.real.column(RETURN, index)
    if case.real.many:
        twins = stationary_indices(rng, real.shape[1], years * YEAR, case.settings.block, draws)
        rows = real[rng.integers(0, len(real), draws)[:, None], twins]
        changes = trend(level(rows, years))
        return np.asarray(changes[rng.integers(0, draws, (draws, paths))].mean(axis=1))
    held = min(years, real.shape[1] // YEAR)
    starts = rng.integers(0, real.shape[1] - held * YEAR + 1, draws)
    rows = real[rng.integers(0, len(real), draws)[:, None], starts[:, None] + np.arange(held * YEAR)]
    return np.asarray(trend(level(rows, held)) * (years - 1) / (held - 1))


METRIC = Metric(
    name="drift",
    case="paths",
    use=BACKTEST,
    unit="absolute log change",
    lowest=0.0,
    highest=float("inf"),
    best=0.0,
    delta=0.1,
    origin="assumption: 10 % over the whole horizon beyond chance",
    order_free=False,
    compute=measure,
    era=0.5,
    summary="Trend of volatility and tail weight over simulated years",
    order=70,
    how=("Trend of yearly volatility, and of yearly tail weight, from the first simulated year to the last."),
    misses="A slow swing up and back down leaves no trend; see drift_distance.",
    estimator=(
        "least-squares change over the simulated years of log volatility and of log tail weight (mean"
        " of the largest 5 % over the mean), mean over paths"
    ),
    references="chance alone / -",
)
