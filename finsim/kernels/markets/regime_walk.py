"""Markov switching: what observations say about hidden regimes, and chains of regimes with a day for each.

Symbols: T steps, K regimes, R rows of the data.
"""

from __future__ import annotations

from finsim.kernels.kernel import kernel
from finsim.notation import Bool1D, Float1D, Float2D, Int1D, Int2D


@kernel
def smoothed(
    densities: Float2D, begins: Bool1D, start: Float1D, moves: Float2D, forward: Float2D, counts: Float2D
) -> Float1D:
    """Fill ``forward`` float64[T, K] with smoothed probabilities and add expected moves to ``counts`` [K, K].

    densities : float64[T, K], of each observation in each regime, up to a factor of the step; ``begins``:
    first steps of sequences, which have the probabilities ``start``; moves : float64[K, K], from row to
    column. Returns the likelihood float64[T] of each step given those before, up to its factor.
    Source: Baum et al. 1970; Hamilton 1989, eq. 4.
    """
    steps, regimes = densities.shape
    likelihood = densities[:, 0].copy()
    for step in range(steps):
        total = 0.0
        for k in range(regimes):
            known = 0.0
            if begins[step]:
                known = start[k]
            else:
                for j in range(regimes):
                    known += forward[step - 1, j] * moves[j, k]
            forward[step, k] = known * densities[step, k]
            total += forward[step, k]
        likelihood[step] = total
        for k in range(regimes):
            forward[step, k] /= total
    backward = start * 0.0 + 1.0
    for step in range(steps - 1, 0, -1):
        if begins[step]:
            backward[:] = 1.0
            continue
        weighted = backward * densities[step] / likelihood[step]
        for j in range(regimes):
            total = 0.0
            for k in range(regimes):
                joint = moves[j, k] * weighted[k]
                counts[j, k] += forward[step - 1, j] * joint
                total += joint
            backward[j] = total
        for j in range(regimes):
            forward[step - 1, j] *= backward[j]
    return likelihood


@kernel
def regime_walk(
    chances: Float2D, places: Float2D, moves: Float2D, days: Float2D, first: Int1D, chosen: Int2D
) -> None:
    """Fill ``chosen`` int64[N, T] with rows of the data, one for each step of N chains of regimes.

    chances, places : float64[N, T], uniform in [0, 1); moves : float64[K, K], cumulative along rows; days :
    float64[K, R], cumulative weights of rows in each regime, the last one 1; first : int64[N], the regime
    before the first step.
    """
    regimes, rows = days.shape
    for path in range(len(chosen)):
        regime = first[path]
        for step in range(chosen.shape[1]):
            following = 0
            while following < regimes - 1 and chances[path, step] >= moves[regime, following]:
                following += 1
            regime = following
            low, high = 0, rows - 1
            while low < high:
                middle = (low + high) // 2
                if days[regime, middle] > places[path, step]:
                    high = middle
                else:
                    low = middle + 1
            chosen[path, step] = low
