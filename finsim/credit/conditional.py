"""One-factor conditional default probability and loss given default (Vasicek; Frye and Jacobs)."""

from __future__ import annotations

import numpy as np

from finsim.extras import Later
from finsim.notation import Array, Float1D

special = Later("scipy.special", "credit")

MONTHS_PER_YEAR = 12
_LEAST_LGD = 1e-12
_MOST_CHANCE = np.nextafter(1.0, 0.0)


def default_point(pd: Array, rho: Array) -> Float1D:
    """Return alpha = Phi^-1(PD) / sqrt(1 - rho), of the broadcast shape of both."""
    found: Float1D = special.ndtri(pd) / np.sqrt(1.0 - rho)
    return found


def sensitivity(rho: Array) -> Float1D:
    """Return beta = sqrt(rho / (1 - rho)); the conditional point is alpha - beta z."""
    found: Float1D = np.sqrt(rho / (1.0 - rho))
    return found


def conditional_pd(pd: Array, rho: Array, z: Array) -> Array:
    """Return Phi((Phi^-1(PD) - sqrt(rho) z) / sqrt(1 - rho)), of the broadcast shape of all.

    z is the systematic factor: standard normal, low in recessions. Source: Vasicek 2002; Basel CRE31.
    """
    found: Array = special.ndtr(default_point(pd, rho) - sensitivity(rho) * z)
    return found


def loss_shift(pd: Array, lgd: Array, rho: Array) -> Array:
    """Return kappa = (Phi^-1(PD) - Phi^-1(PD LGD)) / sqrt(1 - rho).

    An LGD of 0 counts as 1e-12, so that the shift stays finite.
    Source: Frye and Jacobs 2012, "Credit loss and systematic loss given default", eq. 8.
    """
    found: Array = (special.ndtri(pd) - special.ndtri(pd * np.maximum(lgd, _LEAST_LGD))) / np.sqrt(1.0 - rho)
    return found


def systematic_lgd(point: Array, kappa: Array) -> Array:
    """Return the Frye-Jacobs LGD = Phi(a - kappa) / Phi(a) at the conditional point ``a = Phi^-1(DR)``.

    E[DR LGD(DR)] over a standard normal factor is PD x LGD exactly. Deep in the lower tail, where
    Phi underflows, the ratio is taken as 0.
    """
    rate = special.ndtr(point)
    found: Array = np.where(rate > 0.0, special.ndtr(point - kappa) / np.maximum(rate, 1e-300), 0.0)
    return found


def collateral_lgd(lgd: Array, index: Array) -> Array:
    """Return 1 - (1 - LGD) x index within [0, 1]: recoveries move with the price index.

    Written so that an index of 1 (jump-off) gives back LGD to the bit.
    """
    found: Array = np.clip(lgd + (1.0 - lgd) * (1.0 - index), 0.0, 1.0)
    return found


def cumulative_hazard(chance: Array) -> Array:
    """Return -ln(1 - p) of default probabilities; one of 1 counts as the greatest number below it."""
    found: Array = -np.log1p(-np.minimum(chance, _MOST_CHANCE))
    return found


def per_period(annual: Array, periods: int) -> Array:
    """Return the default probability of one of ``periods`` equal parts of a year: 1 - (1 - p)^(1/periods)."""
    found: Array = -np.expm1(-cumulative_hazard(annual) / periods)
    return found
