"""Drift of the whole distribution: Wasserstein-1 distance of the last simulated year from the first."""

from __future__ import annotations

from functools import partial

import numpy as np

from finsim.evaluation.case import PathCase
from finsim.evaluation.columns import RETURN
from finsim.evaluation.fidelity.drift import YEAR, yearly
from finsim.evaluation.fidelity.empirical import bins_of, curve, masses
from finsim.evaluation.fidelity.wasserstein import area_gap
from finsim.evaluation.metric import BACKTEST, Evidence, Metric, Score
from finsim.evaluation.ranks.folded_intervals import shrunk_interval
from finsim.evaluation.resampling import Distance, stationary_indices
from finsim.notation import Float1D, Float2D, Float3D, Int2D

KNOTS = 1024


def year_areas(values: Float2D, years: int, grid: Float1D) -> Float3D:
    """Return the areas under the distribution function of every path and year: [n, T] -> [n, years, G]."""
    rows = yearly(values, years).reshape(-1, YEAR)
    found = curve(masses(bins_of(rows, grid), rows, grid), grid)[:, len(grid) :]
    return found.reshape(len(values), years, len(grid))


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
        low, high = np.quantile(yearly(real, held), (0.25, 0.75))
        if high <= low:
            scores.append(METRIC.missing(subject, "the real interquartile range is zero"))
            continue
        both = np.concatenate([real.ravel(), own.ravel()])
        grid = np.unique(np.quantile(both, np.linspace(0, 1, KNOTS)))
        distance = partial(area_gap, float(high - low))
        right = year_areas(own, years, grid)
        pooled = right.mean(axis=0)
        if case.synthetic.many:
            evidence = _many(right[:, -1] - right[:, 0], case.resamples.own, distance)
        else:
            value = float(distance(pooled[-1], pooled[0]))
            floors = _chance(case, year_areas(real, held, grid), distance)
            evidence = Evidence(value, _own_draws(case, index, years, grid, distance), floors, few=True)
        shape = ", ".join(f"{v:.3f}" for v in distance(pooled[1:], pooled[0]))
        note = f"distance of years 2 to {years} from year 1: {shape}"
        scores.append(METRIC.compared(subject, evidence, n=case.synthetic.count, note=note))
    return scores


def _many(changes: Float2D, own: Int2D, distance: Distance) -> Evidence:
    """Compare the mean change of the paths [N, G] with the one that the same paths give by chance."""
    count, nothing = len(changes), np.zeros(changes.shape[1])
    middle = changes.mean(axis=0)
    weights = np.stack([np.bincount(row, minlength=count) for row in own]) / count
    noise = (weights @ changes - middle) * np.sqrt(count / (count - 1))
    value = float(distance(middle[None], nothing[None])[0])
    floors = distance(noise, np.broadcast_to(nothing, noise.shape))
    return Evidence(value, floors, floors, interval=shrunk_interval(middle, noise, nothing, distance))


def _own_draws(case: PathCase, index: int, years: int, grid: Float1D, distance: Distance) -> Float1D:
    rng = case.streams.at("drift distance", "own")
    draws = []
    for row in case.synthetic.columns[RETURN][:, :, index]:
        days = stationary_indices(rng, YEAR, YEAR, YEAR / 12, case.settings.bootstrap)
        ends = (row[:YEAR], row[(years - 1) * YEAR :][:YEAR])
        draws.append([year_areas(end[days], 1, grid)[:, 0] for end in ends])
    first, last = np.mean(draws, axis=0)
    return distance(last, first)


def _chance(case: PathCase, areas: Float3D, distance: Distance) -> Float1D:
    """Return distances of pools of real years: as many years in each pool as there are synthetic paths."""
    rng = case.streams.at("drift distance", "real")
    flat = areas.reshape(-1, areas.shape[2])
    draws, paths = case.settings.bootstrap, case.synthetic.count
    last = rng.integers(0, len(flat), (draws, paths))
    first = (last + rng.integers(1, len(flat), (draws, paths))) % len(flat)
    return distance(flat[last].mean(axis=1), flat[first].mean(axis=1))


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
    references="chance alone / -",
)
