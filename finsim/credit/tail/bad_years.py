"""Losses drawn where the tail is: factors shifted to the likeliest bad years, each draw with its weight."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pyarrow as pa

from finsim.credit.factors import annual_normals, of_normals, to_normals
from finsim.credit.losses import Buckets, arrange, losses_given
from finsim.credit.settings import Settings
from finsim.extras import Later
from finsim.notation import Float1D, Float2D, Int1D
from finsim.randomness import Streams
from finsim.records.drivers import Drivers

special = Later("scipy.special", "credit")

LEVELS = (0.99, 0.999)
SHARES = (1 / 3, 2 / 3)
"""Where the shifted draws are centred, and the share of them that each level gets."""
PER_PLAIN, LEAST = 10, 2_000
"""One shifted draw for so many plain ones, and the fewest of them."""
_STEPS, _NEAR = 100, 1e-9


@dataclass(frozen=True)
class Weighted:
    """Losses of draws from several laws: ``loss`` and ``weight`` float64 [N], ``law`` int64 [N] of each.

    Law 0 is the plain one. The mean of weight x f(loss) over the N draws estimates the mean of f.
    """

    loss: Float1D
    weight: Float1D
    law: Int1D


@dataclass(frozen=True)
class Mixture:
    """The laws of a sample: the centres of the shifted ones, and the share of each, the plain one first."""

    centres: list[Float1D]
    share: Float1D

    def weights(self, normals: Float2D) -> Float1D:
        """Return the plain density over that of the mixture at normals [N, 1 + K]: float64 [N]."""
        mixture = np.full(len(normals), self.share[0])
        for centre, part in zip(self.centres, self.share[1:], strict=True):
            mixture += part * np.exp(normals @ centre - 0.5 * (centre @ centre))
        found: Float1D = 1.0 / mixture
        return found


def shifted_draws(draws: int) -> int:
    """Return how many shifted draws go with so many plain ones."""
    return max(draws // PER_PLAIN, LEAST)


def weighted_losses(
    loans: pa.Table,
    drivers: Drivers,
    drawn: Float1D,
    more: int,
    streams: Streams,
    settings: Settings,
) -> Weighted:
    """Return plain draws and ``more`` shifted ones as one weighted sample: [M + more].

    ``drawn`` float64 [M] are the first M draws of ``losses`` under the same arguments; with none of them the
    sample is of shifted draws alone. Normals of shifted draws have the means ``worst_year`` of the two
    ``LEVELS`` in place of 0. A draw with normals u weighs 1 / sum_j a_j exp(mu_j u - mu_j^2 / 2), a_j the
    share of law j in the sample: the balance heuristic, which never loses much against the best of its laws.
    Raises RecordError as ``losses`` does.
    Source: Glasserman and Li 2005, "Importance sampling for portfolio credit risk" (shift of the
    factors); Veach and Guibas 1995 and Owen and Zhou 2000 (several laws at once).
    """
    buckets = arrange(loans, drivers, settings)
    centres = [worst_year(buckets, level, settings) for level in LEVELS]
    counts = [round(share * more) for share in SHARES[:-1]]
    counts.append(more - sum(counts))
    sizes = np.array([len(drawn), *counts])
    law = Mixture(centres, sizes / sizes.sum())
    lost, weight = [drawn], [_plain_weights(buckets, len(drawn), law, streams, settings)]
    none = np.zeros(0, dtype=np.int64)
    for level, centre, count in zip(LEVELS, centres, counts, strict=True):
        address = streams.under("tail", f"{level:g}")
        shifted = annual_normals(buckets.sectors, count, address) + centre
        weight.append(law.weights(shifted))
        lost.append(losses_given(buckets, of_normals(shifted, settings), address, none))
    return Weighted(np.concatenate(lost), np.concatenate(weight), np.repeat(np.arange(len(sizes)), sizes))


def _plain_weights(
    buckets: Buckets, draws: int, law: Mixture, streams: Streams, settings: Settings
) -> Float1D:
    """Return the weights of the first ``draws`` draws of ``losses``, whose normals are drawn once more."""
    size = settings.block_draws
    parts = [
        law.weights(
            annual_normals(buckets.sectors, size, streams.under("draw", block))[: draws - block * size]
        )
        for block in range(-(-draws // size))
    ]
    return np.concatenate([np.empty(0), *parts])


def worst_year(buckets: Buckets, level: float, settings: Settings) -> Float1D:
    """Return the normals at which a book loses most among those as far out as ``level``: [1 + K].

    On the sphere of radius Phi^-1(level) the mean loss given the factors is greatest there; found by steps
    to where its gradient points. One factor: -Phi^-1(level). 0 where no factor moves the loss.
    """
    radius = float(special.ndtri(level))
    weight = loans_of_buckets(buckets)
    centre = to_normals(np.full(len(buckets.sectors), -1.0), settings)
    centre *= radius / np.linalg.norm(centre)
    for _ in range(_STEPS):
        slope = to_normals(_slope(weight, of_normals(centre[None], settings)[0]), settings)
        size = float(np.linalg.norm(slope))
        if size == 0.0:
            return np.zeros(len(centre))
        step = radius * slope / size
        moved, centre = float(np.abs(step - centre).max()), step
        if moved < _NEAR:
            break
    return centre


def loans_of_buckets(buckets: Buckets) -> Float2D:
    """Return a line a bucket: sector, shift, Frye-Jacobs, index, exposure, mean alpha, beta and severity."""
    first = buckets.starts[:-1]
    exposure = np.add.reduceat(buckets.loan[:, 2], first)
    safe = np.where(exposure > 0.0, exposure, 1.0)
    means = [np.add.reduceat(buckets.loan[:, k] * buckets.loan[:, 2], first) / safe for k in (0, 1, 3)]
    return np.column_stack([buckets.bucket[:, [0, 1, 5, 6]], exposure, *means])


def _slope(weight: Float2D, factor: Float1D) -> Float1D:
    """Return the gradient of the mean loss by sector factor: float64 [K]."""
    sector, shift, follows, index, exposure, alpha, beta, severity = weight.T
    own = sector.astype(np.int64)
    point = alpha - beta * (factor[own] + shift)
    density = _density(point)
    lost = np.where(follows > 0.0, _density(point - severity), severity * density)
    slope = -beta * exposure * ((1.0 - index) * density + index * lost)
    found: Float1D = np.bincount(own, weights=slope, minlength=len(factor)).astype(np.float64)
    return found


def _density(x: Float1D) -> Float1D:
    found: Float1D = np.exp(-0.5 * x * x) / np.sqrt(2.0 * np.pi)
    return found
