"""GJR-GARCH: the variance behind observed returns, and paths out of filtered residuals.

Symbols as in ``volatility_walk``; variances are in units of the series' own mean variance.
"""

from __future__ import annotations

import numpy as np

from finsim.kernels.kernel import kernel
from finsim.kernels.markets.volatility_walk import GAP, LOWER, OTHER
from finsim.notation import Bool1D, Float1D, Float2D, Float3D, Int1D, Int2D


@kernel
def filtered(returns: Float1D, begins: Bool1D, law: Float1D, largest: float, found: Float1D) -> float:
    """Fill ``found`` float64[T], the variance before each return, and return the one after the last.

    h = 1 - persistence + (alpha + gamma [r < 0]) r^2 + beta h, at most ``largest``; 1 where a sequence
    ``begins``. law : float64[4], alpha, gamma, beta, and the share of squares that fall on losses.
    Source: Glosten, Jagannathan & Runkle 1993, with variance targeting (Engle & Mezrich 1996).
    """
    rest = 1.0 - law[0] - law[3] * law[1] - law[2]
    variance = 1.0
    for step in range(len(returns)):
        if begins[step]:
            variance = 1.0
        found[step] = variance
        squared = returns[step] * returns[step]
        answer = law[0] + (law[1] if returns[step] < 0.0 else 0.0)
        variance = min(rest + answer * squared + law[2] * variance, largest)
    return variance


@kernel
def garch_walk(
    residuals: Float2D,
    chosen: Int2D,
    constants: tuple[Int1D, Float1D, Float1D, Float1D, Float2D],
    largest: float,
    memory: tuple[Float2D, Float2D],
    values: Float3D,
) -> None:
    """Fill ``values`` float64[N, T, C] with paths whose days have the residuals float64[R, C] ``chosen``.

    Moves and gaps are residuals times the root of the variance, shadows (cube roots) times its sixth root;
    the rest goes back to its centre by its carry. constants : roles, centre and carry float64[C], sizes
    float64[A], deviations of returns, and laws float64[A, 4], as in ``filtered``. memory : variances
    float64[N, A] and last values float64[N, C], where paths begin, moved on in place.
    """
    roles, centre, carry, sizes, laws = constants
    variances, last = memory
    fields = len(roles)
    for path in range(chosen.shape[0]):
        for step in range(chosen.shape[1]):
            row = chosen[path, step]
            for a in range(len(sizes)):
                scale = np.sqrt(variances[path, a])
                root, total = np.cbrt(scale), 0.0
                for f in range(fields):
                    c = a * fields + f
                    left = residuals[row, c]
                    if roles[f] <= GAP:
                        total += scale * left
                        values[path, step, c] = centre[c] + scale * left
                    elif roles[f] <= LOWER:
                        values[path, step, c] = left * root if left > 0.0 else left
                    elif roles[f] == OTHER:
                        last[path, c] = centre[c] + carry[c] * (last[path, c] - centre[c]) + left
                        values[path, step, c] = last[path, c]
                moved = total / sizes[a]
                answer = laws[a, 0] + (laws[a, 1] if moved < 0.0 else 0.0)
                rest = 1.0 - laws[a, 0] - laws[a, 3] * laws[a, 1] - laws[a, 2]
                after = rest + answer * moved * moved + laws[a, 2] * variances[path, a]
                variances[path, a] = min(after, largest)
