"""Who caused whom in a tape of arrivals: one sweep of expectation-maximisation for a Hawkes process."""

from __future__ import annotations

import math

from finsim.kernels.books.book_state import TYPES
from finsim.kernels.kernel import kernel
from finsim.notation import Array, Float1D, Int1D


@kernel
def causes(
    times: Float1D,
    kinds: Int1D,
    decays: Float1D,
    base: Float1D,
    offspring: Array,
    excited: Array,
    found: Array,
) -> None:
    """Fill ``found`` with how many arrivals came by themselves or were caused, as the parameters have it.

    ``times`` float64[N] and ``kinds`` int64[N] of arrivals; ``base`` float64[6]; ``offspring`` float64[D, 7]:
    children of the same kind, then of each kind, per arrival and decay. ``excited`` float64[D, 7] is room to
    work in: decayed arrivals by kind and in all. ``found`` float64[1 + D, 6]: row 0 arrivals by themselves,
    by kind; row 1 + d, cells 0 and 1: children of the same kind and of any kind on scale d. Source: Veen and
    Schoenberg 2008; exponential recursion of Ozaki 1979.
    """
    excited[:] = 0.0
    found[:] = 0.0
    before = times[0]
    for n in range(len(times)):
        kind = kinds[n]
        rate = base[kind]
        for d in range(len(decays)):
            fall = math.exp(-decays[d] * (times[n] - before))
            for k in range(TYPES + 1):
                excited[d, k] *= fall
            rate += offspring[d, 0] * excited[d, kind] + offspring[d, 1 + kind] * excited[d, TYPES]
        before = times[n]
        found[0, kind] += base[kind] / rate
        for d in range(len(decays)):
            found[1 + d, 0] += offspring[d, 0] * excited[d, kind] / rate
            found[1 + d, 1] += offspring[d, 1 + kind] * excited[d, TYPES] / rate
            excited[d, kind] += decays[d]
            excited[d, TYPES] += decays[d]
