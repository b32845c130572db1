"""The chance that two shares of one law differ as much as two counts do, beyond a margin."""

from __future__ import annotations

import numpy as np

from finsim.extras import Later

stats = Later("scipy.stats", "evaluate")


def share_chance(real: tuple[float, float], own: tuple[float, float], margin: float) -> float:
    """Return the two-sided p-value of (hits, rows) of both sides, the synthetic share moved by ``margin``.

    Exact (hypergeometric, doubled): a normal law is far off where one side has no hit. Source: Fisher 1935.
    """
    (hits, rows), (others, size) = real, own
    gap = others / size - hits / rows
    moved = others - np.sign(gap) * margin * size
    if abs(gap) <= margin:
        return 1.0
    hits, rows, moved, size = (round(float(one)) for one in (hits, rows, moved, size))
    moved = min(max(moved, 0), size)
    if gap > 0:
        found = stats.hypergeom.sf(moved - 1, rows + size, hits + moved, size)
    else:
        found = stats.hypergeom.cdf(moved, rows + size, hits + moved, size)
    return float(min(1.0, 2.0 * found))


def share_interval(hits: float, rows: float) -> tuple[float, float]:
    """Return the 95 % interval of a share. Source: Wilson 1927."""
    share, z = hits / rows, 1.959964
    middle = (share + z * z / (2 * rows)) / (1 + z * z / rows)
    half = z * np.sqrt(share * (1 - share) / rows + z * z / (4 * rows * rows)) / (1 + z * z / rows)
    return float(max(middle - half, 0.0)), float(min(middle + half, 1.0))
