"""Memory and same-step dependence of normal scores, regressed on noised second moments.

Symbols: N entities, T steps, C channels, F features. Scores are standard normal by construction, so centers,
spreads and bounds of the features are known without looking at data. A weight that the noise explains is
set to 0.
"""

from __future__ import annotations

import numpy as np

from finsim.generators.encoding.channel_dependence import Coupling
from finsim.generators.encoding.location_scale_dynamics import Dynamics
from finsim.generators.encoding.moving_average_features import SlowMemory
from finsim.generators.privacy.private_marginals import noised_total
from finsim.kernels.location_scale import FLOOR
from finsim.notation import Array, Float1D, Float2D, Float3D
from finsim.randomness import Streams

RELEASES = 4
"""Noised sums of this file: location and scale, of the dynamics and of the coupling."""

_FARTHEST, _WIDEST = 4.0, 5.0
_SIGNIFICANT = 3.0
_LOCATION, _LOG_SCALE = 1.5, 1.2
# Mean and s.d. of log(z^2 + FLOOR) for a standard normal z, by quadrature.
_NODES: Float1D = np.linspace(-8.0, 8.0, 4001)
_WEIGHTS: Float1D = np.exp(-0.5 * _NODES**2) / np.exp(-0.5 * _NODES**2).sum()
_LOGS: Float1D = np.log(_NODES**2 + FLOOR)
LOG_CENTER = float(_WEIGHTS @ _LOGS)
LOG_SPREAD = float(np.sqrt(_WEIGHTS @ (_LOGS - LOG_CENTER) ** 2))


def private_dynamics(
    scores: Float3D, observed: Array, horizons: tuple[int, ...], sigma: float, streams: Streams
) -> Dynamics:
    """Return the dynamics of scores float64[N, T, C] under noise ``sigma`` in two sums."""
    memory = _memory(scores.shape[2], horizons)
    features = memory.features(memory.trace(scores)[:, :-1])
    bounded = np.clip(scores, -_FARTHEST, _FARTHEST)
    location, log_scale = _regressed(features, bounded, observed, sigma, streams)
    return Dynamics(memory, location, log_scale, _bounds(scores.shape[2]))


def private_coupling(innovations: Float3D, observed: Array, sigma: float, streams: Streams) -> Coupling:
    """Return the coupling of innovations float64[N, T, C], every channel given those before it."""
    channels = innovations.shape[2]
    center = np.concatenate([np.zeros(channels), np.full(channels, LOG_CENTER)])
    spread = np.concatenate([np.ones(channels), np.full(channels, LOG_SPREAD)])
    bounded = np.clip(innovations, -_FARTHEST, _FARTHEST)
    features = (np.concatenate([bounded, np.log(bounded**2 + FLOOR)], axis=2) - center) / spread
    later = np.tile(np.arange(channels)[:, None] >= np.arange(channels), (2, 1))
    location, log_scale = _regressed(features, bounded, observed, sigma, streams, later)
    ends = np.array([-_FARTHEST, _FARTHEST])
    low = np.repeat([ends[0], (np.log(FLOOR) - LOG_CENTER) / LOG_SPREAD], channels)
    high = np.repeat([ends[1], (np.log(_FARTHEST**2 + FLOOR) - LOG_CENTER) / LOG_SPREAD], channels)
    return Coupling(
        np.arange(channels), np.stack([center, spread, low, high]), location, log_scale, _bounds(channels)
    )


def _regressed(
    features: Float3D,
    targets: Float3D,
    observed: Array,
    sigma: float,
    streams: Streams,
    excluded: Array | None = None,
) -> tuple[Float2D, Float2D]:
    """Return weights float64[1 + F, C] of location and log scale; excluded bool[F, C]: weights that are 0."""
    count, steps, channels = targets.shape
    design = np.concatenate([np.ones((count, steps, 1)), features], axis=2)
    size = design.shape[2]
    left_out = np.zeros((1 + features.shape[2], channels), dtype=np.bool_)
    if excluded is not None:
        left_out[1:] = excluded
    both = np.concatenate([design, targets], axis=2)
    moment, noise = _moment(both, both, observed, sigma, streams.at("location"))
    square = 0.5 * (moment[:size, :size] + moment[:size, :size].T)
    location = _solved(square, moment[:size, size:], left_out, noise)
    left = targets - design @ location
    logs = (np.log(np.minimum(left**2, _FARTHEST**2) + FLOOR) - LOG_CENTER) / LOG_SPREAD
    moment, noise = _moment(design, logs, observed, sigma, streams.at("scale"))
    return location, 0.5 * LOG_SPREAD * _solved(square, moment, left_out, noise)


def _moment(
    left: Float3D, right: Float3D, observed: Array, sigma: float, draw: np.random.Generator
) -> tuple[Float2D, float]:
    """Return the noised mean over entities of their mean outer product, and the noise of a number.

    The norm of an entity's is clipped to that of variables of variance 1.
    """
    count, wide, high = len(left), left.shape[2], right.shape[2]
    kept = left * observed[:, :, None]
    products = np.einsum("nti,ntj->nij", kept, right) / np.maximum(observed.sum(axis=1), 1)[:, None, None]
    bound = float(np.sqrt(wide * high))
    total = noised_total(products.reshape(count, -1), bound, sigma, draw)
    return total.reshape(wide, high) / count, sigma * bound / count


def _solved(square: Float2D, cross: Float2D, left_out: Array, noise: float) -> Float2D:
    """Return penalized least-squares weights; the penalty is what the noise may do to the matrix."""
    weights = np.zeros_like(cross)
    for channel in range(cross.shape[1]):
        used = np.flatnonzero(~left_out[:, channel])
        penalty = noise * np.sqrt(len(used)) * np.eye(len(used)) * 2.0
        found = np.linalg.solve(square[np.ix_(used, used)] + penalty, cross[used, channel])
        weights[used, channel] = np.where(np.abs(found) > _SIGNIFICANT * noise, found, 0.0)
    return weights


def _memory(channels: int, horizons: tuple[int, ...]) -> SlowMemory:
    """Return the memory with the centers and spreads that independent normal scores would have."""
    resting = np.tile(np.repeat([0.0, 1.0], channels), len(horizons))
    centers, spreads = [], []
    for horizon in horizons:
        narrow = 1.0 / np.sqrt(2.0 * horizon - 1.0)
        first = horizon == 1
        centers += [0.0, LOG_CENTER if first else np.log(1.0 + FLOOR) - narrow**2]
        spreads += [narrow, LOG_SPREAD if first else np.sqrt(2.0) * narrow]
    center, spread = (np.repeat(values, channels) for values in (centers, spreads))
    end = np.full(len(resting), _WIDEST)
    return SlowMemory(horizons, resting, center, spread, -end, end)


def _bounds(channels: int) -> Float3D:
    ends = np.array([[-_LOCATION, _LOCATION], [-_LOG_SCALE, _LOG_SCALE]])
    return np.repeat(ends[:, :, None], channels, axis=2)
