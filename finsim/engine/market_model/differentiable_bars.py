"""Market features to columns of bars with gradients, for rules in training."""

from __future__ import annotations

from typing import Any

import numpy as np

from finsim.constraints.training.margin_frame import Cells, Space
from finsim.markets.encoding import QUOTED, Encoding
from finsim.markets.features import LEVEL_LIMIT, MOVE_LIMIT, SPREADS, VOLUME_LIMIT

_BARS = {
    "close": ("close",),
    "ohlc": ("open", "high", "low", "close"),
    "ohlcv": ("open", "high", "low", "close", "volume"),
}
MADE = {**_BARS, **{f"{kind}{QUOTED}": (*made, "bid", "ask") for kind, made in _BARS.items()}}
"""Kind of encoding -> the columns that ``soft_bars`` makes, beside ``path`` and ``asset``."""


def soft_bars(space: Space, features: Any, encoding: Encoding) -> dict[str, Cells]:
    """Return the bars of features float[B, T, C] as columns of B * A * T cells: path, then asset, then time.

    As ``decode``, but volumes are not rounded. Every window begins at the encoding's last closes and at
    the start of its volume trend, as a sampled path does; it has no dates, and so no weekdays of volume.
    """
    xp = space.xp
    windows, steps = features.shape[0], features.shape[1]
    assets, fields = len(encoding.assets), len(encoding.fields)
    part = features.reshape(windows, steps, assets, fields)
    start = space.lift(np.log(np.array(encoding.last_close)))
    move = xp.clip(part[..., 0], -MOVE_LIMIT, MOVE_LIMIT)
    level = xp.clip(start + xp.cumsum(move, 1), -LEVEL_LIMIT, LEVEL_LIMIT)
    made = {"close": xp.exp(level)}
    if "gap" in encoding.fields:
        before = xp.concatenate([xp.zeros_like(level[:, :1]) + start, level[:, :-1]], 1)
        gap = xp.clip(part[..., 1], -MOVE_LIMIT, MOVE_LIMIT)
        made["open"] = xp.exp(xp.clip(before + gap, -LEVEL_LIMIT, LEVEL_LIMIT))
        upper, lower = (_shadow(space, part[..., 2 + i], encoding, i) for i in (0, 1))
        made["high"] = xp.maximum(made["open"], made["close"]) * xp.exp(upper)
        made["low"] = xp.minimum(made["open"], made["close"]) * xp.exp(-lower)
    if "volume" in encoding.fields:
        trend = space.lift(encoding.volume_trend(steps))
        volume = part[..., encoding.fields.index("volume")]
        made["volume"] = xp.expm1(xp.clip(volume + trend, 0.0, VOLUME_LIMIT))
    if "spread" in encoding.fields:
        half = xp.exp(xp.clip(part[..., encoding.fields.index("spread")], *SPREADS)) / 2
        made |= {"bid": made["close"] * xp.exp(-half), "ask": made["close"] * xp.exp(half)}
    return {name: Cells(xp.swapaxes(values, 1, 2).reshape(-1)) for name, values in made.items()}


def _shadow(space: Space, root: Any, encoding: Encoding, side: int) -> Any:
    scale = np.array(encoding.shadow_scale)[:, side]
    kept = space.xp.minimum(space.xp.clip(root, 0.0, None), space.lift(np.cbrt(MOVE_LIMIT / scale)))
    return space.lift(scale) * kept * kept * kept
