"""The usual size of returns before each day, from the past alone."""

from __future__ import annotations

import numpy as np

from finsim.extras import Later
from finsim.notation import Float2D

signal = Later("scipy.signal", "evaluate")

DECAY, START = 0.94, 21


def past_size(values: Float2D) -> Float2D:
    """Return the exponentially weighted mean of |r| before each day: [n, T] -> [n, T].

    Decay 0.94 a day; it starts at the mean of the first 21 days.
    """
    size = np.abs(values)
    first = size[:, :START].mean(axis=1, keepdims=True)
    smooth, _ = signal.lfilter([1.0 - DECAY], [1.0, -DECAY], size, axis=1, zi=DECAY * first)
    return np.asarray(np.concatenate([first, smooth[:, :-1]], axis=1))
