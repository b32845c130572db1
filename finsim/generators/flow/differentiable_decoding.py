"""Decode the flow's output in torch with gradients, for a rule penalty."""

from __future__ import annotations

import math

import numpy as np
import torch
from torch import Tensor

from finsim.generators.encoding.channel_dependence import Coupling
from finsim.generators.encoding.gaussian_marginals import Marginal, Tail, normal_scores
from finsim.generators.encoding.series_encoding import Encoding
from finsim.kernels.location_scale import FLOOR
from finsim.notation import Array, Float3D


class FlowOutput:
    """Values of windows out of known sequences, float64, differentiable in their components.

    The slow memory of each step is that of the real history, not of what the window made (teacher
    forcing), so a window of components decodes alone. Equal to ``Encoding`` otherwise; the corrections
    that are fitted after training are not in it.
    """

    def __init__(self, encoding: Encoding, averages: Float3D, device: torch.device) -> None:
        """Take the slow memory float64[N, T + 1, F] before each step of the training sequences."""
        self.encoding, self.device = encoding, device
        dynamics = encoding.dynamics
        ahead = None if dynamics is None else dynamics.ahead(averages[:, :-1])
        self.ahead = None if ahead is None else tuple(self._tensor(part) for part in ahead)

    def _tensor(self, array: Array) -> Tensor:
        return torch.from_numpy(np.ascontiguousarray(array, dtype=np.float64)).to(self.device)

    def values(self, components: Tensor, sequence: Array, steps: Array) -> Tensor:
        """Return float64[B, n, C] of components [B, n, K] at steps int64[B, n] of sequences int64[B]."""
        scaling = self.encoding.scaling
        turn = self._tensor((scaling.rotation * scaling.size).T)
        found = self._tensor(scaling.centre) + self._tensor(scaling.spread) * (components.double() @ turn)
        if self.encoding.coupling is not None:
            found = self._coupled(self.encoding.coupling, found)
        if self.ahead is not None:
            location, log_scale = (part[sequence[:, None], steps] for part in self.ahead)
            found = location + log_scale.exp() * found
        if self.encoding.marginals is None:
            return found
        channels = enumerate(self.encoding.marginals.channels)
        return torch.stack([self._marginal(one, found[..., index]) for index, one in channels], dim=-1)

    def _coupled(self, coupling: Coupling, residuals: Tensor) -> Tensor:
        centre, spread, low, high = (self._tensor(row) for row in coupling.features)
        weights = (self._tensor(coupling.location), self._tensor(coupling.log_scale))
        bounds = self._tensor(coupling.bounds)
        columns = [torch.zeros_like(residuals[..., 0]) for _ in range(residuals.shape[-1])]
        for channel in coupling.order.tolist():
            made = torch.stack(columns, dim=-1)
            raw = torch.cat([made, torch.log(made.square() + FLOOR)], dim=-1)
            seen = torch.clamp((raw - centre) / spread, low, high)
            fitted = [
                torch.clamp(one[0, channel] + seen @ one[1:, channel], *bounds[kind, :, channel])
                for kind, one in enumerate(weights)
            ]
            columns[channel] = fitted[0] + fitted[1].exp() * residuals[..., channel]
        return torch.stack(columns, dim=-1)

    def _marginal(self, marginal: Marginal, normal: Tensor) -> Tensor:
        scores, quantiles = self._tensor(normal_scores()), self._tensor(marginal.quantiles)
        inner = torch.clamp(normal, scores[0], scores[-1])
        place = torch.clamp(
            torch.searchsorted(scores, inner.detach().contiguous(), right=True), 1, len(scores) - 1
        )
        share = (inner - scores[place - 1]) / (scores[place] - scores[place - 1])
        result = torch.lerp(quantiles[place - 1], quantiles[place], share)
        low = marginal.lower.threshold - _excess(
            marginal.lower, torch.special.ndtr(torch.clamp(normal, max=scores[0]))
        )
        high = marginal.upper.threshold + _excess(
            marginal.upper, torch.special.ndtr(-torch.clamp(normal, min=scores[-1]))
        )
        result = torch.where(normal < scores[0], low, result)
        return torch.where(normal > scores[-1], high, result)


def _excess(tail: Tail, probability: Tensor) -> Tensor:
    """Return ``Tail.excess`` in torch."""
    inner = 1.0 / tail.reach
    shifted = inner + torch.clamp(probability, 0.0, tail.share) * (tail.share - inner) / tail.share
    ratio = math.log(tail.share) - torch.log(shifted)
    if abs(tail.shape) < 1e-9:
        return tail.scale * ratio
    return tail.scale * torch.expm1(tail.shape * ratio) / tail.shape
