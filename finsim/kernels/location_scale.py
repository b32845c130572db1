"""The location-scale recursion: innovations in, a series out, with its moving averages carried along."""

from __future__ import annotations

import numpy as np

from finsim.kernels.kernel import kernel
from finsim.notation import Float2D, Float3D

FLOOR = 0.1
"""Added to a mean square before its logarithm (assumption: series of variance about 1)."""

LOG_SCALE_LIMIT = 3.0
"""Largest |log scale|: beyond it a regression has left its data."""


@kernel
def roll(
    innovations: Float3D, averages: Float2D, features: Float2D, loadings: Float3D, values: Float3D
) -> None:
    """Fill ``values`` float64[N, T, C] with location + scale * innovation, step by step.

    averages : float64[N, F], F = H * 2C, (value, square) averages of H horizons, updated in place.
    features : float64[5, F], rows weight of the newest step, centre, spread, low, high.
    loadings : float64[2, 1 + F, C], of the location and of the log scale, intercept first.
    """
    paths, steps, channels = innovations.shape
    width = averages.shape[1]
    seen = np.empty(width)
    for path in range(paths):
        for step in range(steps):
            for f in range(width):
                raw = averages[path, f]
                if f % (2 * channels) >= channels:
                    raw = np.log(max(raw, 0.0) + FLOOR)
                raw = (raw - features[1, f]) / features[2, f]
                seen[f] = min(max(raw, features[3, f]), features[4, f])
            for c in range(channels):
                location = loadings[0, 0, c]
                log_scale = loadings[1, 0, c]
                for f in range(width):
                    location += seen[f] * loadings[0, f + 1, c]
                    log_scale += seen[f] * loadings[1, f + 1, c]
                scale = np.exp(min(max(log_scale, -LOG_SCALE_LIMIT), LOG_SCALE_LIMIT))
                values[path, step, c] = location + scale * innovations[path, step, c]
            for f in range(width):
                value = values[path, step, f % channels]
                newest = value if f % (2 * channels) < channels else value * value
                averages[path, f] += features[0, f] * (newest - averages[path, f])
