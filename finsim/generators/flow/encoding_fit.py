"""Fit the encoding of the flow on the training part of the data."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from finsim.generators.encoding.channel_dependence import Coupling
from finsim.generators.encoding.gaussian_marginals import Marginals
from finsim.generators.encoding.location_scale_dynamics import Dynamics
from finsim.generators.encoding.scaling import Scaling
from finsim.generators.encoding.series_encoding import Encoding
from finsim.generators.generator import Sequences
from finsim.notation import Float3D

# assumption: a horizon needs about eight times its length to be learned from.
_LENGTHS_PER_HORIZON = 8


@dataclass(frozen=True)
class Choices:
    """What the encoding consists of.

    tail_reach : as in ``Marginal.fit``; None: no marginal maps, no dynamics and no coupling, only the
    rotation. horizons : steps of the slow memory; ridges : penalties of location and log scale.
    """

    tail_reach: float | None
    horizons: tuple[int, ...]
    ridges: tuple[float, float]


def fit_encoding(data: Sequences, choices: Choices, draw: np.random.Generator) -> tuple[Encoding, Float3D]:
    """Return the encoding and the scores float64[N, T, C] of ``data``; ``draw`` spreads atoms."""
    observed = data.observed()
    plain = Encoding(Scaling.fit(data.values[observed]))
    if choices.tail_reach is None:
        return plain, filled(data)
    encoding = replace(plain, marginals=Marginals.fit(data.values[observed], choices.tail_reach))
    scores = encoding.scores(filled(data), draw)
    horizons = tuple(h for h in choices.horizons if h * _LENGTHS_PER_HORIZON <= scores.shape[1])
    explained = np.zeros(scores.shape[2])
    if horizons:
        dynamics = Dynamics.fit(scores, horizons, choices.ridges)
        encoding = replace(encoding, dynamics=dynamics)
        explained = dynamics.ahead(encoding.averages(scores)[:, :-1])[0].var(axis=(0, 1))
    averages = encoding.averages(scores)
    innovations = encoding.residuals(scores, averages)[observed]
    # The least predictable channel first: returns, then ranges, then volumes that answer to both.
    order = np.argsort(explained, kind="stable").astype(np.int64)
    encoding = replace(encoding, coupling=Coupling.fit(innovations, order, choices.ridges))
    residuals = encoding.residuals(scores, averages)[observed]
    return replace(encoding, scaling=Scaling.fit(residuals)), scores


def filled(data: Sequences) -> Float3D:
    """Return the values with unobserved steps set to the channel means (no window contains them)."""
    if data.mask is None:
        return data.values
    means = data.values[data.mask].mean(axis=0)
    return np.where(data.mask[:, :, None], data.values, means)
