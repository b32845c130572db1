"""A Gaussian copula for tables of numbers and categories, with margins conditional on a group."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import pandas as pd

from finsim.extras import Later
from finsim.notation import Array, Float1D, Float2D, Int1D

special = Later("scipy.special", "credit")
stats = Later("scipy.stats", "credit")

MOST_ORDERED_VALUES = 10


@dataclass(frozen=True)
class Copula:
    """What was learned: group shares, the latent correlation, and each column's margin in each group.

    ``root`` [C, C] maps independent normals to the latent ones. ``sorted_values[name][g]`` are the
    sorted values of a numeric column in group g; ``levels[name]`` and ``bounds[name]`` [G, L] are the
    ordered categories and their cumulative probabilities in each group. ``gaps[name]`` [G] is the share
    of missing cells in each group of a column that has any; it has a latent normal of its own.
    """

    groups: tuple[str, ...]
    group_bounds: Float1D
    names: tuple[str, ...]
    root: Float2D
    sorted_values: Mapping[str, tuple[Array, ...]]
    levels: Mapping[str, tuple[str | int | float, ...]]
    bounds: Mapping[str, Float2D]
    whole: frozenset[str]
    gaps: Mapping[str, Float1D]

    def rows(self, count: int, rng: np.random.Generator) -> dict[str, Array]:
        """Return ``count`` rows (``sample_copula``)."""
        return sample_copula(self, count, rng)

    def words(self, name: str) -> tuple[str, ...]:
        """Return the words of a column of categories, sorted."""
        return tuple(sorted(str(level) for level in self.levels[name]))

    def greatest(self, name: str) -> float:
        """Return the greatest number of a column, 0 where there is none."""
        if name in self.levels:
            return max(float(level) for level in self.levels[name])
        return max((float(values[-1]) for values in self.sorted_values.get(name, ())), default=0.0)


def fit_copula(frame: pd.DataFrame, group: str, tied: tuple[str, ...], label: Float1D) -> Copula:
    """Fit the copula to all columns but ``group``; ``label`` [N] is the outcome that orders the words.

    Numeric columns with more than 10 values keep their empirical quantile function per group. Other
    columns are categories: in order of their value, or of the mean of ``label`` where they are words;
    their shares per group are shrunk towards the overall shares with the weight of ten rows
    (assumption), except for ``tied`` columns, which follow the group exactly. A numeric column with
    missing cells (NaN) is a mixture: missing with the group's share, else the law of its present values.
    Source: distributional transform of mixed margins (Rueschendorf 2009); latent correlations from
    category scores divided by the score variances, first order in the correlation (own).
    """
    names = tuple(str(name) for name in frame.columns if name != group)
    groups = tuple(sorted(set(frame[group])))
    member = [(frame[group] == name).to_numpy() for name in groups]
    margins = _Margins({}, {}, {}, {})
    scores = [_scores(frame[name], name, member, label, tied, margins) for name in names]
    flags = [_flag_scores(frame[name], name, member, margins) for name in names if frame[name].isna().any()]
    shares = np.array([rows.mean() for rows in member])
    whole = frozenset(name for name in margins.values if _is_whole(frame[name]))
    root = _root(_latent_correlation(np.column_stack([*scores, *flags])))
    return Copula(
        groups,
        np.cumsum(shares),
        names,
        root,
        margins.values,
        margins.levels,
        margins.bounds,
        whole,
        margins.gaps,
    )


@dataclass(frozen=True)
class _Margins:
    """The margins of the columns seen so far."""

    values: dict[str, tuple[Array, ...]]
    levels: dict[str, tuple[str | int | float, ...]]
    bounds: dict[str, Float2D]
    gaps: dict[str, Float1D]


def _scores(
    series: pd.Series,
    name: str,
    member: list[Array],
    label: Float1D,
    tied: tuple[str, ...],
    margins: _Margins,
) -> Float1D:
    """Return the normal scores of a column, NaN where it is missing, and note its margin."""
    cells = series.to_numpy()
    present = series.notna().to_numpy()
    scores = np.full(len(series), np.nan)
    if _is_continuous(series):
        every = np.sort(cells[present])
        own = [np.sort(cells[rows & present]) for rows in member]
        margins.values[name] = tuple(values if len(values) else every for values in own)
        for rows in member:
            ranks = stats.rankdata(cells[rows & present])
            scores[rows & present] = special.ndtri((ranks - 0.5) / max(len(ranks), 1))
        return scores
    shown = series[present]
    levels = _ordered_levels(shown, label[present])
    inside = [rows[present] for rows in member]
    margins.levels[name] = levels
    margins.bounds[name] = _shares(shown, levels, inside, 0.0 if name in tied else 10.0)
    codes = _codes(shown, levels)
    found = np.empty(len(shown))
    for place, rows in enumerate(inside):
        found[rows] = _category_scores(margins.bounds[name][place])[codes[rows]]
    scores[present] = found
    return scores


def _flag_scores(series: pd.Series, name: str, member: list[Array], margins: _Margins) -> Float1D:
    """Return the normal scores of "missing" of a column with gaps, and note its share per group."""
    gone = series.isna().to_numpy()
    margins.gaps[name] = np.array([gone[rows].mean() for rows in member])
    scores = np.empty(len(series))
    for share, rows in zip(margins.gaps[name], member, strict=True):
        scores[rows] = _category_scores(np.array([1.0 - share, 1.0]))[gone[rows].astype(np.int64)]
    return scores


def sample_copula(copula: Copula, count: int, rng: np.random.Generator) -> dict[str, Array]:
    """Draw ``count`` rows: column name -> array [count], plus ``group`` (index into ``copula.groups``).

    A missing number is NaN.
    """
    group = np.searchsorted(copula.group_bounds[:-1], rng.random(count), side="right")
    normals = rng.standard_normal((count, len(copula.root)))
    # einsum, not BLAS: the sum has one order whatever the number of threads.
    uniforms = special.ndtr(np.einsum("nk,ck->nc", normals, copula.root))
    rows: dict[str, Array] = {"group": group}
    for column, name in enumerate(copula.names):
        chance = uniforms[:, column]
        if name in copula.levels:
            rows[name] = _draw_level(copula, name, group, chance)
        else:
            rows[name] = _draw_value(copula, name, group, chance)
    for flag, (name, shares) in enumerate(copula.gaps.items()):
        missing = uniforms[:, len(copula.names) + flag] >= 1.0 - shares[group]
        rows[name] = np.where(missing, np.nan, rows[name])
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


def _is_whole(series: pd.Series) -> bool:
    """Tell whether a column holds whole numbers; with gaps they come as floats."""
    if series.dtype.kind == "i" or not series.isna().any():
        return series.dtype.kind == "i"
    present = series.dropna().to_numpy()
    return bool(np.array_equal(present, np.floor(present)))


def _ordered_levels(series: pd.Series, label: Float1D) -> tuple[str | int | float, ...]:
    if series.dtype.kind in "if":
        return tuple(sorted(series.unique().tolist()))
    means = pd.Series(label, index=series.index).groupby(series).mean()
    return tuple(sorted(means.index, key=lambda level: (means[level], level)))


def _codes(series: pd.Series, levels: tuple[str | int | float, ...]) -> Int1D:
    return pd.Index(levels).get_indexer(pd.Index(series)).astype(np.int64)


def _shares(
    series: pd.Series, levels: tuple[str | int | float, ...], member: list[Array], prior: float
) -> Float2D:
    """Return cumulative category shares per group: float64 [G, L], the last column exactly 1."""
    codes = _codes(series, levels)
    overall = np.bincount(codes, minlength=len(levels)) / len(codes)
    table = np.empty((len(member), len(levels)))
    for place, rows in enumerate(member):
        counts = np.bincount(codes[rows], minlength=len(levels)).astype(np.float64)
        # A group without one present cell has the shares of all.
        weight = prior if counts.sum() else max(prior, 1.0)
        table[place] = np.cumsum((counts + weight * overall) / (counts.sum() + weight))
    table[:, -1] = 1.0
    return table


def _category_scores(cumulative: Float1D) -> Float1D:
    """Return E[X | category] of a standard normal X cut at the cumulative shares; 0 for empty ones."""
    edges = np.concatenate([[-np.inf], special.ndtri(np.clip(cumulative, 0.0, 1.0))])
    mass = np.diff(np.concatenate([[0.0], cumulative]))
    density = stats.norm.pdf(edges)
    found: Float1D = np.where(mass > 0, (density[:-1] - density[1:]) / np.maximum(mass, 1e-300), 0.0)
    return found


def _latent_correlation(scores: Float2D) -> Float2D:
    covariance = _covariance(scores)
    spread = np.maximum(np.diag(covariance), 1e-9)
    latent: Float2D = np.clip(covariance / np.outer(spread, spread), -0.95, 0.95)
    np.fill_diagonal(latent, 1.0)
    return latent


def _covariance(scores: Float2D) -> Float2D:
    """Return the covariance of the columns, each pair over the rows in which both are present (not NaN)."""
    present = ~np.isnan(scores)
    if present.all():
        return np.atleast_2d(np.cov(scores, rowvar=False))
    means = np.nansum(scores, axis=0) / np.maximum(present.sum(axis=0), 1)
    moved = np.where(present, scores - means, 0.0)
    both = present.T.astype(np.float64) @ present.astype(np.float64)
    return np.asarray(moved.T @ moved / np.maximum(both - 1.0, 1.0))


def _root(correlation: Float2D) -> Float2D:
    """Return R with R R' = the nearest correlation matrix by eigenvalue clipping, rows of unit length."""
    values, vectors = np.linalg.eigh(correlation)
    root = vectors * np.sqrt(np.maximum(values, 1e-6))
    return np.asarray(root / np.linalg.norm(root, axis=1, keepdims=True))
