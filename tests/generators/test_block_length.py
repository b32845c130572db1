"""The automatic block length against a published value, a closed form, and the bootstrap's own law."""

import numpy as np
import pytest
from numpy.random import MT19937, Generator
from small_generators import fitted

from finsim.errors import FitError
from finsim.generators.block_length import stationary_block_length
from finsim.generators.bootstrap import Bootstrap
from finsim.generators.generator import Sequences


def _autoregression(noise, coefficient):
    series = noise.copy()
    for step in range(1, len(series)):
        series[step] = coefficient * series[step - 1] + noise[step]
    return series


def _polar_normals(rng, count):
    """Marsaglia's polar method in the order of NumPy's legacy ``standard_normal``."""
    found = []
    while len(found) < count:
        x, y = 2.0 * rng.random(2) - 1.0
        radius = x * x + y * y
        if 0.0 < radius < 1.0:
            stretch = np.sqrt(-2.0 * np.log(radius) / radius)
            found += [stretch * y, stretch * x]
    return np.array(found[:count])


def test_published_value():
    """bashtage/arch, tests/bootstrap/test_block_length.py: 13.635665 for this AR(1) series."""
    # The published series comes from NumPy's legacy stream of seed 0, taken here from its bit generator.
    legacy = MT19937()
    legacy._legacy_seeding(0)
    noise = _polar_normals(Generator(legacy), 10_100)
    assert stationary_block_length(_autoregression(noise, 0.3)[100:]) == pytest.approx(13.635665, rel=1e-6)


@pytest.mark.parametrize("coefficient", [0.2, 0.5, 0.8])
def test_closed_form_of_an_autoregression(streams, coefficient):
    """(2a / (1 - a^2))^(2/3) T^(1/3): within 25 % at T = 40,000, mean of 5 series."""
    size = 40_000
    noise = streams.at("noise").standard_normal((5, size))
    found = np.mean([stationary_block_length(_autoregression(row, coefficient)) for row in noise])
    wanted = (2 * coefficient / (1 - coefficient**2)) ** (2 / 3) * size ** (1 / 3)
    assert found == pytest.approx(wanted, rel=0.25)


@pytest.mark.parametrize("series", [np.zeros(100), np.ones(3), np.arange(5.0)])
def test_nothing_to_measure_gives_one(series):
    assert stationary_block_length(series) == 1.0


def test_length_is_bounded():
    assert stationary_block_length(np.arange(900.0)) <= 90.0


def test_mean_block_is_the_wanted_one(streams):
    """Steps of a counter that do not go on by 1 are jumps: their share is 1/8 within 4 standard errors."""
    counter = np.arange(1000.0)[None, :, None]
    model = fitted(Bootstrap, streams, Sequences(counter), Bootstrap.Settings(block=8.0))
    steps = np.diff(model.sample(50, 1000, streams)[:, :, 0], axis=1) % 1000.0
    jumps = (steps != 1.0).mean()
    # One jump in 1,000 lands on the next row by chance.
    assert jumps == pytest.approx(0.999 / 8.0, abs=4 * np.sqrt(0.125 * 0.875 / steps.size))


def test_every_row_is_a_real_row(streams):
    data = Sequences(np.arange(60.0).reshape(3, 10, 2))
    rows = fitted(Bootstrap, streams, data).sample(4, 50, streams).reshape(-1, 2)
    assert np.array_equal(rows[:, 1], rows[:, 0] + 1.0)
    assert set(rows[:, 0]) <= set(range(0, 60, 2))


def test_sequences_are_not_run_together(streams):
    """A block that reaches the end of a sequence goes on at its beginning, never in another one."""
    data = Sequences(np.repeat(np.arange(5.0), 20).reshape(5, 20, 1))
    series = fitted(Bootstrap, streams, data, Bootstrap.Settings(block=1e9)).sample(30, 100, streams)
    assert (series == series[:, :1]).all()


def test_block_below_one_is_refused(streams):
    with pytest.raises(FitError, match="block"):
        fitted(Bootstrap, streams, settings=Bootstrap.Settings(block=0.5))
