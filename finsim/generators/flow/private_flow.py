"""The flow under differential privacy: encoding from noised sums, gradients of whole entities."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace

import numpy as np
import torch
from torch import Tensor
from torch.func import functional_call
from torch.nn.attention import SDPBackend, sdpa_kernel

from finsim.generators.encoding.marginal_correction import Correction
from finsim.generators.encoding.series_encoding import Encoding
from finsim.generators.flow.encoding_correction import long_run
from finsim.generators.flow.flow_training import FlowRecipe, WindowSource
from finsim.generators.flow.rollout import Grid, roll_out
from finsim.generators.generator import Sequences
from finsim.generators.networks import FlowTransformer
from finsim.generators.privacy.entity_gradients import entity_gradients
from finsim.generators.privacy.private_dependence import RELEASES as DEPENDENCE_RELEASES
from finsim.generators.privacy.private_dependence import private_coupling, private_dynamics
from finsim.generators.privacy.private_marginals import (
    MARGINAL_RELEASES,
    SCALING_RELEASES,
    private_marginals,
    private_scaling,
)
from finsim.notation import Array, Float2D, Int1D
from finsim.randomness import Streams

WINDOWS = 4
"""Windows of an entity in one update, drawn among its own with replacement: an entity of many rows
counts as much as one of few."""
RELEASES = MARGINAL_RELEASES + DEPENDENCE_RELEASES + SCALING_RELEASES
COUNTED = (
    "laws of the channels, memory and dependence between channels, from noised sums",
    "every update of the network",
    "early stop and loss curves: there are none",
)
_CHUNK = 32
_PATHS, _STEPS = 25, 400


class PrivateFlowRecipe(FlowRecipe):
    """The recipe of the flow with the gradient of every entity; the windows of one are clipped together."""

    def __init__(
        self,
        network: FlowTransformer,
        source: WindowSource,
        prefix_share: float,
        identity: str,
        entities: int,
    ) -> None:
        """Learn from ``source``, whose sequences are the entities; nothing is held out."""
        super().__init__(network, source, None, prefix_share, 0, identity)
        self.entities = entities
        # Windows stand in order of their sequence: those of an entity are one stretch.
        self.counts = np.bincount(source.where[:, 0], minlength=entities)
        self.first = np.cumsum(self.counts) - self.counts

    def private_parts(self, done: float) -> Sequence[str]:
        """Return the one part."""
        return ("flow",)

    def gradients(self, part: str, entities: Int1D, draws: Sequence[np.random.Generator]) -> Iterator[Tensor]:
        """Yield float[e, D]; an entity without a whole window has none."""
        known = [(e, draw) for e, draw in zip(entities, draws, strict=True) if self.counts[e]]
        weights: dict[str, Tensor] = dict(self.flow.named_parameters())
        for start in range(0, len(known), _CHUNK):
            drawn = [self._drawn(int(entity), draw) for entity, draw in known[start : start + _CHUNK]]
            batches = [
                torch.from_numpy(np.stack(parts)).to(self.device) for parts in zip(*drawn, strict=True)
            ]
            # Of the attention kernels only the plain one has a gradient per entity.
            with sdpa_kernel(SDPBackend.MATH):
                yield entity_gradients(self._entity_loss, weights, batches)

    def losses_of(self, entities: Int1D, draws: Sequence[np.random.Generator]) -> Array:
        """Return float64[e], the loss of each entity now, for an audit."""
        found = []
        with torch.no_grad():
            for entity, draw in zip(entities, draws, strict=True):
                parts = [torch.from_numpy(part).to(self.device) for part in self._drawn(int(entity), draw)]
                found.append(float(self._entity_loss(dict(self.flow.named_parameters()), *parts)))
        return np.array(found)

    def _drawn(self, entity: int, draw: np.random.Generator) -> tuple[Array, Array, Array, Array]:
        """Return tokens, given, noise and times of an entity's windows in one update."""
        rows = self.first[entity] + draw.integers(self.counts[entity], size=WINDOWS)
        tokens: Array = self.source.take(rows).numpy()
        grid = self.source.grid
        whole, context = grid.window // grid.patch, grid.context // grid.patch
        kind, anything = draw.random(WINDOWS), draw.integers(whole, size=WINDOWS)
        given = np.where(
            kind < 0.5 * self.prefix_share, context, np.where(kind < self.prefix_share, anything, 0)
        )
        fixed = np.arange(whole) < given[:, None]
        noise = draw.standard_normal(tokens.shape, dtype=np.float32)
        time = 1.0 / (1.0 + np.exp(-draw.standard_normal(WINDOWS, dtype=np.float32)))
        return tokens, fixed, noise, time

    def _entity_loss(
        self, weights: dict[str, Tensor], tokens: Tensor, fixed: Tensor, noise: Tensor, time: Tensor
    ) -> Tensor:
        """Return the flow-matching loss of one entity's windows [K, L, D]."""
        noisy = torch.where(fixed[:, :, None], tokens, torch.lerp(noise, tokens, time[:, None, None]))
        velocity = functional_call(self.flow, weights, (noisy, fixed, time))
        error = (velocity - (tokens - noise)).square().mean(dim=-1)
        free = (~fixed).to(error)
        loss: Tensor = (error * free).sum() / free.sum()
        return loss


def private_encoding(
    data: Sequences, tail_reach: float | None, horizons: tuple[int, ...], sigma: float, streams: Streams
) -> Encoding:
    """Return the encoding of the entities ``data`` from ``RELEASES`` noised sums.

    Horizons of memory longer than an eighth of an entity are dropped.
    """
    observed = data.observed()
    marginals = private_marginals(data, tail_reach or 1.0, sigma, streams.under("marginals"))
    scores = marginals.normal(np.where(observed[:, :, None], data.values, 0.0)) * observed[:, :, None]
    short = tuple(h for h in horizons if 8 * h <= scores.shape[1]) or (1,)
    dynamics = private_dynamics(scores, observed, short, sigma, streams.under("dynamics"))
    left = dynamics.innovations(scores, dynamics.memory.trace(scores))
    coupling = private_coupling(left, observed, sigma, streams.under("coupling"))
    residuals = coupling.residuals(left)
    scaling = private_scaling(residuals, observed, sigma, streams.under("scaling"))
    return Encoding(scaling, marginals, dynamics, coupling)


def private_components(data: Sequences, encoding: Encoding, draw: np.random.Generator) -> Array:
    """Return float64[N, T, K] of the entities; unobserved steps are 0, and in no window."""
    observed = data.observed()[:, :, None]
    scores = encoding.scores(np.where(observed, data.values, 0.0), draw) * observed
    components: Array = encoding.components(scores, encoding.averages(scores)) * observed
    return components


def settle_privately(
    network: FlowTransformer, encoding: Encoding, grid: Grid, streams: Streams
) -> tuple[Encoding, Float2D]:
    """Return the encoding corrected by a rollout alone, and memories for new paths; no data are read.

    In the long run scores become standard normal.
    """
    draws = [streams.at("path", row) for row in range(_PATHS)]
    blank = np.empty((_PATHS, 0, encoding.scaling.components))
    components = roll_out(network, grid, draws, blank, _STEPS)
    touch = Correction.fit(encoding.scaling.inverse(components), None)
    encoding = replace(encoding, touch=touch)
    resting = np.zeros(0) if encoding.dynamics is None else encoding.dynamics.memory.resting
    return long_run(encoding, components, np.tile(resting, (_PATHS, 1)), None)
