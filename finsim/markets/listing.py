"""Assets listed at different dates: one complete history out of each asset's own days and the common ones."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from finsim.markets.features import decode, encode
from finsim.markets.reading.panels import whole_volume
from finsim.markets.scale import Scale
from finsim.notation import Array, Float1D, Float2D
from finsim.records.paths import DIFFERENCE, RETURN, Paths

_LIFTED = ("return", "gap", "upper", "lower")


def complete(paths: Paths, whole: Paths | None, holdout: float = 0.0) -> Paths:
    """Return the history on the dates that all assets have, with the laws of each asset's own days.

    ``whole`` is the history on all dates, NaN where an asset has no bar (None: all assets have all dates).

    Every move of an asset with a longer history is replaced by the quantile of its own days that has the
    same rank among the common days: the marginal laws, hence volatility and tails, are those of all days
    of the asset, who moves with whom is that of the common days, and no past is invented. The last
    common closes stay. The laws are taken from the leading part alone when a share ``holdout`` is kept
    back. Complete paths are returned as they are. Source: own; the map is that of a copula,
    Sklar 1959.
    """
    if whole is None:
        return paths
    there = np.isfinite(whole.close[0])
    joint = paths
    features, encoding = encode(joint)
    moves = np.array(features)
    learned = len(moves) - round(len(moves) * holdout)
    until = joint.dates[learned]
    for a in range(len(whole.assets)):
        if int(there[:, a].sum()) == len(joint.dates):
            continue
        alone = cut(whole, there[:, a], a)
        own, own_encoding = encode(alone)
        own = own[alone.dates[1:] <= until]
        for f, field in enumerate(encoding.fields):
            at = a * len(encoding.fields) + f
            if field in _LIFTED:
                values = own[:, f]
                if field in ("upper", "lower"):
                    side = ("upper", "lower").index(field)
                    ratio = own_encoding.shadow_scale[0][side] / encoding.shadow_scale[a][side]
                    values = np.where(values > 0, values * np.cbrt(ratio), values)
                moves[:, at] = lifted(moves[:, at], learned, values)
    return _rebuilt(joint, moves)


def cut(paths: Paths, rows: Array, asset: int | None = None) -> Paths:
    """Return the dates of one path where ``rows`` (bool[T]) holds, of all assets or of one."""
    kept = slice(None) if asset is None else slice(asset, asset + 1)
    columns = {name: values[:, rows, kept] for name, values in paths.columns.items()}
    if "volume" in columns:
        columns["volume"] = whole_volume(columns["volume"])
    return replace(
        paths, assets=paths.assets[kept], dates=paths.dates[rows], columns=columns, kinds=paths.kinds[kept]
    )


def lifted(values: Float1D, learned: int, own: Float1D) -> Float1D:
    """Return float64[n] with the law of ``own``: each value becomes the quantile of its rank.

    Ranks are those among the first ``learned`` values; equal values share their mean rank, and values
    beyond the learned ones keep their distance.
    """
    known, counts = np.unique(values[:learned], return_counts=True)
    ranks = (np.cumsum(counts) - counts / 2) / learned
    levels = np.quantile(own, ranks)
    found = np.interp(values, known, levels)
    found += np.minimum(values - known[0], 0.0) + np.maximum(values - known[-1], 0.0)
    return np.asarray(found)


def _rebuilt(joint: Paths, features: Float2D) -> Paths:
    """Return the bars that features make, ending at the last closes of ``joint``."""
    _, encoding = encode(joint)
    scale = Scale(joint.where(DIFFERENCE), joint.where(RETURN))
    ended = decode(features[None], encoding.replay(), joint.dates[1:])
    gap = scale.line(joint.close[0, -1]) - scale.line(ended.close[0, -1])
    gap[list(joint.where(RETURN))] = 0.0
    columns: dict[str, Array] = {}
    for name, later in ended.columns.items():
        whole = np.concatenate([joint.columns[name][:, :1], later], axis=1)
        columns[name] = whole if name == "volume" else scale.moved(whole, np.broadcast_to(gap, whole.shape))
    return replace(joint, columns=columns)
