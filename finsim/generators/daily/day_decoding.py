"""Decode made days in torch with gradients, for a rule penalty."""

from __future__ import annotations

import numpy as np
import torch
from torch import Tensor

from finsim.generators.daily.day_encoding import Course, DayEncoding
from finsim.generators.encoding.differentiable_marginals import marginal_values
from finsim.notation import Array, Bool2D, Int2D


class DayOutput:
    """Values of windows of made days, float64, differentiable in their components.

    The state before each day is that of the real history, not of what was made (teacher forcing), so a
    window decodes at once. Equal to ``DayEncoding`` otherwise; the corrections that are fitted after
    training are not in it. ``starts`` int64[W, 2] : sequence and first step of every window of ``steps``.
    """

    def __init__(
        self, encoding: DayEncoding, course: Course, observed: Bool2D, steps: int, device: torch.device
    ) -> None:
        """Take the course of the training sequences."""
        self.encoding, self.device, self.steps = encoding, device, min(steps, observed.shape[1])
        self.location = self._tensor(course.location)
        self.scale = self._tensor(np.exp(course.spread))
        self.factors = self._tensor(encoding.factors(course))
        self.told = self._tensor(encoding.told(course))
        whole = np.lib.stride_tricks.sliding_window_view(observed, self.steps, axis=1)
        self.starts: Int2D = np.argwhere(whole.all(axis=-1))
        flat = np.zeros(encoding.state.layout.channels, dtype=np.bool_)
        flat[encoding.state.layout.where("upper", "lower")] = True
        self.shadow = torch.from_numpy(flat).to(device)

    def _tensor(self, array: Array) -> Tensor:
        return torch.from_numpy(np.ascontiguousarray(array, dtype=np.float64)).to(self.device)

    def told_of(self, starts: Int2D) -> Tensor:
        """Return float32[B, n, 2], what is told of each step of windows from ``starts`` int64[B, 2] on."""
        return self.told[self._steps(starts)].float()

    def _steps(self, starts: Int2D) -> tuple[Array, Array]:
        return starts[:, :1], starts[:, 1:] + np.arange(self.steps)

    def values(self, components: Tensor, starts: Int2D) -> Tensor:
        """Return float64[B, n, C] of components [B, n, K] in windows that begin at ``starts`` int64[B, 2]."""
        scaling = self.encoding.scaling
        turn = self._tensor((scaling.rotation * scaling.size).T)
        found = self._tensor(scaling.centre) + self._tensor(scaling.spread) * (components.double() @ turn)
        at = self._steps(starts)
        scores = self.location[at] + self.scale[at] * found
        channels = enumerate(self.encoding.marginals.channels)
        scaled = torch.stack([marginal_values(one, scores[..., index]) for index, one in channels], dim=-1)
        grown = self._tensor(self.encoding.state.centre) + self.factors[at] * scaled
        return torch.where(self.shadow & (scaled <= 0.0), scaled, grown)
