"""A law out of noised bin shares: a two-piece Student t, and what of the rest is larger than the noise."""

from __future__ import annotations

import numpy as np

from finsim.extras import Later
from finsim.notation import Float1D

special = Later("scipy.special", "learn")
optimize = Later("scipy.optimize", "learn")
fft = Later("scipy.fft", "learn")

_START = (0.0, 0.0, 0.0, 0.2)
_BOUNDS = ((-2.0, -3.0, -1.0, 0.01), (2.0, 2.0, 1.0, 0.45))
_SIGNIFICANT = 2.5


def smoothed_law(noisy: Float1D, sd: float, edges: Float1D) -> Float1D:
    """Return float64[B] shares of bins, at least 0 and of sum 1, from shares with independent noise ``sd``.

    edges : float64[B + 1] of standardized values; the end bins hold all beyond. Tails are those of the
    Student law (Fernandez & Steel 1998 for its two pieces), as single bins out there are all noise; where
    the law has mass, the cosine terms of the rest that exceed 2.5 s.d. are added back. No data are read.
    """
    found = optimize.least_squares(
        lambda theta: _shares(theta, edges) - noisy, _START, bounds=_BOUNDS, x_scale=(0.3, 0.3, 0.3, 0.1)
    )
    law = _shares(found.x, edges)
    terms = fft.dct(noisy - law, norm="ortho")
    rest = fft.idct(np.where(np.abs(terms) > _SIGNIFICANT * sd, terms, 0.0), norm="ortho")
    law = np.where(law > 0.5 * sd, np.maximum(law + rest, 0.0), law)
    shares: Float1D = law / law.sum()
    return shares


def _shares(theta: Float1D, edges: Float1D) -> Float1D:
    """Return the bin shares of a two-piece t: mode, log scale, log skew, 1 / degrees of freedom."""
    mode, log_scale, skew, inverse = theta
    left, right = np.exp(log_scale - skew), np.exp(log_scale + skew)
    away = edges - mode
    below = 2.0 * left * special.stdtr(1.0 / inverse, np.minimum(away, 0.0) / left)
    above = 2.0 * right * (special.stdtr(1.0 / inverse, np.maximum(away, 0.0) / right) - 0.5)
    law = (below + above) / (left + right)
    law[0], law[-1] = 0.0, 1.0
    shares: Float1D = np.diff(law)
    return shares
