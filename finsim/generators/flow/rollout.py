"""Roll a flow forward block by block from given steps."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from finsim.generators.encoding.series_encoding import from_tokens, to_tokens
from finsim.generators.networks import FlowTransformer
from finsim.notation import Float3D

# Components have variance 1: a bound that only a broken network can meet.
_LIMIT = 12.0


@dataclass(frozen=True)
class Grid:
    """The sizes of a rollout, in steps; all are multiples of ``patch``."""

    patch: int
    context: int
    block: int
    solver_steps: int

    @property
    def window(self) -> int:
        """Return the longest window the network was trained on."""
        return self.context + self.block


def solve(network: FlowTransformer, noise: Tensor, prefix: Tensor | None, solver_steps: int) -> Tensor:
    """Carry noise [B, n, D] along the flow from time 0 to 1, behind ``prefix`` [B, P, D].

    Heun's method on an even grid; the last step is Euler's, since time 1 itself is never trained.
    """
    cache = [] if prefix is None else network.remember(prefix)
    x, size = noise, 1.0 / solver_steps
    for index in range(solver_steps):
        time = torch.full((len(x),), index * size, device=x.device)
        slope = network.velocity(x, time, cache)
        if index + 1 < solver_steps:
            ahead = network.velocity(x + size * slope, time + size, cache)
            slope = 0.5 * (slope + ahead)
        x = x + size * slope
    return x


def roll_out(
    network: FlowTransformer,
    grid: Grid,
    draws: list[np.random.Generator],
    past: Float3D,
    steps: int,
) -> Float3D:
    """Return components float64[B, steps, K] behind the past ones float64[B, P, K], P >= 0.

    draws : one generator per path; each block draws the same amount whatever is left of ``steps``.
    """
    pieces: list[Float3D] = []
    made = 0
    while made < steps:
        given = min(past.shape[1], grid.context) // grid.patch * grid.patch
        recent = past[:, past.shape[1] - given :]
        fresh = _block(network, grid, draws, recent)
        joined = np.concatenate([recent, fresh], axis=1)
        past = joined[:, max(0, joined.shape[1] - grid.context) :]
        pieces.append(fresh)
        made += fresh.shape[1]
    return np.concatenate(pieces, axis=1)[:, :steps]


def _block(
    network: FlowTransformer, grid: Grid, draws: list[np.random.Generator], recent: Float3D
) -> Float3D:
    """Return the components of the rest of a window behind the recent ones."""
    device = next(network.parameters()).device
    new, numbers = (grid.window - recent.shape[1]) // grid.patch, grid.patch * recent.shape[2]
    noise = np.stack([draw.standard_normal((new, numbers), dtype=np.float32) for draw in draws])
    prefix = None
    if recent.shape[1]:
        prefix = torch.from_numpy(to_tokens(recent, grid.patch).astype(np.float32)).to(device)
    with torch.inference_mode():
        solved = solve(network, torch.from_numpy(noise).to(device), prefix, grid.solver_steps)
    components = from_tokens(solved.cpu().numpy().astype(np.float64), grid.patch)
    return np.clip(components, -_LIMIT, _LIMIT)
