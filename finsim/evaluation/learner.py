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


def fitted(train: Float2D, label: Bool1D, seed: int, iterations: int = 100) -> Any:
    """Fit histogram gradient boosting to rows float64[n, C] with NaN where missing.

    Rows are not weighted: only the order of the scores is used, and weights cost scikit-learn's binning
    a hundred times its run time. One thread: the scores must not depend on the machine.
    """
    model = ensemble.HistGradientBoostingClassifier(
        max_iter=iterations,
        learning_rate=0.1,
        max_leaf_nodes=15,
        min_samples_leaf=20,
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
