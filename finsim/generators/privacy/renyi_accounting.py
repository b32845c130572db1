"""Renyi differential privacy of the subsampled Gaussian mechanism: the quick, loose accountant."""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache

import numpy as np

from finsim.extras import Later
from finsim.notation import Float1D

special = Later("scipy.special", "learn")

Events = Mapping[tuple[float, float], int]
"""(sampling rate, noise multiplier) -> how often the mechanism was used."""

ORDERS: Float1D = np.concatenate([np.arange(1.05, 11.0, 0.05), np.arange(11, 64), np.geomspace(64, 2048, 40)])
_REACH, _SHARE = 16.0, 16.0
# The integral is exact to about 1e-13; this covers it many times over.
_MARGIN = 1e-9


def renyi_divergence(rate: float, sigma: float, orders: Float1D = ORDERS) -> Float1D:
    """Return float64[orders]: the Renyi divergence of one use, for one entity more or less.

    The integral of Mironov, Talwar & Zhang 2019, equation 3, by the trapezoid rule, which converges
    exponentially here (Trefethen & Weideman 2014). rate : in [0, 1]; sigma : noise over sensitivity;
    0 gives infinity.
    """
    if rate == 0.0:
        return np.zeros(len(orders))
    if sigma == 0.0:
        return np.full(len(orders), np.inf)
    if rate == 1.0:
        return np.asarray(orders / (2.0 * sigma**2))
    step = min(sigma / _SHARE, sigma**2 / 4.0)
    return np.array([_divergence(rate, sigma, float(order), step) for order in orders])


def _divergence(rate: float, sigma: float, order: float, step: float) -> float:
    # The integrand is near N(0, sigma) where the ratio is 1 - rate and near N(order, sigma) where it grows.
    points = np.arange(-_REACH * sigma, order + _REACH * sigma + step, step)
    logs = np.logaddexp(np.log1p(-rate), np.log(rate) + (2.0 * points - 1.0) / (2.0 * sigma**2))
    density = -0.5 * (points / sigma) ** 2 - np.log(sigma * np.sqrt(2.0 * np.pi))
    moment = float(special.logsumexp(order * logs + density)) + np.log(step)
    return max(0.0, float(moment)) * (1.0 + _MARGIN) / (order - 1.0)


@lru_cache(maxsize=1024)
def _divergences(rate: float, sigma: float) -> Float1D:
    """Return the divergences at all ``ORDERS``: a plan, its claim and its checks ask for the same ones."""
    found = renyi_divergence(rate, sigma)
    found.setflags(write=False)
    return found


def renyi_epsilon(events: Events, delta: float) -> float:
    """Return an epsilon at ``delta`` that all events together keep; infinity where none is known.

    Conversion: Canonne, Kamath & Steinke 2020, proposition 12.
    """
    total = np.zeros(len(ORDERS))
    for (rate, sigma), count in events.items():
        if count:
            total = total + count * _divergences(rate, sigma)
    found = total + np.log1p(-1.0 / ORDERS) - np.log(delta * ORDERS) / (ORDERS - 1.0)
    return 0.0 if not total.any() else max(0.0, float(found.min()))
