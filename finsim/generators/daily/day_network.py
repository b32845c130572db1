"""The velocity field of a flow over one day's vector, and draws along it."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor, nn
from torch.nn.functional import layer_norm, silu

_WAVES, _SPACING = 8, 1.5
TOLD = 2
"""What the network is told of the market before a day: its tension and its unity."""


@dataclass(frozen=True)
class DayShape:
    """Components of a day, and width and number of the residual layers."""

    components: int
    width: int
    layers: int


class DayNetwork(nn.Module):
    """A residual network of dense layers: a noisy day, the time, tension and unity to a velocity.

    Source: own; residual blocks with layer normalisation, time as sines and cosines.
    """

    def __init__(self, shape: DayShape) -> None:
        super().__init__()
        self.shape = shape
        self.inward = nn.Linear(shape.components + TOLD + 2 * _WAVES, shape.width)
        self.rise = nn.ModuleList(nn.Linear(shape.width, shape.width) for _ in range(shape.layers))
        self.fall = nn.ModuleList(nn.Linear(shape.width, shape.width) for _ in range(shape.layers))
        self.outward = nn.Linear(shape.width, shape.components)

    def settle(self) -> None:
        """Start from velocity 0."""
        nn.init.zeros_(self.outward.weight)

    def forward(self, vectors: Tensor, time: Tensor, told: Tensor) -> Tensor:
        """Return the velocity [B, K] of vectors [B, K] at times [B], told tension and unity [B, 2]."""
        angles = time[:, None] * torch.arange(1, _WAVES + 1, device=time.device) * _SPACING
        hidden = self.inward(torch.cat([vectors, told, angles.sin(), angles.cos()], dim=-1))
        for rise, fall in zip(self.rise, self.fall, strict=True):
            normed = layer_norm(hidden, hidden.shape[-1:])
            hidden = hidden + fall(silu(rise(normed)))
        velocity: Tensor = self.outward(silu(hidden))
        return velocity


def carried(network: DayNetwork, noise: Tensor, told: Tensor, solver_steps: int) -> Tensor:
    """Carry noise [B, K], told tension and unity [B, 2], along the flow from time 0 to 1.

    Heun's method on an even grid; the last step is Euler's:
    time 1 itself is never trained, so the network is not asked there.
    """
    x, size = noise, 1.0 / solver_steps
    for index in range(solver_steps):
        time = torch.full((len(x),), index * size, device=x.device)
        slope = network(x, time, told)
        if index + 1 < solver_steps:
            slope = 0.5 * (slope + network(x + size * slope, time + size, told))
        x = x + size * slope
    return x
