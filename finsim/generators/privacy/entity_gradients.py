"""Gradients of whole entities: clipped together, summed, noised.

Symbols: E entities, D numbers of a gradient.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence

import numpy as np
import torch
from torch import Tensor, nn

from finsim.notation import Array, Int1D

Weights = dict[str, Tensor]
EntityLoss = Callable[..., Tensor]
"""(weights by name, the tensors of one entity) -> its loss."""


def drawn_entities(count: int, rate: float, draw: np.random.Generator) -> Int1D:
    """Return the entities of one update: each of ``count`` with probability ``rate``, on its own.

    Poisson sampling, as the accountant assumes; the result may be empty.
    """
    return np.flatnonzero(draw.random(count) < rate).astype(np.int64)


def entity_gradients(loss: EntityLoss, weights: Weights, batches: Sequence[Tensor]) -> Tensor:
    """Return float[E, D]: the gradient of every entity's loss, all of its rows in one; D by order of name.

    batches : tensors [E, ...] of equal entities. For ragged ones see ``ragged_gradients``.
    """
    slopes = torch.func.vmap(torch.func.grad(loss), in_dims=(None, *(0 for _ in batches)))(weights, *batches)
    return torch.cat([slopes[name].flatten(1) for name in weights], dim=1)


def ragged_gradients(losses: Iterable[Tensor], weights: Sequence[nn.Parameter]) -> Iterator[Tensor]:
    """Yield float[1, D] for every entity's loss, however many rows it is the loss of."""
    for loss in losses:
        slopes = torch.autograd.grad(loss, weights, allow_unused=True)
        flat = [
            (torch.zeros_like(weight) if slope is None else slope).flatten()
            for slope, weight in zip(slopes, weights, strict=True)
        ]
        yield torch.cat(flat)[None]


def clipped_sum(chunks: Iterable[Tensor], clip: float, size: int) -> Tensor:
    """Return float64[D]: the sum of gradients float[E, D], each scaled to a norm of at most ``clip``.

    An entity more or less changes it by at most ``clip``. A gradient that is not finite counts as none.
    """
    total = torch.zeros(size, dtype=torch.float64)
    for chunk in chunks:
        rows = chunk.detach().cpu().double()
        norms = rows.norm(dim=1, keepdim=True)
        finite = torch.isfinite(norms)
        scale = torch.where(finite, (clip / norms.clamp_min(1e-300)).clamp_max(1.0), 0.0)
        total += (torch.where(finite, rows, 0.0) * scale).sum(dim=0)
    return total


def noised(total: Tensor, clip: float, sigma: float, draw: np.random.Generator) -> Tensor:
    """Return the sum with independent N(0, (sigma * clip)^2) noise on every number.

    The noise has the whole key of its stream; a torch generator on the CPU has 32 bits, which can be tried.
    """
    noise: Array = draw.standard_normal(len(total))
    return total + sigma * clip * torch.from_numpy(noise)


def as_slopes(flat: Tensor, weights: Sequence[nn.Parameter]) -> list[Tensor]:
    """Return a gradient of D numbers in the shapes, type and place of the weights."""
    parts = torch.split(flat, [weight.numel() for weight in weights])
    return [part.view_as(weight).to(weight) for part, weight in zip(parts, weights, strict=True)]
