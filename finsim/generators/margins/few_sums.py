"""The step of sums that are few and all multiples of one: what cash machines pay out."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from finsim.generators.margins.grains import MOST_GRAINED
from finsim.generators.margins.number_margin import NumberMargin
from finsim.notation import Float1D

LEAST_VALUES, SURE = 5, 13.8
"""Different sums that a step rests on, and nats by which they are no multiples of it by chance (assumptions:
once in a million, were sums anywhere on their grid)."""


def with_grain(margin: NumberMargin, sums: Float1D) -> NumberMargin:
    """Return the law of sums float64[N] with the greatest whole step that divides all, where that is sure."""
    different = np.unique(np.abs(sums))
    if margin.grain or len(different) < LEAST_VALUES or different[-1] > MOST_GRAINED:
        return margin
    if (different != np.round(different)).any():
        return margin
    step = float(np.gcd.reduce(different.astype(np.int64)))
    finer = step / (margin.step if margin.step > 0 else 1.0)
    is_sure = step > max(margin.step, 1.0) and len(different) * np.log(max(finer, 1.0)) >= SURE
    return replace(margin, grain=step) if is_sure else margin
