"""A rollout goes on from the last steps of what came before; the solver keeps to times it was trained on."""

import numpy as np
import pytest
import torch
from torch import nn

from finsim.generators.flow.rollout import Grid, roll_out, solve

WEIGHTS = torch.tensor([0.4, -0.3, 0.2])
"""Of given steps, oldest first: their order matters, and blocks stay within the limit of components."""


class Follower(nn.Module):
    """A stub whose flow ends at a weighted sum of what it is given plus a number per step."""

    def __init__(self):
        super().__init__()
        self.asked, self.anchor = [], nn.Parameter(torch.zeros(1))

    def remember(self, tokens):
        return tokens

    def velocity(self, tokens, time, cache):
        self.asked.append(float(time[0]))
        given = torch.zeros(len(tokens), 1, 1)
        if isinstance(cache, torch.Tensor):
            given = (cache * WEIGHTS[: cache.shape[1]][None, :, None]).sum(dim=1, keepdim=True)
        target = given + torch.arange(1.0, tokens.shape[1] + 1)[None, :, None]
        # Straight to the target: exact for any number of solver steps, undefined at time 1.
        return (target - tokens) / (1.0 - time[:, None, None])


def expected(history, context, window, steps):
    """Return the steps that follow a history when each block continues the last ``context`` ones."""
    series = list(history)
    while len(series) - len(history) < steps:
        recent = series[-context:] if context else []
        told = sum(w * x for w, x in zip(WEIGHTS.tolist(), recent, strict=False))
        series += [told + k for k in range(1, window - len(recent) + 1)]
    return series[len(history) :][:steps]


@pytest.mark.parametrize("history", [[], [5.0], [1.0, 2.0, 3.0], [7.0, -1.0, 4.0, 2.0, -6.0, 3.0, 0.5]])
@pytest.mark.parametrize(("context", "block"), [(3, 2), (2, 4), (1, 1), (0, 3)])
def test_every_block_goes_on_from_the_last_steps(streams, history, context, block):
    grid = Grid(patch=1, context=context, block=block, solver_steps=3)
    past = np.array(history).reshape(1, -1, 1)
    made = roll_out(Follower(), grid, [streams.at("path", 0)], past, 9)
    assert np.allclose(made[0, :, 0], expected(history, context, context + block, 9), atol=1e-4)


def test_the_network_is_never_asked_at_time_one():
    stub = Follower()
    solve(stub, torch.zeros(2, 3, 1), None, 4)
    assert stub.asked == [0.0, 0.25, 0.25, 0.5, 0.5, 0.75, 0.75]


def test_wide_components_pass_and_broken_ones_are_cut(streams):
    """Six standard deviations are a crash, not a broken network; a million is."""

    class Wide(Follower):
        size = 6.0

        def velocity(self, tokens, time, cache):
            return (self.size - tokens) / (1.0 - time[:, None, None])

    grid, stub = Grid(patch=1, context=2, block=3, solver_steps=2), Wide()
    draws, nothing = [streams.at("path", 0)], np.empty((1, 0, 1))
    assert np.allclose(roll_out(stub, grid, draws, nothing, 4), 6.0)
    stub.size = 1e6
    assert roll_out(stub, grid, draws, nothing, 4).max() == 12.0
