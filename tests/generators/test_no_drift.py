"""What past levels do not predict ahead gets a constant location, so long paths do not trend."""

import numpy as np
import pytest

from finsim.generators.encoding.location_scale_dynamics import LEAST_EXPLAINED, Dynamics, explained_ahead
from finsim.generators.encoding.moving_average_features import SlowMemory
from finsim.randomness import Streams

HORIZONS, RIDGES = (1, 5, 22), (20.0, 20.0)


@pytest.fixture(scope="module")
def two_channels():
    """A channel whose mean changes by regime without warning, and one that its past predicts."""
    rng = Streams(7).at("two channels")
    steps = 3000
    regime = np.repeat([0.15, -0.1, 0.2, 0.0, -0.15, 0.1], steps // 6)
    unpredictable = regime + rng.standard_normal(steps)
    noise = rng.standard_normal(steps)
    persistent = np.zeros(steps)
    for step in range(1, steps):
        persistent[step] = 0.8 * persistent[step - 1] + noise[step]
    return np.stack([unpredictable, persistent], axis=1)[None]


def test_only_what_predicts_ahead_keeps_its_location(two_channels):
    found = Dynamics.fit(two_channels, HORIZONS, RIDGES)
    assert np.all(found.location[1:, 0] == 0.0)
    assert found.location[0, 0] == pytest.approx(two_channels[..., 0].mean())
    assert np.any(found.location[1:, 1] != 0.0)


def test_share_explained_ahead_of_an_autoregression(two_channels):
    """An AR(1) with coefficient 0.8 explains 0.64 of the next step; regimes explain next to nothing."""
    memory = SlowMemory.fit(two_channels, HORIZONS)
    features = memory.features(memory.trace(two_channels)[:, :-1])
    share = explained_ahead(features, two_channels, RIDGES)
    assert share[1] == pytest.approx(0.64, abs=0.06)
    assert share[0] < LEAST_EXPLAINED


def test_series_and_innovations_stay_inverse(two_channels):
    found = Dynamics.fit(two_channels, HORIZONS, RIDGES)
    trace = found.memory.trace(two_channels)
    innovations = found.innovations(two_channels, trace)
    values, _ = found.series(innovations, trace[:, 0])
    np.testing.assert_allclose(values, two_channels, atol=1e-10)
