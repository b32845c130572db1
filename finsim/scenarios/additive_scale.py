"""The additive scale of each kind of quantity: where severity multiplies and overlays add.

| kind | coordinate of x | neutral x |
|---|---|---|
| delta (percentage points) | x | 0 |
| cum_return (percent) | log(1 + x/100) | 0 |
| mult | log(x) | 1 |
| blend (towards one, in [0, 1)) | -log(1 - x) | 0 |

All laws of the algebra (identity, s then t, commuting and associating overlays) are those of a vector
space and hold in every chart. Source: own, see docs/adr/0006-scenario-algebra.md.
"""

from __future__ import annotations

import math
from typing import Literal

import numpy as np

from finsim.errors import ScenarioError
from finsim.notation import Float1D

Kind = Literal["delta", "cum_return", "mult", "blend"]

NEUTRAL: dict[Kind, float] = {"delta": 0.0, "cum_return": 0.0, "mult": 1.0, "blend": 0.0}


LARGEST = 1e9
"""No variable in its unit, no move and no multiplier is larger: what is, is a slip, and would overflow."""
# The range of each kind, in the words of JSON Schema.
LIMITS: dict[Kind, dict[str, float]] = {
    "delta": {"minimum": -LARGEST, "maximum": LARGEST},
    "cum_return": {"exclusiveMinimum": -100.0, "maximum": LARGEST},
    "mult": {"exclusiveMinimum": 0.0, "maximum": LARGEST},
    "blend": {"minimum": 0.0, "exclusiveMaximum": 1.0},
}


def to_chart(kind: Kind, x: Float1D) -> Float1D:
    """Return the chart coordinates of values: float64 of the same shape."""
    if kind == "cum_return":
        return np.log1p(x / 100.0)
    if kind == "mult":
        return np.log(x)
    if kind == "blend":
        return -np.log1p(-x)
    return x


def from_chart(kind: Kind, y: Float1D) -> Float1D:
    """Return the values at chart coordinates: float64 of the same shape."""
    if kind == "cum_return":
        return 100.0 * np.expm1(y)
    if kind == "mult":
        return np.exp(y)
    if kind == "blend":
        return -np.expm1(-y)
    return y


def scale(kind: Kind, x: float, severity: float) -> float:
    """Return ``x`` at a severity; 1 returns ``x`` itself, 0 the neutral value.

    Raises ScenarioError when the result leaves the range of the kind (a price at zero, a correlation
    of one, an overflow), which only an extreme severity can do.
    """
    if severity == 1.0:
        return x
    if severity == 0.0:
        return NEUTRAL[kind]
    if kind == "delta":
        found = severity * x
    elif kind == "cum_return":
        found = 100.0 * _expm1(severity * math.log1p(x / 100.0))
    elif kind == "mult":
        found = x**severity if severity * math.log(x) < 700.0 else math.inf
    else:
        found = -_expm1(severity * math.log1p(-x))
    if not admissible(kind, found):
        raise ScenarioError(
            f"severity {severity:g} turns {x:g} into {found:g}",
            expected="a price above zero, a multiplier above zero, a correlation blend below one, "
            f"and nothing beyond {LARGEST:,.0f}",
            remedy="use a smaller severity",
        )
    return found


def admissible(kind: Kind, x: float) -> bool:
    """Tell whether ``x`` is a finite value inside the range of its kind."""
    limits = LIMITS[kind]
    low, above = limits.get("minimum", -math.inf), limits.get("exclusiveMinimum", -math.inf)
    high, below = limits.get("maximum", math.inf), limits.get("exclusiveMaximum", math.inf)
    return math.isfinite(x) and low <= x <= high and above < x < below


def _expm1(y: float) -> float:
    return math.expm1(y) if y < 700.0 else math.inf
