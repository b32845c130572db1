"""The reference problem of reverse stress: three classes of loans and two macro moves."""

import numpy as np
from scipy.special import ndtr, ndtri

from finsim.scenarios.reverse.prior_law import given_law

SHARES = (0.40, 0.35, 0.25)
PDS = (0.0156, 0.0233, 0.04)
RHOS = (0.15, 0.08, 0.04)
LGDS = (0.40, 0.60, 0.85)
BETAS = np.array([[-0.2023, -0.3551], [-0.3353, 0.0], [-0.4605, 0.0]])
COVARIANCE = {
    "unemployment": {"unemployment": 1.8**2, "bbb_spread": 0.6 * 1.8 * 1.2},
    "bbb_spread": {"unemployment": 0.6 * 1.8 * 1.2, "bbb_spread": 1.2**2},
}
LAW = given_law(COVARIANCE)


def book_loss(u):
    """Return the loss rate of the book at standard normal u: float64 [n]."""
    moves = LAW.moves(u)
    found = np.zeros(len(moves))
    for share, pd, rho, lgd, beta in zip(SHARES, PDS, RHOS, LGDS, BETAS, strict=True):
        found += share * lgd * ndtr((ndtri(pd) - np.sqrt(rho) * (moves @ beta)) / np.sqrt(1.0 - rho))
    return found


def one_factor(u, pd=0.02, rho=0.20, lgd=0.45):
    """Return the loss rate of one class at factor z = u: float64 [n]."""
    return lgd * ndtr((ndtri(pd) - np.sqrt(rho) * u[:, 0]) / np.sqrt(1.0 - rho))
