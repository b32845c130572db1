"""The automatic block length of the stationary bootstrap."""

from __future__ import annotations

import numpy as np

from finsim.notation import Float1D


def stationary_block_length(series: Float1D) -> float:
    """Return the mean block length that is best for the variance of the mean of float64[T].

    b = (G^2 T / S^2)^(1/3), with S the flat-top estimate of the long-run variance and
    G = sum |k| R(k); for an AR(1) with coefficient a this tends to (2a / (1 - a^2))^(2/3) T^(1/3).
    At least 1, at most min(3 sqrt(T), T / 3). A constant or very short series gives 1.
    Source: Politis & White 2004, with the correction of Patton, Politis & White 2009; the bandwidth
    is twice the first lag of the first run of small autocorrelations, as in Patton's own program.
    """
    size = len(series)
    centred = series - series.mean()
    variance = float(centred @ centred) / size
    if size < 9 or variance <= 1e-300:
        return 1.0
    window = max(5, int(np.log10(size)))
    furthest = min(size - 1, int(np.ceil(np.sqrt(size))) + window)
    covariance = np.array([centred[: size - k] @ centred[k:] for k in range(furthest + 1)]) / size
    lags = np.arange(furthest + 1)
    bandwidth = min(2 * max(_first_small_lag(covariance / variance, size, window), 1), furthest)
    taper = np.clip(2.0 * (1.0 - lags / bandwidth), 0.0, 1.0)
    long_run = covariance[0] + 2.0 * float(taper[1:] @ covariance[1:])
    weighted = 2.0 * float((taper * lags) @ covariance)
    longest = float(np.ceil(min(3.0 * np.sqrt(size), size / 3.0)))
    if long_run == 0.0:
        return longest
    return float(np.clip((weighted**2 / long_run**2 * size) ** (1.0 / 3.0), 1.0, longest))


def _first_small_lag(correlation: Float1D, size: int, window: int) -> int:
    """Return the first lag of ``window`` correlations in a row inside 2 sqrt(log10(T) / T)."""
    small = np.abs(correlation[1:]) < 2.0 * np.sqrt(np.log10(size) / size)
    for lag in range(len(small) - window + 1):
        if small[lag : lag + window].all():
            return lag + 1
    large = np.flatnonzero(~small)
    return int(large[-1]) + 1 if len(large) else 1
