"""Places of the normal law and back, and the logarithm of gamma: element by element.

Twins: ``tests/naive/habits.py``.
"""

from __future__ import annotations

import math
from typing import Any

from finsim.kernels.kernel import kernel
from finsim.notation import Float1D

_LOW = 0.02425


@kernel
def score_of(place: Any) -> Any:
    """Return the normal quantile of a place in (0, 1).

    Source: Acklam 2003 (rational approximation) with one step of Halley's method.
    """
    if place < _LOW or place > 1.0 - _LOW:
        q = math.sqrt(-2.0 * math.log(min(place, 1.0 - place)))
        top = ((((-7.784894002430293e-03 * q - 3.223964580411365e-01) * q - 2.400758277161838) * q
                - 2.549732539343734) * q + 4.374664141464968) * q + 2.938163982698783  # fmt: skip
        bottom = (((7.784695709041462e-03 * q + 3.224671290700398e-01) * q + 2.445134137142996) * q
                  + 3.754408661907416) * q + 1.0  # fmt: skip
        x = top / bottom if place < 0.5 else -top / bottom
    else:
        q = place - 0.5
        r = q * q
        top = ((((-3.969683028665376e01 * r + 2.209460984245205e02) * r - 2.759285104469687e02) * r
                + 1.383577518672690e02) * r - 3.066479806614716e01) * r + 2.506628277459239  # fmt: skip
        bottom = ((((-5.447609879822406e01 * r + 1.615858368580409e02) * r - 1.556989798598866e02) * r
                   + 6.680131188771972e01) * r - 1.328068155288572e01) * r + 1.0  # fmt: skip
        x = q * top / bottom
    wrong = 0.5 * math.erfc(-x / math.sqrt(2.0)) - place
    step = wrong * math.sqrt(2.0 * math.pi) * math.exp(x * x / 2.0)
    return x - step / (1.0 + x * step / 2.0)


@kernel
def to_scores(places: Float1D, scores: Float1D) -> None:
    """Write the normal quantile of each place in (0, 1): float64[n], written."""
    for k in range(len(places)):
        scores[k] = score_of(places[k])


@kernel
def to_places(scores: Float1D, places: Float1D) -> None:
    """Write the normal probability below each score: float64[n], written."""
    for k in range(len(scores)):
        places[k] = 0.5 * math.erfc(-scores[k] / math.sqrt(2.0))


@kernel
def log_gamma(values: Float1D, out: Float1D) -> None:
    """Write the logarithm of the gamma function of each positive value: float64[n], written."""
    for k in range(len(values)):
        out[k] = math.lgamma(values[k])
