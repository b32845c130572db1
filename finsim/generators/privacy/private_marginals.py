"""Laws of the channels from noised counts: every entity's share of its steps per bin, clipped whole.

Symbols: N entities, T steps, C channels, B bins. Three rounds, each a noised sum: the size of a channel
(powers of 2), its center and spread (a linear grid), its law (a grid that widens outwards).
"""

from __future__ import annotations

import math

import numpy as np
import torch

from finsim.errors import PrivacyBudgetError
from finsim.generators.encoding.gaussian_marginals import Marginals
from finsim.generators.encoding.scaling import Scaling
from finsim.generators.generator import Sequences
from finsim.generators.privacy.entity_gradients import clipped_sum, noised
from finsim.generators.privacy.smoothed_law import smoothed_law
from finsim.notation import Array, Float1D, Float2D, Float3D
from finsim.randomness import Streams

MARGINAL_RELEASES, SCALING_RELEASES = 3, 1

_POWERS = 80
"""Powers of 2 from 2^-40 to 2^40, for each sign: a range that no data are needed for."""
_WINDOW, _VISIBLE = 3, 3.0
_LINEAR, _WIDEST, _FEWEST = 24, 40.0, 16
_MOST_BINS, _PSEUDO = 96, 20_000
_FARTHEST, _LEAST_VARIANCE = 4.0, 0.02


def private_marginals(data: Sequences, reach: float, sigma: float, streams: Streams) -> Marginals:
    """Return the marginal maps of noised counts; ``reach`` as in ``Marginals.fit``, sigma of each round.

    What follows the noise looks at no data: pseudo-values are spread evenly over the noised law.
    Raises PrivacyBudgetError, before anything is read, when the noise hides even where the values are.
    """
    values, observed = data.values, data.observed()
    sd = sigma * math.sqrt(values.shape[2])
    _refuse_hidden(len(values), values.shape[2], sd)
    sizes = _counts(_powers(values), observed, 2 * _POWERS, sigma, streams.at("size"))
    center, spread = np.array([_located(row) for row in sizes]).T
    places = _placed((values - center) / spread, _LINEAR, 1.0)
    linear = _counts(places, observed, _LINEAR, sigma, streams.at("spread"))
    center, spread = np.array(
        [_narrowed(row, c, s) for row, c, s in zip(linear, center, spread, strict=True)]
    ).T
    bins = int(np.clip(len(values) / (2.0 * sd), _FEWEST, _MOST_BINS))
    widest = math.asinh(_WIDEST)
    places = _placed(np.arcsinh((values - center) / spread), bins, widest)
    laws = _counts(places, observed, bins, sigma, streams.at("law"))
    size = min(_PSEUDO, values.shape[0] * values.shape[1])
    levels = (np.arange(size) + 0.5) / size
    edges = np.linspace(-widest, widest, bins + 1)
    smooth = [smoothed_law(row / len(values), sd / len(values), np.sinh(edges)) for row in laws]
    columns = [
        c + s * np.sinh(_quantiles(law, edges, levels))
        for law, c, s in zip(smooth, center, spread, strict=True)
    ]
    return Marginals.fit(np.stack(columns, axis=1), reach)


def private_scaling(residuals: Float3D, observed: Array, sigma: float, streams: Streams) -> Scaling:
    """Return the rotation of residuals float64[N, T, C] from a noised second moment, clipped to norm C."""
    count, _, channels = residuals.shape
    scores = np.clip(residuals, -_FARTHEST, _FARTHEST) * observed[:, :, None]
    moments = np.einsum("nti,ntj->nij", scores, scores) / np.maximum(observed.sum(axis=1), 1)[:, None, None]
    total = noised_total(moments.reshape(count, -1), float(channels), sigma, streams.at("moment"))
    moment = total.reshape(channels, channels) / count
    variances, vectors = np.linalg.eigh(0.5 * (moment + moment.T))
    order = np.argsort(variances)[::-1]
    variances, vectors = variances[order], vectors[:, order]
    vectors = vectors * np.sign(vectors[np.abs(vectors).argmax(axis=0), np.arange(channels)])
    least = max(_LEAST_VARIANCE, sigma * channels / count)
    return Scaling(np.zeros(channels), np.ones(channels), vectors, np.sqrt(np.maximum(variances, least)))


def _refuse_hidden(entities: int, channels: int, sd: float) -> None:
    """Raise PrivacyBudgetError when so few entities are not seen above noise ``sd`` in a window of powers."""
    least = math.ceil(_VISIBLE * sd * math.sqrt(2.0 * _WINDOW))
    if entities < least:
        raise PrivacyBudgetError(
            f"{entities:,} entities of {channels} channels are hidden by the noise of this epsilon",
            place="settings.epsilon",
            expected=f"at least {least:,} entities",
            remedy="allow a larger epsilon, protect a smaller unit, or give fewer assets or more entities",
        )


def _counts(places: Array, observed: Array, bins: int, sigma: float, draw: np.random.Generator) -> Array:
    """Return float64[C, B]: noised sums over entities of the share of their steps in each bin."""
    count, _, channels = places.shape
    rows = np.arange(count)[:, None, None] * channels + np.arange(channels)
    index = (rows * bins + places)[observed]
    shares = np.bincount(index.ravel(), minlength=count * channels * bins).astype(np.float64)
    shares = shares.reshape(count, channels * bins) / np.maximum(observed.sum(axis=1), 1)[:, None]
    # Shares of a channel sum to 1, so their norm is at most 1: nothing is clipped in fact.
    total = noised_total(shares, math.sqrt(channels), sigma, draw)
    return total.reshape(channels, bins)


def noised_total(rows: Float2D, bound: float, sigma: float, draw: np.random.Generator) -> Array:
    """Return the noised sum of rows float64[N, D], one an entity, each clipped to norm ``bound``."""
    total = clipped_sum([torch.from_numpy(rows)], bound, rows.shape[1])
    found: Array = noised(total, bound, sigma, draw).numpy()
    return found


def _powers(values: Array) -> Array:
    """Return the bin of each value: its power of 2, negative values first."""
    power = np.clip(np.frexp(np.abs(values))[1] + _POWERS // 2, 0, _POWERS - 1)
    places: Array = np.where(values < 0.0, power, _POWERS + power).astype(np.int64)
    return places


def _located(noisy: Float1D) -> tuple[float, float]:
    """Return where the linear grid is put, and half its width: around 0, or around values of one sign."""
    negative, positive = noisy[:_POWERS], noisy[_POWERS:]
    windows = np.convolve(negative + positive, np.ones(_WINDOW), mode="same")
    power = int(windows.argmax())
    top = 2.0 ** (power - _POWERS // 2)
    near = slice(max(power - 1, 0), power + 2)
    sides = np.maximum([negative[near].sum(), positive[near].sum()], 0.0)
    if sides.max() < 0.9 * sides.sum():
        return 0.0, 4.0 * top
    return (0.75 if sides[1] > sides[0] else -0.75) * top, top


def _narrowed(noisy: Float1D, center: float, half: float) -> tuple[float, float]:
    """Return the noised median and half the distance of the 16 and 84 % quantiles."""
    edges = np.linspace(-1.0, 1.0, len(noisy) + 1)
    low, middle, high = _quantiles(noisy, edges, np.array([0.16, 0.5, 0.84]))
    return center + half * middle, half * max(0.5 * (high - low), 1.0 / len(noisy))


def _placed(values: Array, bins: int, farthest: float) -> Array:
    """Return the bin of each value on an even grid from -farthest to farthest; beyond it, the last bin."""
    places: Array = np.clip(np.floor((values / farthest + 1.0) * 0.5 * bins), 0, bins - 1).astype(np.int64)
    return places


def _quantiles(noisy: Float1D, edges: Float1D, levels: Float1D) -> Float1D:
    """Return quantiles of a noised histogram whose cumulation is made monotone."""
    total = max(float(noisy.sum()), 1e-9)
    shares = np.append(0.0, np.cumsum(noisy) / total)
    rising, falling = np.maximum.accumulate(shares), np.minimum.accumulate(shares[::-1])[::-1]
    law = np.clip(0.5 * (rising + falling), 0.0, 1.0)
    law[0], law[-1] = 0.0, 1.0
    return np.interp(levels, law, edges)
