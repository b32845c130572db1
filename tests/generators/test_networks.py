"""The flow transformer, its solver, the recurrent stacks and the stringing together of windows."""

import numpy as np
import pytest
import torch
from torch import nn

from finsim.generators.flow.rollout import Grid, roll_out, solve
from finsim.generators.networks import FlowShape, FlowTransformer, TimeGanNetworks, TimeGanShape
from finsim.generators.timegan.window_stitching import stitch
from finsim.generators.training.device import drawn, torch_stream

SHAPE = FlowShape(tokens=6, numbers=4, width=8, blocks=2, heads=2)


def _awake(seed=1):
    """Return a network whose zero-initialised gates and head are drawn too."""
    network = drawn(lambda: FlowTransformer(SHAPE), torch_stream(seed))
    draw = torch_stream(seed + 100)
    with torch.no_grad():
        for weight in network.parameters():
            weight += 0.2 * torch.randn(weight.shape, generator=draw)
    return network


@pytest.mark.parametrize("given", [0, 1, 4])
def test_remembered_keys_give_the_velocity_of_the_whole_window(given):
    network, draw = _awake(), torch_stream(2)
    tokens, time = torch.randn(3, 6, 4, generator=draw), torch.rand(3, generator=draw)
    mask = (torch.arange(6) < given).expand(3, 6)
    with torch.inference_mode():
        whole = network(tokens, mask, time)[:, given:]
        cache = network.remember(tokens[:, :given]) if given else []
        part = network.velocity(tokens[:, given:], time, cache)
    assert torch.allclose(whole, part, atol=1e-5)


def test_given_tokens_do_not_see_new_ones():
    network, draw = _awake(), torch_stream(2)
    tokens = torch.randn(1, 6, 4, generator=draw)
    changed = tokens.clone()
    changed[:, 3:] += 1.0
    mask, time = torch.arange(6)[None] < 3, torch.tensor([0.3])
    with torch.inference_mode():
        one, other = network(tokens, mask, time), network(changed, mask, time)
    assert torch.equal(one[:, :3], other[:, :3])
    assert not torch.equal(one[:, 3:], other[:, 3:])


def test_an_untrained_flow_returns_the_noise():
    network = drawn(lambda: FlowTransformer(SHAPE), torch_stream(1))
    noise = torch.randn(2, 6, 4, generator=torch_stream(3))
    with torch.inference_mode():
        assert torch.equal(solve(network, noise, None, 3), noise)


def test_the_solver_is_exact_for_a_straight_flow():
    class Shift(nn.Module):
        def velocity(self, tokens, time, cache):
            return torch.full_like(tokens, 2.0)

    noise = torch.randn(2, 3, 4, generator=torch_stream(3))
    assert torch.allclose(solve(Shift(), noise, None, 4), noise + 2.0, atol=1e-6)


def test_the_solver_is_of_second_order():
    """Decay dx/dt = -x to exp(-1): four times the steps leave less than a tenth of the error."""

    class Decay(nn.Module):
        def velocity(self, tokens, time, cache):
            return -tokens

    noise = torch.ones(1, 1, 1, dtype=torch.float64)
    gaps = [abs(float(solve(Decay(), noise, None, n)) - np.exp(-1.0)) for n in (8, 32)]
    assert gaps[1] < gaps[0] / 10.0


def test_a_rollout_is_a_prefix_of_a_longer_one(streams):
    network, grid = _awake(), Grid(patch=2, context=4, block=8, solver_steps=2)
    short, long = (
        roll_out(network, grid, [streams.at("path", i) for i in range(3)], np.empty((3, 0, 2)), steps)
        for steps in (5, 40)
    )
    assert np.array_equal(long[:, :5], short)
    assert long.shape == (3, 40, 2)


def test_the_official_size_of_timegan():
    """Reference study: 49,783 parameters at H = 24, L = 3, C = 6 with torch's two GRU biases."""
    networks = TimeGanNetworks(TimeGanShape(channels=6, hidden=24, layers=3))
    assert sum(weight.numel() for weight in networks.parameters()) == 49_783


def test_windows_are_shares_of_the_range():
    networks = drawn(lambda: TimeGanNetworks(TimeGanShape(3, 5, 2)), torch_stream(1))
    with torch.inference_mode():
        windows = networks.windows(torch.rand(7, 11, 3, generator=torch_stream(2)))
    assert windows.shape == (7, 11, 3)
    assert windows.min() >= 0.0
    assert windows.max() <= 1.0


def test_stitching_takes_the_window_that_fits(streams):
    """Windows of a rising counter with random offsets: the nearest start goes on without a gap."""
    draw = streams.at("windows")

    def make():
        starts = np.stack([draw.permutation(40)[:20] for _ in range(2)]).astype(float)
        starts[:, 0] = 0.0
        return (starts[:, :, None] + np.arange(5.0))[..., None]

    past = np.array([[[3.0], [4.0]], [[7.0], [8.0]]])
    path = stitch(make, 4, past, overlap=2)
    assert path.shape == (2, 4, 1)
    assert np.abs(path[:, 0, 0] - [5.0, 9.0]).max() <= 2.0
    assert np.array_equal(np.diff(path[:, :3, 0], axis=1), np.ones((2, 2)))


def test_stitching_without_a_past_starts_with_the_first_window():
    windows = np.arange(6.0).reshape(1, 2, 3, 1)
    assert stitch(lambda: windows, 3, None, overlap=1)[0, :, 0].tolist() == [0.0, 1.0, 2.0]
