"""Levels and returns as prices that move alike, so that every path metric judges every kind of series."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from finsim.notation import Array
from finsim.records.paths import DIFFERENCE, PRICE, RETURN, Paths

_USUAL_MOVE = 0.01
_FARTHEST = 300.0


def priced(paths: Paths, reference: Paths) -> Paths:
    """Return paths whose series are all prices: log returns are the moves of the series, up to a factor.

    A level becomes exp(c x) with c such that the reference's moves have a s.d. of 1 %, the same on both
    sides of a comparison; a return becomes the growth of 1. What a series is says the reference, by the
    name of the asset or else by its position.
    """
    kinds = _kinds(paths, reference)
    if set(kinds) <= {PRICE}:
        return replace(paths, kinds=()) if paths.kinds else paths
    columns: dict[str, Array] = {name: np.array(values, float) for name, values in paths.columns.items()}
    moves = reference.returns()
    for a, kind in enumerate(kinds):
        if kind == RETURN:
            growth = np.log1p(paths.close[..., a])
            growth[:, 0] = 0.0
            columns["close"][..., a] = np.exp(np.clip(np.cumsum(growth, axis=1), -_FARTHEST, _FARTHEST))
        elif kind == DIFFERENCE:
            known = reference.assets.index(paths.assets[a]) if paths.assets[a] in reference.assets else a
            size = float(moves[..., known].std())
            factor = _USUAL_MOVE / size if size > 0 else 1.0
            for name in set(columns) - {"volume"}:
                line = factor * (paths.columns[name][..., a] - paths.close[:, :1, a])
                columns[name][..., a] = np.exp(np.clip(line, -_FARTHEST, _FARTHEST))
    return replace(paths, columns=columns, kinds=())


def _kinds(paths: Paths, reference: Paths) -> tuple[str, ...]:
    stated = dict(zip(reference.assets, reference.kinds or (PRICE,) * len(reference.assets), strict=True))
    own = paths.kinds or (PRICE,) * len(paths.assets)
    if len(reference.assets) == len(paths.assets) and not set(reference.assets) & set(paths.assets):
        return reference.kinds or own
    return tuple(stated.get(asset, kind) for asset, kind in zip(paths.assets, own, strict=True))
