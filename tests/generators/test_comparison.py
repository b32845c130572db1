"""Generators that are there to be compared with: a conditional GAN and a variational autoencoder."""

import dataclasses

import numpy as np
import pytest
import torch
from small_generators import RCGAN, TIMEVAE, clustered, fitted

from finsim.errors import FitError
from finsim.generators.comparison.rcgan import GanNetworks, GanShape, Rcgan, conditions_of
from finsim.generators.comparison.timevae import TimeVae, VaeNetworks, VaeRecipe, VaeShape
from finsim.generators.comparison.window_encoding import WindowEncoding, energy_distance
from finsim.generators.comparison.window_model import Windows
from finsim.generators.generator import Budget
from finsim.generators.training.device import drawn, torch_stream
from finsim.randomness import Streams


def regimes(steps=1_500):
    """Return one history that is calm or wild for 100 steps in turn, its second series tied to the first."""
    draw = np.random.default_rng(4)
    scale = np.where(np.arange(steps) // 100 % 2, 3.0, 0.5)
    first = scale * draw.standard_t(5, steps)
    second = 0.8 * first + 0.6 * scale * draw.standard_normal(steps)
    return dataclasses.replace(clustered(steps, 2), values=np.stack([first, second], axis=1)[None])


def test_encoding_goes_there_and_back(streams):
    windows = regimes(400).values.reshape(20, 20, 2)
    encoding = WindowEncoding.fit(windows, streams.at("atoms"))
    components = encoding.forward(windows)
    assert np.allclose(np.cov(components.reshape(-1, 2).T), np.eye(2), atol=0.05)
    near = np.abs(components).max(axis=-1) < 2.0
    assert np.allclose(encoding.inverse(components)[near], windows[near], atol=0.05)
    again = WindowEncoding.from_arrays(encoding.arrays())
    assert np.array_equal(again.inverse(components), encoding.inverse(components))
    assert np.array_equal(encoding.inverse(components + 99.0), encoding.inverse(components + 999.0))


def test_energy_distance_is_none_between_equals_and_grows_with_the_gap():
    draw = torch_stream(1)
    left, right = torch.randn(200, 4, 2, generator=draw), torch.randn(200, 4, 2, generator=draw)
    apart = [energy_distance(left, right + gap) for gap in (0.0, 0.5, 2.0)]
    assert abs(apart[0]) < 0.05
    assert apart[0] < apart[1] < apart[2]
    points = torch.tensor([[[0.0]], [[3.0]]])
    assert energy_distance(points, points + 1.0) == pytest.approx(2 * (1 + 1 + 2 + 4) / 4 - 6)


def test_a_bound_of_the_vae_is_that_of_its_equation(streams):
    """Networks without weights: the same normal code and window for everything."""
    windows = Windows.of(clustered(), TIMEVAE, streams.at("atoms"))
    _, steps, components = windows.learned.shape
    networks = drawn(lambda: VaeNetworks(VaeShape(steps, components, 2, 4)), torch_stream(1))
    with torch.no_grad():
        for weight in networks.parameters():
            weight.zero_()
        networks.inward.bias[:2] = 1.0  # means of the codes
        networks.inward.bias[2:] = 0.3  # their log deviations
        networks.head.bias[components:] = 0.5  # log deviations of the windows
    recipe = VaeRecipe(networks, windows, 8, "x")
    ((_, loss),) = recipe.losses(1.0, torch_stream(3))
    rows = torch.randint(len(windows.learned), (8,), generator=torch_stream(3))
    fit = 0.5 * windows.learned[rows].square().mean() * np.exp(-1.0) + 0.5
    divergence = 2 * (0.5 * np.exp(0.6) - 0.3)
    assert float(loss.detach()) == pytest.approx(float(fit) + divergence / (steps * components), rel=1e-5)


def test_conditions_are_logs_of_the_size_of_moves():
    windows = torch.tensor([[[3.0, 4.0]], [[0.3, 0.4]], [[0.0, 0.0]]])
    expected = [np.log(np.sqrt(12.5)), np.log(np.sqrt(0.125)), np.log(1e-3)]
    assert torch.allclose(conditions_of(windows), torch.tensor(expected, dtype=torch.float32))


def test_the_condition_reaches_both_networks():
    networks = drawn(lambda: GanNetworks(GanShape(2, 3, 4, 1)), torch_stream(1))
    noise, calm, wild = torch.ones(1, 5, 3), torch.zeros(1), torch.ones(1)
    assert not torch.allclose(networks.windows(noise, calm), networks.windows(noise, wild))
    windows = networks.windows(noise, calm)
    assert not torch.allclose(networks.judged(windows, calm), networks.judged(windows, wild))
    assert networks.judged(windows, calm).shape == (1, 5, 1)


@pytest.mark.parametrize(("kind", "settings"), [(Rcgan, RCGAN), (TimeVae, TIMEVAE)])
def test_impossible_sizes_are_refused(kind, settings, streams):
    for change, words in (({"window": 2}, "window"), ({"batch": 0}, "batch"), ({"overlap": 0}, "overlap")):
        with pytest.raises(FitError, match=words):
            kind.refuse(clustered(), dataclasses.replace(settings, **change))
    with pytest.raises(FitError, match="windows of 8 observed steps"):
        kind.refuse(clustered(20), dataclasses.replace(settings, held_out=0.0))


@pytest.mark.slow
def test_a_vae_learns_regimes_that_noise_has_not():
    """Windows are calm or wild as a whole: sizes of moves of one window belong together."""
    data = regimes()
    settings = dataclasses.replace(
        TIMEVAE, window=16, code=4, width=16, batch=64, held_out=0.0, learning_rate=5e-3
    )
    model = fitted(TimeVae, Streams(3), data, settings, Budget(200))
    made = model.sample(400, 16, Streams(1))
    left, right = np.log(np.abs(made[:, :8]).mean(axis=(1, 2))), np.log(np.abs(made[:, 8:]).mean(axis=(1, 2)))
    assert np.corrcoef(left, right)[0, 1] > 0.5
    noise = model.encoding.inverse(Streams(2).at("noise").standard_normal((400, 16, 2)))
    left, right = (
        np.log(np.abs(noise[:, :8]).mean(axis=(1, 2))),
        np.log(np.abs(noise[:, 8:]).mean(axis=(1, 2))),
    )
    assert abs(np.corrcoef(left, right)[0, 1]) < 0.2
