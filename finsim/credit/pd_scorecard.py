"""A logistic scorecard and its calibration to a stated mean default probability."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

import numpy as np
import pandas as pd

from finsim.errors import FitError
from finsim.extras import Later
from finsim.notation import Array, Bool1D, Float1D, Float2D

optimize = Later("scipy.optimize", "credit")
special = Later("scipy.special", "credit")
stats = Later("scipy.stats", "credit")

# Personal traits stay in the book for fairness checks but do not enter the score.
PROTECTED = ("personal_status", "foreign_worker")
PD_FLOOR, PD_CEILING = 0.0005, 0.6
_MOST_WORDS = 20


@dataclass(frozen=True)
class Scorecard:
    """Log-odds = intercept + weights x features; ``shift`` moves the sample's odds to the target level.

    ``numeric[name]`` is (mean, s.d., takes the log); ``levels[name]`` are the categories with a dummy, the
    20 most frequent at most; ``fills[name]`` is the median that stands in for the missing cells of a
    column, which also has an indicator. ``auc`` is five-fold cross-validated on the applications.
    """

    numeric: Mapping[str, tuple[float, float, bool]]
    levels: Mapping[str, tuple[str, ...]]
    fills: Mapping[str, float]
    weights: Float1D
    shift: float
    auc: float

    def probability(self, columns: Mapping[str, Array]) -> Float1D:
        """Return the calibrated 12-month PD of each row: float64 [N], within [0.0005, 0.6].

        The floor is the Basel retail floor (CRE32.4). assumption: the ceiling.
        """
        found: Float1D = np.clip(special.expit(self._odds(columns) + self.shift), PD_FLOOR, PD_CEILING)
        return found

    def calibrated(self, columns: Mapping[str, Array], target: float) -> Scorecard:
        """Return the scorecard whose mean PD over these rows is ``target``. Raises FitError if none has."""
        return replace(self, shift=_shift_to(self._odds(columns), target))

    def _odds(self, columns: Mapping[str, Array]) -> Float1D:
        """Return the log-odds before the shift."""
        design = _design(columns, self.numeric, self.levels, self.fills)
        found: Float1D = np.einsum("nk,k->n", design, self.weights)
        return found


def fit_scorecard(frame: pd.DataFrame, features: list[str], target: float | None) -> Scorecard:
    """Fit a ridge logistic regression of ``bad`` on ``features`` and calibrate its mean PD to ``target``.

    Without a target the mean PD is the share of ``bad`` that was observed. The calibration adds one
    constant to all log-odds, so it changes the level and keeps the ranking (prior correction; King and
    Zeng 2001, sec. 4.1, solved for the mean after flooring).
    Raises FitError when the calibration cannot reach the target.
    """
    numeric, levels, fills = _plan(frame, features)
    columns = {name: frame[name].to_numpy() for name in features}
    design = _design(columns, numeric, levels, fills)
    bad = frame["bad"].to_numpy(dtype=bool)
    wanted = float(bad.mean()) if target is None else target
    weights = _ridge_logistic(design, bad)
    odds = design @ weights
    if not np.isfinite(odds).all():
        raise FitError(
            "the scorecard has no finite weights",
            place="scorecard",
            expected="features whose numbers and words tell loans apart",
            remedy="leave out columns that copy one another or hold extreme numbers",
        )

    shift = _shift_to(odds, wanted)
    return Scorecard(numeric, levels, fills, weights, shift, _cross_validated_auc(design, bad))


def _shift_to(odds: Float1D, wanted: float) -> float:
    """Return what is added to all log-odds so that the mean PD, floored, is ``wanted``."""

    def gap(shift: float) -> float:
        return float(np.clip(special.expit(odds + shift), PD_FLOOR, PD_CEILING).mean()) - wanted

    if gap(-40.0) > 0 or gap(40.0) < 0:
        raise FitError(
            f"no calibration has a mean PD of {wanted:.6g}",
            place="scorecard",
            expected=f"a target between {PD_FLOOR} and {PD_CEILING}",
            remedy="change target_pd",
        )
    return float(optimize.brentq(gap, -40.0, 40.0, xtol=1e-12))


def _plan(
    frame: pd.DataFrame, features: list[str]
) -> tuple[dict[str, tuple[float, float, bool]], dict[str, tuple[str, ...]], dict[str, float]]:
    numeric: dict[str, tuple[float, float, bool]] = {}
    levels: dict[str, tuple[str, ...]] = {}
    fills: dict[str, float] = {}
    for name in features:
        values = frame[name].to_numpy()
        if values.dtype.kind not in "if":
            levels[name] = _dummies(values)
            continue
        if np.isnan(values).any():
            fills[name] = float(np.nanmedian(values)) if not np.isnan(values).all() else 0.0
            values = np.where(np.isnan(values), fills[name], values)
        logged = bool(values.min() > 0 and values.max() > 20 * np.median(values) / 2)
        seen = np.log(values) if logged else values.astype(np.float64)
        numeric[name] = (float(seen.mean()), float(seen.std()) or 1.0, logged)
    return numeric, levels, fills


def _dummies(values: Array) -> tuple[str, ...]:
    """Return the words that get a dummy: all but the first, or the most frequent of very many."""
    words, counts = np.unique(values.astype(str), return_counts=True)
    if len(words) <= _MOST_WORDS + 1:
        return tuple(words[1:].tolist())
    often = np.argsort(-counts, kind="stable")[:_MOST_WORDS]
    return tuple(sorted(words[often].tolist()))


def _design(
    columns: Mapping[str, Array],
    numeric: Mapping[str, tuple[float, float, bool]],
    levels: Mapping[str, tuple[str, ...]],
    fills: Mapping[str, float],
) -> Float2D:
    count = len(next(iter(columns.values())))
    parts: list[Array] = [np.ones(count)]
    for name, (mean, spread, logged) in numeric.items():
        values = np.asarray(columns[name], dtype=np.float64)
        if name in fills:
            missing = np.isnan(values)
            parts.append(missing.astype(np.float64))
            values = np.where(missing, fills[name], values)
        parts.append(((np.log(values) if logged else values) - mean) / spread)
    for name, words in levels.items():
        parts.extend((columns[name] == word).astype(np.float64) for word in words)
    return np.column_stack(parts)


def _ridge_logistic(design: Float2D, bad: Bool1D, ridge: float = 2.0, steps: int = 30) -> Float1D:
    """Newton steps on the log-likelihood minus ridge/2 |w|^2 (the intercept is free)."""
    penalty = np.full(design.shape[1], ridge)
    penalty[0] = 1e-9
    weights = np.zeros(design.shape[1])
    for _ in range(steps):
        chance = special.expit(design @ weights)
        slope = design.T @ (bad - chance) - penalty * weights
        curve = (design * (chance * (1.0 - chance))[:, None]).T @ design + np.diag(penalty)
        move = np.linalg.solve(curve, slope)
        weights = weights + move
        if np.abs(move).max() < 1e-10:
            break
    return weights


def _cross_validated_auc(design: Float2D, bad: Bool1D, folds: int = 5) -> float:
    fold = np.arange(len(bad)) % folds
    scores = np.empty(len(bad))
    for k in range(folds):
        held = fold == k
        scores[held] = design[held] @ _ridge_logistic(design[~held], bad[~held])
    ranks = stats.rankdata(scores)
    many, few = int(bad.sum()), int((~bad).sum())
    return float((ranks[bad].sum() - many * (many + 1) / 2) / (many * few))
