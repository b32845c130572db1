"""Excitation of a flow from its arrivals: how many others each of them brings, and how soon."""

from __future__ import annotations

import numpy as np

from finsim.kernels.books.book_state import TYPES
from finsim.kernels.books.excitation_fit import causes
from finsim.notation import Float1D, Int1D

SWEEPS, MOST_OFFSPRING = 60, 0.9
"""Sweeps of the fit, and children of an arrival at most: with one each a flow has no end."""

Branching = tuple[tuple[float, float], tuple[float, float], tuple[float, float]]


def fitted_branching(times: Float1D, kinds: Int1D, decays: tuple[float, float, float]) -> Branching:
    """Return the children of an arrival (same kind, each of the kinds) on each scale, by likelihood.

    ``times`` float64[N] in mean times between arrivals, ``kinds`` int64[N] 0 to 5, ``decays`` rates. Kinds
    of children that are not the same follow the shares. Source: Veen and Schoenberg 2008.
    """
    count, rates = len(times), np.array(decays)
    share = np.bincount(kinds, minlength=TYPES) / count
    span = max(float(times[-1] - times[0]), 1e-12)
    base = 0.5 * share * count / span
    own, other = np.full(len(rates), 0.05), np.full(len(rates), 0.1 / TYPES)
    excited, found = np.empty((len(rates), TYPES + 1)), np.empty((1 + len(rates), TYPES))
    for _ in range(SWEEPS):
        offspring = np.hstack([own[:, None], TYPES * other[:, None] * share])
        causes(times, kinds, rates, base, offspring, excited, found)
        base = found[0] / span
        own, other = found[1:, 0] / count, found[1:, 1] / count / TYPES
    least = min(1.0, MOST_OFFSPRING / max(float((own + TYPES * other).sum()), 1e-12))
    first, second, third = ((float(a * least), float(b * least)) for a, b in zip(own, other, strict=True))
    return first, second, third
