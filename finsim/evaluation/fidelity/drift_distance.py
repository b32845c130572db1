"""Drift of the whole distribution: Wasserstein-1 distance of the last simulated year from the first."""

from __future__ import annotations

import numpy as np

from finsim.evaluation.case import PathCase
from finsim.evaluation.columns import RETURN
from finsim.evaluation.fidelity.drift import YEAR, yearly
from finsim.evaluation.fidelity.wasserstein import area_between, interquartile
from finsim.evaluation.metric import BACKTEST, Evidence, Metric, Score
from finsim.evaluation.resampling import stationary_indices
from finsim.notation import Float1D, Float2D, Float3D

KNOTS = 1024


def year_curves(values: Float2D, years: int, grid: Float1D) -> Float3D:
    """Return the distribution function of every path and year on a grid: [n, T] -> [n, years, G]."""
    cut = yearly(values, years)
    bins = np.searchsorted(grid, cut).clip(max=len(grid) - 1)
    rows = bins.reshape(-1, YEAR)
    offsets = np.arange(len(rows))[:, None] * len(grid)
    counts = np.bincount((rows + offsets).ravel(), minlength=len(rows) * len(grid))
    return np.cumsum(counts.reshape(len(cut), years, len(grid)), axis=2) / YEAR


def measure(case: PathCase) -> list[Score]:
    """Return one score an asset, in real interquartile ranges."""
    years = case.synthetic.steps // YEAR
    held = case.real.steps // YEAR
    scores = []
    for index, asset in case.assets():
        subject = f"{asset} return, year {years} from year 1"
        if years < 2 or held < 2:
            scores.append(METRIC.missing(subject, f"fewer than {2 * YEAR} rows on a side"))
            continue
        real, own = case.real.column(RETURN, index), case.synthetic.column(RETURN, index)
        grid = np.unique(np.quantile(np.concatenate([real.ravel(), own.ravel()]), np.linspace(0, 1, KNOTS)))
        left, right = year_curves(real, held, grid), year_curves(own, years, grid)
        scale = interquartile(grid, left.mean(axis=(0, 1)))
        if scale <= 0:
            scores.append(METRIC.missing(subject, "the real interquartile range is zero"))
            continue
        evidence = Evidence(
            float(area_between(grid, right[:, -1].mean(axis=0), right[:, 0].mean(axis=0))) / scale,
            _own_draws(case, index, right, grid) / scale,
            _chance(case, left, grid) / scale,
            few=not case.synthetic.many,
        )
        shape = ", ".join(f"{v:.3f}" for v in _from_first(right, grid) / scale)
        note = f"distance of years 2 to {years} from year 1: {shape}"
        scores.append(METRIC.compared(subject, evidence, n=case.synthetic.count, note=note))
    return scores


def _from_first(curves: Float3D, grid: Float1D) -> Float1D:
    pooled = curves.mean(axis=0)
    return area_between(grid, pooled[1:], pooled[0])


def _own_draws(case: PathCase, index: int, curves: Float3D, grid: Float1D) -> Float1D:
    if case.resamples.own_paths:
        chosen = case.resamples.own
        return area_between(grid, curves[chosen, -1].mean(axis=1), curves[chosen, 0].mean(axis=1))
    rng = case.streams.at("drift distance", "own")
    draws = []
    for row in case.synthetic.columns[RETURN][:, :, index]:
        days = stationary_indices(rng, YEAR, YEAR, YEAR / 12, case.settings.bootstrap)
        ends = (row[:YEAR], row[(curves.shape[1] - 1) * YEAR :][:YEAR])
        draws.append([year_curves(end[days], 1, grid)[:, 0] for end in ends])
    first, last = np.mean(draws, axis=0)
    return area_between(grid, last, first)


def _chance(case: PathCase, curves: Float3D, grid: Float1D) -> Float1D:
    """Return distances of pools of real years: as many years in each pool as there are synthetic paths."""
    rng = case.streams.at("drift distance", "real")
    flat = curves.reshape(-1, curves.shape[2])
    draws, paths = case.settings.bootstrap, case.synthetic.count
    last = rng.integers(0, len(flat), (draws, paths))
    first = (last + rng.integers(1, len(flat), (draws, paths))) % len(flat)
    return np.array(
        [
            area_between(grid, flat[a].mean(axis=0), flat[b].mean(axis=0))
            for a, b in zip(last, first, strict=True)
        ]
    )


METRIC = Metric(
    name="drift_distance",
    case="paths",
    use=BACKTEST,
    unit="real interquartile ranges",
    lowest=0.0,
    highest=float("inf"),
    best=0.0,
    delta=0.05,
    origin="assumption: 5 % of the interquartile range beyond chance",
    order_free=False,
    compute=measure,
    era=0.78,
    summary="Distance of the last simulated year from the first",
    order=80,
    how=(
        "Area between the return distributions of the first and the last simulated year, in real "
        "interquartile ranges."
    ),
    misses="Compares the two ends only; the years between are in the note of the score.",
    estimator="W1 of the last simulated year from the first, paths pooled; the note has every year",
    references="pools of real years / -",
)
