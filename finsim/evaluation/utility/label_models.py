"""Models trained on one side and ranked on real test rows, with draws over the same test entities."""

from __future__ import annotations

import numpy as np

from finsim.evaluation.learner import fitted_scores, weighted_auc
from finsim.evaluation.utility.label_rows import LabelRows
from finsim.notation import Bool1D, Float1D, Float2D
from finsim.randomness import Streams

AT_ONCE = 25
REFITS = 4


def drawn_weights(rows: LabelRows, draws: int, rng: np.random.Generator) -> Float2D:
    """Return row weights that all models are ranked on, so that their differences are paired.

    float64[1 + B, n]: a row of ones, then resamples of whole entities.
    """
    names, codes = np.unique(rows.group, return_inverse=True)
    counts = rng.multinomial(len(names), np.full(len(names), 1.0 / len(names)), draws)
    return np.concatenate([np.ones((1, len(codes))), counts[:, codes]]).astype(np.float64)


def learned(train: LabelRows, test: LabelRows, seed: int) -> Float1D:
    """Return P(label) of the test rows by boosted trees; all equal where there is one label to learn from."""
    if len(np.unique(train.label)) < 2:
        return np.full(len(test.label), 0.5)
    return fitted_scores(train.features, train.label, test.features, seed)


def areas(chances: Float1D, label: Bool1D, weights: Float2D) -> Float1D:
    """Return the AUC of each row of weights: float64[1 + B]."""
    parts = range(0, len(weights), AT_ONCE)
    return np.concatenate([weighted_auc(chances, label, weights[k : k + AT_ONCE]) for k in parts])


def precisions(chances: Float1D, label: Bool1D, weights: Float2D) -> Float1D:
    """Return the average precision of each row of weights, equal scores taken together: float64[1 + B]."""
    order = np.argsort(-chances, kind="stable")
    last = np.flatnonzero(np.append(np.diff(chances[order]) != 0, True))
    found = []
    for start in range(0, len(weights), AT_ONCE):
        weight = weights[start : start + AT_ONCE, order]
        hits = np.cumsum(np.where(label[order], weight, 0.0), axis=1)[:, last]
        total = np.cumsum(weight, axis=1)[:, last]
        gained = np.diff(hits, axis=1, prepend=0.0)
        with np.errstate(divide="ignore", invalid="ignore"):
            share = np.where(total > 0, hits / total, 0.0)
            found.append((gained * share).sum(axis=1) / hits[:, -1])
    return np.concatenate(found)


def joined(left: LabelRows, right: LabelRows) -> LabelRows:
    """Return the rows of both; groups of ``right`` are other groups."""
    shift = int(left.group.max(initial=0)) + 1
    return LabelRows(
        np.concatenate([left.features, right.features]),
        np.concatenate([left.label, right.label]),
        np.concatenate([left.group, right.group + shift]),
    )


def share_of(rows: LabelRows, share: float, rng: np.random.Generator) -> LabelRows:
    """Return a random share of the groups."""
    names = np.unique(rows.group)
    return rows.only(np.isin(rows.group, rng.permutation(names)[: round(share * len(names))]))


def resampled(rows: LabelRows, rng: np.random.Generator) -> LabelRows:
    """Return groups drawn with replacement: real rows in the role of synthetic ones."""
    names, codes = np.unique(rows.group, return_inverse=True)
    drawn = np.bincount(rng.integers(0, len(names), len(names)), minlength=len(names))
    return rows.only(np.repeat(np.arange(len(codes)), drawn[codes]))


def shuffled(rows: LabelRows, rng: np.random.Generator) -> LabelRows:
    """Return the rows with labels dealt anew: what a useless twin is."""
    return LabelRows(rows.features, rng.permutation(rows.label), rows.group)


def twin_models(
    train: LabelRows, test: LabelRows, streams: Streams, name: str, refits: int = REFITS
) -> list[Float1D]:
    """Return the scores of models trained on resamples of the real training rows."""
    return [
        learned(
            resampled(train, streams.at("utility", name, "twin", k)),
            test,
            streams.word("utility", name, "twin", k),
        )
        for k in range(refits)
    ]


def null_figures(real: Float1D, twins: list[Float1D]) -> Float1D:
    """Return what a twin of the real rows reaches, float64[B]: paired noise of the test, and of training.

    ``real`` and each twin are figures float64[1 + B] of the models; a twin's mean loss is that of its
    repeated rows, so only half of it is granted.
    """
    lost = [twin - real for twin in twins]
    spread = np.concatenate([one[1:] - one[0] for one in lost])
    centers = np.array([one[0] for one in lost])
    middle = min(float(centers.mean()), 0.0) / 2.0
    training = np.resize(centers - centers.mean(), len(spread)) * np.sqrt(2.0)
    return np.asarray(real[0] + middle + spread + training)


def told(figures: Float1D) -> str:
    """Return a figure with its interval, of float64[1 + B], in words."""
    low, high = np.quantile(figures[1:], [0.025, 0.975])
    return f"{figures[0]:.3f} [{low:.3f}, {high:.3f}]"
