"""Scaled windows of bars for the TimeGAN scores."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from finsim.evaluation.case import PathCase
from finsim.evaluation.columns import between
from finsim.evaluation.metric import PASS, WARN, above, verdict_below
from finsim.extras import Later
from finsim.notation import Float2D, Float3D
from finsim.records.paths import Paths

stats = Later("scipy.stats", "evaluate")

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


@dataclass(frozen=True)
class Judged:
    """Scaled windows [n, 24, C]: real, synthetic, and two sets of real ones for the floor."""

    real: Float3D
    own: Float3D
    floor: tuple[Float3D, Float3D]


def judged_windows(case: PathCase) -> Judged:
    """Draw the windows; as many synthetic as real ones (Yoon et al. 2019).

    The floor pair is two draws of real windows. Beside a single synthetic path, which is one era, it is
    the training part and the hold-out, or the two halves of the real series.
    """
    most = case.settings.judge_windows
    streams = case.streams.under("judge")
    bars = case.real.paths
    real = relative_windows(bars, most, streams.at("real"))
    own = relative_windows(case.everything, len(real), streams.at("synthetic"))
    low, high = real.min(axis=(0, 1)), real.max(axis=(0, 1))
    if case.synthetic.many or case.real.many:
        left, right = real, relative_windows(bars, len(real), streams.at("spare"))
    elif case.holdout is not None:
        left, right = real, relative_windows(case.holdout.paths, len(real), streams.at("spare"))
    else:
        middle = len(bars.dates) // 2
        left = relative_windows(between(bars, 0, middle), len(real), streams.at("first"))
        right = relative_windows(between(bars, middle, len(bars.dates)), len(real), streams.at("second"))
    pair = (scaled(left, low, high), scaled(right, low, high))
    return Judged(scaled(real, low, high), scaled(own, low, high), pair)


def interval(values: list[float]) -> tuple[float | None, float | None]:
    """Return the 95 % t-interval of the mean over refits, or nothing for a single refit."""
    if len(values) < 2:
        return None, None
    half = float(stats.t.ppf(0.975, len(values) - 1)) * float(np.std(values, ddof=1)) / len(values) ** 0.5
    return max(float(np.mean(values)) - half, 0.0), float(np.mean(values)) + half


def judged_verdict(case: PathCase, value: float, low: float | None, goal: float) -> tuple[str, str]:
    """Return verdict and reason; a single synthetic path, or a single refit, warns at most."""
    if value <= goal:
        return PASS, ""
    if not case.synthetic.many:
        return WARN, f"{above(value, goal)}; one path may be another era"
    if low is None:
        return WARN, f"{above(value, goal)}; one refit has no interval, use more"
    return verdict_below(value, low, goal)
