"""A discriminator of windows in closed form, and what it and their spread say of a generator."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import torch
from torch import Tensor

from finsim.generators.training.device import one_thread
from finsim.notation import Array, Float1D, Float2D

COLLAPSED = {"spread": 0.5, "dimensions": 0.25}
"""assumption: less than half of the spread, or a quarter of the dimensions, of real windows is a collapse."""
GAIN = 0.1
"""By so much AUC a trained model must be harder to tell than noise in its own scale."""
LEARNED, JUDGED = 768, 256
"""Windows that a discriminator learns from, and at most so many that it then tells."""
# Components that are looked at; a ridge for each feature, in windows.
_MOST, _RIDGE = 24, 8.0
_LAGS = (1, 5)


def window_features(windows: Tensor) -> Float2D:
    """Return float64[N, F] of windows [N, T, K]: how levels and sizes of components go together.

    Means of components and of their distances from .5, products of both with themselves 1 and 5 steps later,
    and products of every pair of components, and of every pair of distances, in one step.
    """
    place = windows[..., :_MOST].detach().cpu().numpy().astype(np.float64) - 0.5
    size = np.abs(place) - np.abs(place).mean(axis=(0, 1))
    found = [place.mean(axis=1), size.mean(axis=1)]
    for lag in _LAGS:
        if lag < place.shape[1]:
            found += [(part[:, lag:] * part[:, :-lag]).mean(axis=1) for part in (place, size)]
    rows, columns = np.triu_indices(place.shape[2])
    for part in (place, size):
        products = np.einsum("nti,ntj->nij", part, part) / part.shape[1]
        found.append(products[:, rows, columns])
    return np.concatenate(found, axis=1)


def auc_of_windows(learned: Tensor, judged: Tensor, made: Tensor, known: int) -> float:
    """Return by how much AUC made windows are told from real ones it has not seen: .5 is not at all.

    A linear discriminant of ``window_features`` learns from real windows ``learned`` and the first ``known``
    of the ``made`` ones, and tells ``judged`` ones from the others. What it gets the wrong way round counts
    as told. Source: Fisher 1936, with a ridge.
    """
    marks = window_features(torch.cat([learned, judged, made]))
    splits = np.cumsum([len(learned), len(judged), known])
    real, unseen, fake, fresh = np.split(marks, splits)
    both = np.concatenate([real, fake])
    centre, spread = both.mean(axis=0), both.std(axis=0)
    spread = np.where(spread > 1e-9, spread, np.inf)
    standard = (both - centre) / spread
    sides = np.repeat([1.0 / len(real), -1.0 / len(fake)], [len(real), len(fake)])
    gram = standard.T @ standard + _RIDGE * np.eye(standard.shape[1])
    weights = np.linalg.solve(gram, standard.T @ sides)
    found = _auc(((unseen - centre) / spread) @ weights, ((fresh - centre) / spread) @ weights)
    return max(found, 1.0 - found)


def diagnosed(
    real: Tensor, judged: Tensor, make: Callable[[int], Tensor], draw: np.random.Generator
) -> dict[str, Any]:
    """Return what is to be said of a generator that makes windows in the scale of ``real`` and ``judged``.

    ``make`` returns so many; ``draw`` makes noise, of which as much is judged. ``auc`` and ``noise_auc``: see
    ``auc_of_windows``; ``spread``: variance of made windows over that of real ones; ``dimensions``: in how
    many directions it goes, over that of real ones; ``collapsed``, ``beats_noise`` and ``remarks``.
    """
    with one_thread():
        made = make(LEARNED + JUDGED)
    learned, unseen = evenly(real, LEARNED), evenly(judged, JUDGED)
    noise = shuffled(real, len(made), draw)
    pairs = zip(_variety(made[: len(learned)]), _variety(learned), strict=True)
    spread, dimensions = (of_made / max(of_real, 1e-12) for of_made, of_real in pairs)
    auc, noise_auc = (auc_of_windows(learned, unseen, one, LEARNED) for one in (made, noise))
    found = {"auc": auc, "noise_auc": noise_auc, "spread": spread, "dimensions": dimensions}
    collapsed = spread < COLLAPSED["spread"] or dimensions < COLLAPSED["dimensions"]
    beats = noise_auc - auc >= GAIN
    said = _remarks(found, bool(collapsed), bool(beats))
    return {**found, "collapsed": bool(collapsed), "beats_noise": bool(beats), "remarks": said}


def _remarks(found: dict[str, float], collapsed: bool, beats: bool) -> list[str]:
    remarks = []
    if collapsed:
        remarks.append(
            f"the generator has collapsed: its windows have {found['spread']:.0%} of the variance and "
            f"{found['dimensions']:.0%} of the dimensions of real ones; train longer, with a lower "
            "learning_rate, or take another generator"
        )
    if not beats:
        remarks.append(
            "no better than noise in its own scale: a discriminator tells its windows with an AUC of "
            f"{found['auc']:.2f}, independent steps of the same laws with {found['noise_auc']:.2f}; for "
            "comparison only"
        )
    return remarks


def shuffled(windows: Tensor, count: int, draw: np.random.Generator) -> Tensor:
    """Return noise of the laws of windows [N, T, K]: every step and component is drawn for itself."""
    _, steps, size = windows.shape
    rows = torch.from_numpy(draw.integers(len(windows), size=(count, steps, size))).to(windows.device)
    return torch.gather(windows, 0, rows)


def evenly(windows: Tensor, most: int) -> Tensor:
    """Return at most so many windows, evenly spaced."""
    return windows[torch.linspace(0, len(windows) - 1, min(len(windows), most)).long()]


def _variety(windows: Tensor) -> tuple[float, float]:
    """Return the variance of windows [N, T, K] and in how many directions it goes, from 1 on."""
    rows = windows.flatten(1).double()
    rows = rows - rows.mean(dim=0)
    gram = rows @ rows.T
    total = float(gram.trace())
    return total / len(rows), total**2 / max(float(gram.square().sum()), 1e-300)


def _auc(real: Float1D, fake: Float1D) -> float:
    """Return how often a real score is above a made one; ties count half."""
    both: Array = np.concatenate([real, fake])
    _, places, counts = np.unique(both, return_inverse=True, return_counts=True)
    ranks = (np.cumsum(counts) - 0.5 * (counts - 1))[places]
    count = len(real)
    return float((ranks[:count].sum() - 0.5 * count * (count + 1)) / (count * len(fake)))
