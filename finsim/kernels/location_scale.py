"""The location-scale recursion: innovations in, a series out, with its moving averages carried along."""

from __future__ import annotations

import numpy as np

from finsim.kernels.kernel import kernel
from finsim.notation import Float2D, Float3D

FLOOR = 0.1
"""Added to a mean square before its logarithm (assumption: series of variance about 1)."""


@kernel
def roll(
    innovations: Float3D,
    averages: Float2D,
    features: Float2D,
    loadings: Float3D,
    bounds: Float3D,
    values: Float3D,
) -> None:
    """Fill ``values`` float64[N, T, C] with location + scale * innovation, step by step.

    averages : float64[N, F], F = H * 2C, (value, square) averages of H horizons, updated in place.
    features : float64[5, F], rows weight of the newest step, centre, spread, low, high.
    loadings : float64[2, 1 + F, C], of the location and of the log scale, intercept first.
    bounds : float64[2, 2, C], lowest and highest location and log scale.
    """
    paths, steps, channels = innovations.shape
    horizons = averages.shape[1] // (2 * channels)
    # Location and log scale side by side: one run through memory for both.
    sums, weights = np.empty(2 * channels), np.empty((1 + averages.shape[1], 2 * channels))
    weights[:, :channels] = loadings[0]
    weights[:, channels:] = loadings[1]
    for path in range(paths):
        for step in range(steps):
            for c in range(2 * channels):
                sums[c] = weights[0, c]
            f = 0
            for _ in range(horizons):
                for kind in range(2):
                    for _ in range(channels):
                        raw = averages[path, f]
                        if kind == 1:
                            raw = np.log(max(raw, 0.0) + FLOOR)
                        seen = (raw - features[1, f]) / features[2, f]
                        seen = min(max(seen, features[3, f]), features[4, f])
                        f += 1
                        row = weights[f]
                        for c in range(2 * channels):
                            sums[c] += seen * row[c]
            for c in range(channels):
                middle = min(max(sums[c], bounds[0, 0, c]), bounds[0, 1, c])
                scale = np.exp(min(max(sums[channels + c], bounds[1, 0, c]), bounds[1, 1, c]))
                values[path, step, c] = middle + scale * innovations[path, step, c]
            f = 0
            for _ in range(horizons):
                for kind in range(2):
                    for c in range(channels):
                        value = values[path, step, c]
                        newest = value * value if kind == 1 else value
                        averages[path, f] += features[0, f] * (newest - averages[path, f])
                        f += 1
