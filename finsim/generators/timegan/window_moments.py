"""Moments of windows of shares over several lags: what a generator has to match besides a discriminator."""

from __future__ import annotations

import torch
from torch import Tensor

LAGS = (0, 1, 2, 3, 5, 8, 13, 20)
"""assumption: nearly geometric up to a month; those within the window count."""
# Even shares have a deviation of 1 / sqrt(12), their distances from the middle a mean of 1/4 and half of it.
_SCALE = 12.0**0.5
# Only so many components, largest variance first: the work grows with their square.
_MOST = 32


def signs_and_sizes(shares: Tensor) -> Tensor:
    """Return [B, T, 2K] of shares [B, T, K]: their place and their distance from the middle, standardised."""
    place = _SCALE * (shares[..., :_MOST] - 0.5)
    return torch.cat([place, 2.0 * place.abs() - 0.5 * _SCALE], dim=-1)


def moments(shares: Tensor) -> Tensor:
    """Return [M, 2K, 2K] of windows of shares [B, T, K]: mean products of places and sizes.

    Of steps ``LAGS`` apart, of the first step with itself and with the near and the far half of the rest; the
    first step of a window may have another law.
    """
    seen = signs_and_sizes(shares)
    count, steps, _ = seen.shape
    first, rest = seen[:, 0], seen[:, 1:]
    found = []
    for lag in LAGS:
        if lag < steps - 1:
            left, right = rest[:, : steps - 1 - lag], rest[:, lag:]
            found.append(torch.einsum("bti,btj->ij", left, right) / (count * (steps - 1 - lag)))
    middle = max((steps - 1) // 2, 1)
    partners = [first, rest[:, :middle].mean(dim=1)]
    if steps > 2:
        partners.append(rest[:, middle:].mean(dim=1))
    found += [first.T @ one / count for one in partners]
    return torch.stack(found)


def distance(found: Tensor, wanted: Tensor) -> Tensor:
    """Return the root mean square of the differences of two sets of moments."""
    return torch.sqrt((found - wanted).square().mean() + 1e-12)
