"""Training recipe of the flow: random given prefixes, noise, time, and the velocity to match."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

import numpy as np
import torch
from torch import Tensor, nn

from finsim.generators.encoding.series_encoding import to_tokens
from finsim.generators.flow.differentiable_decoding import FlowOutput
from finsim.generators.flow.rollout import Grid, solve
from finsim.generators.generator import Sequences
from finsim.generators.networks import FlowTransformer
from finsim.generators.training.device import normal, torch_stream
from finsim.generators.training.training_windows import places
from finsim.notation import Array, Float3D, Int2D

_JUDGED_WINDOWS = 256
# Rolling out costs several passes of the network: a penalty sees few windows, made in few steps.
_ROLLED_SHARE, _ROLLED_STEPS = 4, 2


class WindowSource:
    """Windows of tokens, cut on demand out of the components of whole sequences."""

    def __init__(self, data: Sequences, components: Float3D, grid: Grid, fewest: int = 1) -> None:
        """Take the components float64[N, T, K] of ``data``; FitError below ``fewest`` windows."""
        self.grid = grid
        self.components: Array = components.astype(np.float32)
        self.where: Int2D = places(data, grid.window, fewest=fewest)

    def take(self, rows: Array) -> Tensor:
        """Return tokens [B, L, D] of the windows ``rows``."""
        sequence, start = self.where[rows].T
        steps = start[:, None] + np.arange(self.grid.window)
        return torch.from_numpy(to_tokens(self.components[sequence[:, None], steps], self.grid.patch))


class FlowRecipe:
    """Rectified flow (Liu et al. 2023, eq. 1) with logit-normal times (Esser et al. 2024, section 3.1)."""

    def __init__(
        self,
        network: FlowTransformer,
        source: WindowSource,
        judged: WindowSource | None,
        prefix_share: float,
        batch: int,
        identity: str,
        output: FlowOutput | None = None,
    ) -> None:
        """Learn from ``source``, judge on ``judged``; see ``Flow.Settings`` for the rest.

        ``output`` decodes windows of ``source`` for a penalty.
        """
        self.network: nn.Module = network
        self.flow, self.source, self.judged = network, source, judged
        self.prefix_share, self.batch, self.identity = prefix_share, batch, identity
        self.output, self.device = output, next(network.parameters()).device

    def parts(self) -> Mapping[str, list[nn.Parameter]]:
        """Return the one optimised part."""
        return {"flow": list(self.network.parameters())}

    def losses(self, done: float, draw: torch.Generator) -> Iterator[tuple[str, Tensor]]:
        """Yield the flow-matching loss of one batch."""
        rows = torch.randint(len(self.source.where), (self.batch,), generator=draw).numpy()
        yield "flow", self._loss(self.source, rows, self._given(draw, self.batch), draw)

    def held_out(self, done: float) -> float | None:
        """Return the loss on evenly spaced held-out windows; the same draws every time."""
        if self.judged is None:
            return None
        count = len(self.judged.where)
        rows = np.unique(np.linspace(0, count - 1, min(count, _JUDGED_WINDOWS)).astype(np.int64))
        rows = np.resize(rows, _JUDGED_WINDOWS)
        draw = torch_stream(0)
        with torch.inference_mode():
            return float(self._loss(self.judged, rows, self._given(draw, len(rows)), draw))

    def made(self, draw: torch.Generator | None) -> Tensor | None:
        """Return windows float64[B, window, C] that the model rolls out behind real contexts."""
        if self.output is None:
            return None
        grid, count = self.source.grid, max(1, self.batch // _ROLLED_SHARE)
        draw = torch_stream(0) if draw is None else draw
        rows = torch.randint(len(self.source.where), (count,), generator=draw).numpy()
        given = grid.context // grid.patch
        tokens = self.source.take(rows).to(self.device)
        noise = normal(tuple(tokens[:, given:].shape), draw, self.device)
        prefix = tokens[:, :given] if given else None
        solved = solve(self.flow, noise, prefix, _ROLLED_STEPS)
        whole = torch.cat([tokens[:, :given], solved], dim=1)
        components = whole.reshape(count, grid.window, whole.shape[2] // grid.patch)
        sequence, start = self.source.where[rows].T
        return self.output.values(components, sequence, start[:, None] + np.arange(grid.window))

    def _given(self, draw: torch.Generator, size: int) -> Array:
        """Draw how many tokens of each window are given: none, the rollout's context, or any number."""
        grid = self.source.grid
        whole, context = grid.window // grid.patch, grid.context // grid.patch
        kind = torch.rand(size, generator=draw).numpy()
        anything = torch.randint(whole, (size,), generator=draw).numpy()
        return np.where(
            kind < 0.5 * self.prefix_share, context, np.where(kind < self.prefix_share, anything, 0)
        )

    def _loss(self, source: WindowSource, rows: Array, given: Array, draw: torch.Generator) -> Tensor:
        tokens = source.take(rows).to(self.device)
        fixed = torch.arange(tokens.shape[1]) < torch.from_numpy(given)[:, None]
        fixed = fixed.to(self.device)
        noise = normal(tuple(tokens.shape), draw, self.device)
        time = torch.sigmoid(normal((len(tokens),), draw, self.device))
        mixed = torch.lerp(noise, tokens, time[:, None, None])
        noisy = torch.where(fixed[:, :, None], tokens, mixed)
        velocity = self.network(noisy, fixed if given.any() else None, time)
        error = (velocity - (tokens - noise)).square().mean(dim=-1)
        free = (~fixed).float()
        loss: Tensor = (error * free).sum() / free.sum()
        return loss
