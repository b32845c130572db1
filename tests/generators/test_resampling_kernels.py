"""Kernels of the generators against their plain twins, on random and nasty input."""

import numpy as np
import pytest
from naive import location_scale as naive_location_scale
from naive import resampling as naive_resampling

from finsim.kernels.location_scale import roll
from finsim.kernels.resampling import stationary_rows


@pytest.mark.parametrize("probability", [0.0, 0.1, 1.0])
@pytest.mark.parametrize("shape", [(0, 5), (3, 0), (1, 1), (4, 60)])
def test_stationary_rows(streams, probability, shape):
    draw = streams.at("rows")
    successor = np.roll(np.arange(7, dtype=np.int64), -1)
    restarts, uniforms = draw.integers(0, 7, shape), draw.random(shape)
    rows = np.full(shape, -1, dtype=np.int64)
    stationary_rows(successor, restarts, uniforms, probability, rows)
    assert np.array_equal(rows, naive_resampling.stationary_rows(successor, restarts, uniforms, probability))


def _problem(draw, paths, steps, channels, horizons, spread=1.0):
    width = 2 * channels * horizons
    features = np.stack(
        [
            draw.random(width),
            draw.standard_normal(width),
            0.5 + draw.random(width),
            np.full(width, -1.5),
            np.full(width, 1.5),
        ]
    )
    loadings = 0.2 * draw.standard_normal((2, 1 + width, channels))
    bounds = np.array([[[-1.0] * channels, [1.0] * channels], [[-0.8] * channels, [0.8] * channels]])
    innovations = spread * draw.standard_normal((paths, steps, channels))
    averages = np.abs(draw.standard_normal((paths, width)))
    return innovations, averages, features, loadings, bounds


@pytest.mark.parametrize(
    ("paths", "steps", "channels", "horizons", "spread"),
    [
        (0, 4, 2, 1, 1.0),
        (2, 0, 2, 1, 1.0),
        (1, 1, 1, 1, 1.0),
        (3, 25, 3, 2, 1.0),
        (2, 9, 2, 3, 1e6),
        (2, 9, 1, 1, 0.0),
    ],
)
def test_roll(streams, paths, steps, channels, horizons, spread):
    problem = _problem(streams.at(paths, steps), paths, steps, channels, horizons, spread)
    innovations, averages = problem[:2]
    values, ends = naive_location_scale.roll(*problem)
    found = np.full_like(innovations, np.nan)
    roll(*problem, found)
    assert np.allclose(found, np.array(values).reshape(found.shape), rtol=1e-10)
    assert np.allclose(averages, np.array(ends).reshape(averages.shape), rtol=1e-10)


def test_roll_with_a_negative_mean_square(streams):
    """Rounding can leave a mean of squares just below zero; its logarithm must stay a number."""
    problem = _problem(streams.at("negative"), 1, 3, 1, 1)
    problem[1][:] = -1e-18
    found = np.empty_like(problem[0])
    roll(*problem, found)
    assert np.isfinite(found).all()
