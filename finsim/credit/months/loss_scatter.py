"""What one default loses: a Beta around the model's mean, so that expected losses stay what they are."""

from __future__ import annotations

import numpy as np

from finsim.extras import Later
from finsim.notation import Float1D

special = Later("scipy.special", "credit")

WIDEST = 0.95  # share of the largest possible variance m (1 - m): beyond it a Beta is two points


def realised_loss_rates(mean: Float1D, uniform: Float1D, deviation: float) -> Float1D:
    """Return realised losses given default: float64 of the shape of ``mean``, in [0, 1], with that mean.

    A Beta with s.d. ``deviation``, less where the mean leaves no room for it: many losses near 0 or 1 and few
    between, as workout losses are. A uniform keeps its rank under every mean. A deviation of 0, and a
    mean of 0 or 1, give the mean itself. Source: Beta law of recoveries, CreditMetrics 1997, ch. 7.
    """
    room = mean * (1.0 - mean)
    variance = np.minimum(deviation**2, WIDEST * room)
    scattered = (variance > 1e-12) & (room > 1e-12)
    size = np.where(scattered, room / np.where(scattered, variance, 1.0) - 1.0, 1.0)
    safe = np.where(scattered, mean, 0.5)
    drawn = special.betaincinv(safe * size, (1.0 - safe) * size, uniform)
    found: Float1D = np.where(scattered, np.clip(drawn, 0.0, 1.0), mean)
    return found
