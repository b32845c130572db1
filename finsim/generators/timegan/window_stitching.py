"""Join independent windows into long paths: the next window is the candidate that fits best."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from finsim.notation import Array, Float3D, Int1D


def stitch(make: Callable[[], Array], steps: int, past: Float3D | None, overlap: int) -> Float3D:
    """Return float64[B, steps, C] from windows, each chosen among several.

    make : gives fresh candidates float64[B, M, T, C], T > overlap. past : float64[B, H, C] to go on
    from, or None: then the first candidate of each path starts it. The first ``overlap`` steps of a
    chosen window are the match for the last steps made and are dropped.
    Source: own; block matching as in image quilting (Efros & Freeman 2001).
    """
    pieces: list[Float3D] = []
    tail: Float3D
    made = 0
    if past is None or past.shape[1] == 0:
        first = make()[:, 0]
        pieces.append(first)
        made, tail = first.shape[1], first
    else:
        tail = past
    while made < steps:
        seam = min(overlap, tail.shape[1])
        candidates = make()
        chosen = nearest(candidates[:, :, :seam], tail[:, tail.shape[1] - seam :])
        fresh = candidates[np.arange(len(candidates)), chosen, seam:]
        pieces.append(fresh)
        made += fresh.shape[1]
        tail = fresh if fresh.shape[1] >= overlap else np.concatenate([tail, fresh], axis=1)
    return np.concatenate(pieces, axis=1)[:, :steps]


def nearest(starts: Array, tail: Float3D) -> Int1D:
    """Return int64[B]: which candidate start [B, M, overlap, C] is nearest to the tail [B, overlap, C]."""
    gaps = np.square(starts - tail[:, None]).sum(axis=(2, 3))
    return np.asarray(gaps.argmin(axis=1), dtype=np.int64)
