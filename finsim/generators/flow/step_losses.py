"""The loss of a fitted flow on each step of a history: what a thief of the model can compute."""

from __future__ import annotations

import numpy as np
import torch

from finsim.generators.encoding.series_encoding import to_tokens
from finsim.generators.flow.rollout import Grid
from finsim.generators.networks import FlowTransformer
from finsim.generators.training.device import normal, one_thread, torch_stream
from finsim.notation import Float1D, Float2D

DRAWS, STARTS_APART, BATCH = 16, 4, 256


def step_losses(
    network: FlowTransformer, grid: Grid, components: Float2D, first: int, stop: int, word: int
) -> Float1D:
    """Return the flow-matching loss of steps ``first`` to ``stop`` of components float64[T, K]: float64[n].

    Windows inside the part that begin at each fourth token are seen under 16 draws of noise and time,
    the same for every window; a step has the mean over its windows, NaN where no window fits.
    """
    total, seen = np.zeros(stop - first), np.zeros(stop - first)
    starts = np.arange(first, stop - grid.window + 1, STARTS_APART * grid.patch)
    if not len(starts):
        return np.full(stop - first, np.nan)
    steps = starts[:, None] + np.arange(grid.window)
    tokens = torch.from_numpy(to_tokens(components[steps].astype(np.float32), grid.patch))
    device, draw = next(network.parameters()).device, torch_stream(word)
    losses = torch.zeros(tokens.shape[:2])
    with torch.inference_mode(), one_thread():
        for _ in range(DRAWS):
            noise = normal((1, *tokens.shape[1:]), draw, device)
            time = torch.sigmoid(normal((1,), draw, device))
            for begun in range(0, len(tokens), BATCH):
                part = tokens[begun : begun + BATCH].to(device)
                mixed = torch.lerp(noise.expand_as(part), part, time[:, None, None])
                velocity = network(mixed, None, time.expand(len(part)))
                error = (velocity - (part - noise)).square().mean(dim=-1)
                losses[begun : begun + BATCH] += error.cpu() / DRAWS
    by_step = np.repeat(losses.numpy().astype(np.float64), grid.patch, axis=1)
    np.add.at(total, steps - first, by_step)
    np.add.at(seen, steps - first, 1.0)
    return np.where(seen > 0, total / np.maximum(seen, 1.0), np.nan)
