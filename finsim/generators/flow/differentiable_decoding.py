"""Decode the flow's output in torch with gradients, for a rule penalty."""

from __future__ import annotations

import numpy as np
import torch
from torch import Tensor

from finsim.generators.encoding.channel_dependence import Coupling
from finsim.generators.encoding.differentiable_marginals import marginal_values
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
        return torch.stack([marginal_values(one, found[..., index]) for index, one in channels], dim=-1)

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
