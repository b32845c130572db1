"""A Gaussian copula for tables of numbers and categories, with margins conditional on a group."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import pandas as pd
from scipy.special import ndtr, ndtri
from scipy.stats import norm, rankdata

from finsim.notation import Array, Float1D, Float2D

MOST_ORDERED_VALUES = 10


@dataclass(frozen=True)
class Copula:
    """What was learned: group shares, the latent correlation, and each column's margin in each group.

    ``root`` [C, C] maps independent normals to the latent ones. ``sorted_values[name][g]`` are the
    sorted values of a numeric column in group g; ``levels[name]`` and ``bounds[name]`` [G, L] are the
    ordered categories and their cumulative probabilities in each group.
    """

    groups: tuple[str, ...]
    group_bounds: Float1D
    names: tuple[str, ...]
    root: Float2D
    sorted_values: Mapping[str, tuple[Array, ...]]
    levels: Mapping[str, tuple[str | int | float, ...]]
    bounds: Mapping[str, Float2D]
    whole: frozenset[str]


def fit_copula(frame: pd.DataFrame, group: str, tied: tuple[str, ...], label: str) -> Copula:
    """Fit the copula to all columns but ``group`` and ``label``.

    Numeric columns with more than 10 values keep their empirical quantile function per group. Other
    columns are categories: in order of their value, or of the mean of ``label`` where they are words;
    their shares per group are shrunk towards the overall shares with the weight of ten rows
    (assumption), except for ``tied`` columns, which follow the group exactly.
    Source: distributional transform of mixed margins (Rueschendorf 2009); latent correlations from
    category scores divided by the score variances, first order in the correlation (own).
    """
    names = tuple(str(name) for name in frame.columns if name not in (group, label))
    groups = tuple(sorted(set(frame[group])))
    member = [(frame[group] == name).to_numpy() for name in groups]
    values: dict[str, tuple[Array, ...]] = {}
    levels: dict[str, tuple[str | int | float, ...]] = {}
    bounds: dict[str, Float2D] = {}
    scores = np.empty((len(frame), len(names)))
    for column, name in enumerate(names):
        series = frame[name]
        if _is_continuous(series):
            values[name] = tuple(np.sort(series.to_numpy()[rows]) for rows in member)
            for rows in member:
                ranks = rankdata(series.to_numpy()[rows])
                scores[rows, column] = ndtri((ranks - 0.5) / len(ranks))
            continue
        levels[name] = _ordered_levels(series, frame[label])
        bounds[name] = _shares(series, levels[name], member, 0.0 if name in tied else 10.0)
        codes = series.map({level: code for code, level in enumerate(levels[name])}).to_numpy()
        for place, rows in enumerate(member):
            scores[rows, column] = _category_scores(bounds[name][place])[codes[rows]]
    shares = np.array([rows.mean() for rows in member])
    whole = frozenset(name for name in values if frame[name].dtype.kind == "i")
    root = _root(_latent_correlation(scores))
    return Copula(groups, np.cumsum(shares), names, root, values, levels, bounds, whole)


def sample_copula(copula: Copula, count: int, rng: np.random.Generator) -> dict[str, Array]:
    """Draw ``count`` rows: column name -> array [count], plus ``group`` (index into ``copula.groups``)."""
    group = np.searchsorted(copula.group_bounds[:-1], rng.random(count), side="right")
    normals = rng.standard_normal((count, len(copula.names)))
    # einsum, not BLAS: the sum has one order whatever the number of threads.
    uniforms = ndtr(np.einsum("nk,ck->nc", normals, copula.root))
    rows: dict[str, Array] = {"group": group}
    for column, name in enumerate(copula.names):
        chance = uniforms[:, column]
        if name in copula.levels:
            rows[name] = _draw_level(copula, name, group, chance)
        else:
            rows[name] = _draw_value(copula, name, group, chance)
    return rows


def _draw_level(copula: Copula, name: str, group: Array, chance: Float1D) -> Array:
    bounds = copula.bounds[name][group][:, :-1]
    codes = (chance[:, None] >= bounds).sum(axis=1)
    found: Array = np.array(copula.levels[name])[codes]
    return found


def _draw_value(copula: Copula, name: str, group: Array, chance: Float1D) -> Array:
    drawn = np.empty(len(chance))
    for place, values in enumerate(copula.sorted_values[name]):
        rows = group == place
        drawn[rows] = np.interp(chance[rows] * (len(values) - 1), np.arange(len(values)), values)
    return np.rint(drawn).astype(np.int64) if name in copula.whole else drawn


def _is_continuous(series: pd.Series) -> bool:
    return series.dtype.kind in "if" and series.nunique() > MOST_ORDERED_VALUES


def _ordered_levels(series: pd.Series, label: pd.Series) -> tuple[str | int | float, ...]:
    if series.dtype.kind in "if":
        return tuple(sorted(series.unique().tolist()))
    means = label.astype(float).groupby(series).mean()
    return tuple(sorted(means.index, key=lambda level: (means[level], level)))


def _shares(
    series: pd.Series, levels: tuple[str | int | float, ...], member: list[Array], prior: float
) -> Float2D:
    """Return cumulative category shares per group: float64 [G, L], the last column exactly 1."""
    overall = np.array([(series == level).mean() for level in levels])
    table = np.empty((len(member), len(levels)))
    for place, rows in enumerate(member):
        counts = np.array([float((series[rows] == level).sum()) for level in levels])
        table[place] = np.cumsum((counts + prior * overall) / (counts.sum() + prior))
    table[:, -1] = 1.0
    return table


def _category_scores(cumulative: Float1D) -> Float1D:
    """Return E[X | category] of a standard normal X cut at the cumulative shares; 0 for empty ones."""
    edges = np.concatenate([[-np.inf], ndtri(np.clip(cumulative, 0.0, 1.0))])
    mass = np.diff(np.concatenate([[0.0], cumulative]))
    density = norm.pdf(edges)
    found: Float1D = np.where(mass > 0, (density[:-1] - density[1:]) / np.maximum(mass, 1e-300), 0.0)
    return found


def _latent_correlation(scores: Float2D) -> Float2D:
    covariance = np.cov(scores, rowvar=False)
    spread = np.maximum(np.diag(covariance), 1e-9)
    latent: Float2D = np.clip(covariance / np.outer(spread, spread), -0.95, 0.95)
    np.fill_diagonal(latent, 1.0)
    return latent


def _root(correlation: Float2D) -> Float2D:
    """Return R with R R' = the nearest correlation matrix by eigenvalue clipping, rows of unit length."""
    values, vectors = np.linalg.eigh(correlation)
    root = vectors * np.sqrt(np.maximum(values, 1e-6))
    return np.asarray(root / np.linalg.norm(root, axis=1, keepdims=True))
