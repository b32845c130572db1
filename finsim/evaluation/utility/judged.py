"""Bars -> the scaled windows that the TimeGAN judges see."""

from __future__ import annotations

import numpy as np

from finsim.evaluation.case import PathCase
from finsim.notation import Float2D, Float3D
from finsim.records.paths import Paths

LENGTH = 24
PRICES = ("open", "high", "low", "close")


def relative_windows(paths: Paths, most: int, rng: np.random.Generator) -> Float3D:
    """Return at most ``most`` windows of 24 bars: [n, 24, C], channels in the order asset, field.

    Prices are divided by the close before the window and volume by the mean volume of the window,
    so that a window carries no level; the last channel is the volume of the last asset, where known.
    """
    starts = np.arange(1, len(paths.dates) - LENGTH + 1)
    total = paths.count * len(starts)
    chosen = np.sort(rng.choice(total, min(most, total), replace=False))
    path, start = chosen // len(starts), starts[chosen % len(starts)]
    rows = start[:, None] + np.arange(LENGTH)
    channels = []
    for asset in range(len(paths.assets)):
        base = paths.close[path, start - 1, asset][:, None]
        channels += [
            paths.columns[name][path[:, None], rows, asset] / base for name in PRICES if name in paths.columns
        ]
        if "volume" in paths.columns:
            volume = paths.columns["volume"][path[:, None], rows, asset].astype(np.float64)
            channels.append(volume / np.maximum(volume.mean(axis=1, keepdims=True), 1.0))
    return np.stack(channels, axis=2)


def scaled(values: Float3D, low: Float2D, high: Float2D) -> Float3D:
    """Return values on the 0..1 scale of the real windows (TimeGAN's MinMax, 1e-7 added to the range)."""
    return np.asarray((values - low) / (high - low + 1e-7))


def judged_windows(case: PathCase) -> tuple[Float3D, Float3D, Float3D]:
    """Return real windows, held-out or second-half real windows and synthetic windows, all scaled alike.

    As many synthetic as real windows (Yoon et al. 2019). Without a hold-out the real windows
    are drawn twice.
    """
    most = case.settings.judge_windows
    streams = case.streams.under("judge")
    real = relative_windows(case.real.paths, most, streams.at("real"))
    spare_paths = case.real.paths if case.holdout is None else case.holdout.paths
    spare = relative_windows(spare_paths, len(real), streams.at("spare"))
    own = relative_windows(case.everything, len(real), streams.at("synthetic"))
    low, high = real.min(axis=(0, 1)), real.max(axis=(0, 1))
    return scaled(real, low, high), scaled(spare, low, high), scaled(own, low, high)


def interval(values: list[float]) -> tuple[float | None, float | None]:
    """Return the 95 % t-interval of the mean over refits, or nothing for a single refit."""
    if len(values) < 2:
        return None, None
    from scipy.stats import t

    half = float(t.ppf(0.975, len(values) - 1)) * float(np.std(values, ddof=1)) / len(values) ** 0.5
    return float(np.mean(values)) - half, float(np.mean(values)) + half
