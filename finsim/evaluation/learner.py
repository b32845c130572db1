"""The boosted-tree classifier of the evaluation and its scores: folds by group, weighted AUC."""

from __future__ import annotations

import sys
from contextlib import AbstractContextManager
from functools import lru_cache
from typing import Any

import numpy as np
from threadpoolctl import ThreadpoolController

from finsim.extras import Later
from finsim.notation import Array, Bool1D, Float1D, Float2D, Int1D

ensemble = Later("sklearn.ensemble", "evaluate")

LEAF, LEAF_ENTITIES, LEAST_LEAVES = 20, 3, 50
"""Least rows of a leaf; entities that it must be able to hold; and leaves that the rows must allow."""


def one_thread() -> AbstractContextManager[object]:
    """Return a context in which BLAS and OpenMP use one thread.

    Scores must not depend on the machine, and threads that wait for each other on small matrices cost
    twenty times the work.
    """
    manager: AbstractContextManager[object] = _pools(len(sys.modules)).limit(limits=1)
    return manager


@lru_cache(maxsize=1)
def _pools(modules: int) -> ThreadpoolController:
    """Return the thread pools of this process; looked for again when more ``modules`` are loaded.

    Looking for them takes 4 ms, as long as a small fit.
    """
    return ThreadpoolController()


def fitted_scores(train: Float2D, label: Bool1D, test: Float2D, seed: int, iterations: int = 100) -> Float1D:
    """Fit histogram gradient boosting and return P(label) of the test rows: float64[m]."""
    return chances(fitted(train, label, seed, iterations), test)


def fitted(train: Float2D, label: Bool1D, seed: int, iterations: int = 100, leaf: int = LEAF) -> Any:
    """Fit histogram gradient boosting to rows float64[n, C] with NaN where missing, ``leaf`` rows a leaf.

    Rows are not weighted: only the order of the scores is used, and weights cost scikit-learn's binning
    a hundred times its run time. One thread: the scores must not depend on the machine.
    """
    model = ensemble.HistGradientBoostingClassifier(
        max_iter=iterations,
        learning_rate=0.1,
        max_leaf_nodes=15,
        min_samples_leaf=leaf,
        early_stopping=False,
        random_state=seed % 2**32,
    )
    empty = ~np.isfinite(train).any(axis=0)
    with one_thread():
        # scikit-learn cannot bin a column without values.
        model.fit(np.where(empty, 0.0, train), label)
    return model


def chances(model: Any, rows: Float2D) -> Float1D:
    """Return P(label) of some rows by a fitted model: float64[m].

    One thread, asked for here: a limit that was set before scikit-learn was loaded does not know its OpenMP.
    """
    with one_thread():
        return np.asarray(model.predict_proba(rows)[:, 1])


def fold_of(groups: Int1D, folds: int, rng: np.random.Generator) -> Int1D:
    """Return a fold number per row; all rows of a group share one, folds hold equally many groups."""
    names, codes = np.unique(groups, return_inverse=True)
    place = rng.permutation(len(names)) % folds
    return np.asarray(place[codes])


def side_folds(label: Bool1D, groups: Int1D, folds: int, rng: np.random.Generator) -> Int1D:
    """Return a fold number per row, groups dealt out on each side by itself.

    Drawn together, a fold that holds more entities of one side leaves fewer of them to learn from, and its
    rows are ranked for the other: the AUC falls below one half, most where entities are few.
    """
    found = np.empty(len(label), dtype=np.int64)
    for side in (False, True):
        found[label == side] = fold_of(groups[label == side], folds, rng)
    return found


def leaf_rows(groups: Int1D) -> int:
    """Return the least rows of a leaf, so that it is not one entity that is learned by heart."""
    rows = len(groups)
    usual = LEAF_ENTITIES * rows // max(len(np.unique(groups)), 1)
    return max(LEAF, min(usual, rows // LEAST_LEAVES))


def centered_logit(chance: Float1D) -> Float1D:
    """Return scores of a fold that are comparable with those of others: the log odds less their median."""
    certain = np.clip(chance, 1e-12, 1.0 - 1e-12)
    odds = np.log(certain) - np.log1p(-certain)
    return np.asarray(odds - np.median(odds))


def weighted_auc(scores: Float1D, label: Bool1D, weight: Float2D) -> Float1D:
    """Return P(score of a positive > score of a negative) + half the ties, per row of weights.

    ``weight`` is float64[B, n]; the result float64[B]. NaN where a class has no weight.
    """
    _, rank = np.unique(scores, return_inverse=True)
    order = np.argsort(rank, kind="stable")
    last = np.flatnonzero(np.append(np.diff(rank[order]) > 0, True))
    positive = np.cumsum(np.where(label, weight, 0.0)[:, order], axis=1)[:, last]
    negative = np.cumsum(np.where(label, 0.0, weight)[:, order], axis=1)[:, last]
    gained = np.diff(positive, axis=1, prepend=0.0)
    below = np.concatenate([np.zeros((len(weight), 1)), negative[:, :-1]], axis=1)
    half = 0.5 * np.diff(negative, axis=1, prepend=0.0)
    with np.errstate(divide="ignore", invalid="ignore"):
        area = (gained * (below + half)).sum(axis=1) / (positive[:, -1] * negative[:, -1])
    return np.asarray(area)


def group_weights(groups: Array, draws: int, rng: np.random.Generator) -> Float2D:
    """Return bootstrap weights of rows when whole groups are drawn with replacement: float64[draws, n]."""
    names, codes = np.unique(groups, return_inverse=True)
    chosen = rng.integers(0, len(names), (draws, len(names)))
    counts = np.stack([np.bincount(row, minlength=len(names)) for row in chosen])
    return counts[:, codes].astype(np.float64)
