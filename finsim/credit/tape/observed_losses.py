"""Losses that a tape observed on its defaulted loans: the LGD of every loan as the mean of loans like it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from finsim.extras import Later
from finsim.notation import Array, Bool1D, Float1D

special = Later("scipy.special", "credit")

_NEARLY, _LEAST, _MOST_WORDS, _LEAST_OF_A_WORD, _EVIDENT, _MOST_COLUMNS = 0.95, 20, 12, 10, 0.001, 2
"""Losses on defaults (share), least losses, words, losses of a word, chance, columns: assumptions."""


@dataclass(frozen=True)
class ObservedLosses:
    """The LGD of every loan float64[N], and in words what it was taken from."""

    lgd: Float1D
    said: str


def are_observed(frame: pd.DataFrame) -> bool:
    """Tell whether the LGD of a tape is what defaulted loans lost: hardly any other loan has one."""
    if "lgd" not in frame or "bad" not in frame:
        return False
    there = frame["lgd"].notna().to_numpy()
    bad = frame["bad"].to_numpy(dtype=np.float64) == 1.0
    return bool(there.any() and not there[~bad].all() and bad[there].mean() >= _NEARLY)


def observed_losses(frame: pd.DataFrame, names: Sequence[str]) -> ObservedLosses | None:
    """Return the mean loss of loans like each, None with fewer than 20 losses.

    Of the columns ``names``, words that do not change with the outcome, up to two are asked whose means
    differ beyond chance (F test, .001 over the columns): the first explains most, the second most of what is
    left. Means are by least squares on dummies, a word of fewer than ten losses has the mean of all.
    """
    there = frame["lgd"].notna().to_numpy()
    lost = frame["lgd"].to_numpy(dtype=np.float64)[there]
    if len(lost) < _LEAST:
        return None
    mean = float(lost.mean())
    columns = {name: _words(frame[name], there) for name in names}
    asked: list[str] = []
    found = np.full(len(frame), mean)
    while len(asked) < _MOST_COLUMNS:
        left = lost - found[there]
        chances = {name: _by_chance(columns[name][there], left) for name in names if name not in asked}
        best = min(chances, key=lambda name: chances[name], default="")
        if not best or chances[best] >= _EVIDENT / len(names):
            break
        asked.append(best)
        found = mean + _fitted([columns[name] for name in asked], there, lost - mean)
    means = "; ".join(_means(name, columns[name][there], lost) for name in asked)
    by = f", by {means}" if means else ", the same for all loans"
    return ObservedLosses(np.clip(found, 0.0, 1.0), f"mean {mean:.1%} of {len(lost):,} observed losses{by}")


def is_asked(values: pd.Series) -> bool:
    """Tell whether a column has few words, such as a flag or a grade."""
    return values.dtype.kind not in "fM" and 2 <= values.nunique() <= _MOST_WORDS


def _words(values: pd.Series, there: Bool1D) -> Array:
    """Return the words of a column, "" for those of few losses."""
    words = values.astype(str).to_numpy(dtype=object)
    known, counts = np.unique(words[there], return_counts=True)
    return np.where(np.isin(words, known[counts >= _LEAST_OF_A_WORD]), words, "")


def _by_chance(words: Array, left: Float1D) -> float:
    """Return the chance of means as far apart as these, of an F test; 1 for one word."""
    known, codes = np.unique(words.astype(str), return_inverse=True)
    groups, rows = len(known), len(left)
    if groups < 2 or rows <= groups:
        return 1.0
    counts = np.bincount(codes)
    means = np.bincount(codes, left) / counts
    between = float((counts * (means - left.mean()) ** 2).sum())
    within = float(((left - means[codes]) ** 2).sum())
    ratio = between / (groups - 1) / max(within / (rows - groups), 1e-12)
    return float(special.fdtrc(groups - 1, rows - groups, ratio))


def _fitted(columns: Sequence[Array], there: Bool1D, lost: Float1D) -> Float1D:
    """Return what least squares on the words of columns says of every loan, float64[N]."""
    parts = [np.ones(len(there))]
    for words in columns:
        parts += [(words == word).astype(np.float64) for word in np.unique(words[there].astype(str))[1:]]
    design = np.stack(parts, axis=1)
    weights = np.linalg.lstsq(design[there], lost, rcond=None)[0]
    found: Float1D = design @ weights
    return found


def _means(name: str, words: Array, lost: Float1D) -> str:
    listed = (f"{word} {lost[words == word].mean():.1%}" for word in np.unique(words.astype(str)) if word)
    return f"{name} ({', '.join(listed)})"
