"""GJR-GARCH bodies: parameters of made returns come back, residuals are undone, kernels have twins."""

import numpy as np
import pytest
from small_generators import clustered, fitted

from finsim.errors import FitError
from finsim.generators.channel_layout import Layout
from finsim.generators.classical.garch import Garch
from finsim.generators.classical.garch_law import LARGEST, garch_law
from finsim.generators.generator import Sequences
from finsim.kernels.markets.garch_walk import filtered, garch_walk
from finsim.randomness import Streams

ROLES = ("move", "gap", "upper", "lower", "other")


def plain_variances(returns, begins, law, largest):
    """Return the variances before and after, step by step in plain Python."""
    alpha, gamma, beta, losses = law
    found, variance = [], 1.0
    for value, begin in zip(returns, begins, strict=True):
        variance = 1.0 if begin else variance
        found.append(variance)
        answer = alpha + gamma * (value < 0)
        variance = min(1 - alpha - losses * gamma - beta + answer * value**2 + beta * variance, largest)
    return np.array(found), variance


def made_returns(law, steps, nu, seed=0):
    draw = np.random.default_rng(seed)
    noise = draw.standard_t(nu, steps) / np.sqrt(nu / (nu - 2))
    variance, found = 1.0, []
    for z in noise:
        value = np.sqrt(variance) * z
        found.append(value)
        variance = (
            1 - law[0] - law[1] / 2 - law[2] + (law[0] + law[1] * (value < 0)) * value**2 + law[2] * variance
        )
    return np.array(found)


def test_the_filter_is_the_plain_one():
    returns = np.random.default_rng(1).standard_t(3, 300)
    returns[7] = 1e6
    begins = np.zeros(300, dtype=bool)
    begins[[0, 100]] = True
    law, found = np.array([0.05, 0.1, 0.85, 0.55]), np.empty(300)
    after = filtered(returns, begins, law, LARGEST, found)
    wanted, last = plain_variances(returns, begins, law, LARGEST)
    assert found == pytest.approx(wanted)
    assert after == pytest.approx(last)
    assert found.max() == LARGEST


def test_the_law_of_made_returns_comes_back():
    law = np.array([0.04, 0.1, 0.87])
    returns = made_returns(law, 12_000, 6)
    begins = np.zeros(len(returns), dtype=bool)
    begins[0] = True
    found = garch_law(returns / returns.std(), begins)
    assert found[:3] == pytest.approx(law, abs=0.03)
    assert found[1] > 0.05


def test_a_series_that_never_moves_has_a_law_at_rest():
    assert garch_law(np.zeros(200), np.zeros(200, dtype=bool)).tolist() == [0.0, 0.0, 0.0, 0.5]


def bars(steps=400, series=2):
    draw = np.random.default_rng(4)
    rows = draw.standard_normal((steps, series * 5)) * 0.01
    rows[:, 2::5], rows[:, 3::5] = np.abs(rows[:, 2::5]) * 90, np.where(rows[:, 3::5] > 0, 0.9, -0.25)
    for step in range(1, steps):
        rows[step, 4::5] += 0.7 * rows[step - 1, 4::5]
    return Sequences(rows[None], layout=Layout(series, ROLES, np.ones((series, 2))))


def test_walking_the_residuals_in_order_gives_the_data_back():
    data = bars()
    model = fitted(Garch, Streams(0), data, Garch.Settings())
    rows, arrays = data.values[0], dict(model.arrays)
    signed = model.layout.where("move", "gap")
    # Residuals are brought to variance 1; undo that to compare with the data.
    spread = (rows[:, signed] - arrays["centre"][signed]) / np.sqrt(np.repeat(arrays["variances"], 2, axis=1))
    assert np.allclose(spread / arrays["residuals"][:, signed], (spread / arrays["residuals"][:, signed])[0])
    arrays["residuals"][:, signed] = spread
    values = np.empty((1, *rows.shape))
    start = arrays["variances"][:1].copy(), arrays["before"][:1].copy()
    order = np.arange(len(rows))[None]
    garch_walk(arrays["residuals"], order, model._constants(), LARGEST, start, values)
    assert values[0] == pytest.approx(rows)
    assert arrays["carry"][4] == pytest.approx(0.7, abs=0.15)


def test_paths_keep_size_dependence_and_clustering():
    data = clustered(steps=3000)
    model = fitted(Garch, Streams(0), data, Garch.Settings())
    made = model.sample(20, 1000, Streams(1))
    real = data.values[0]
    assert made.reshape(-1, 3).std(axis=0) == pytest.approx(real.std(axis=0), rel=0.15)
    wanted = np.corrcoef(real.T)[0, 2]
    assert np.corrcoef(made.reshape(-1, 3).T)[0, 2] == pytest.approx(wanted, abs=0.05)
    sizes = np.abs(made[..., 0] - made[..., 0].mean())
    lagged = [np.corrcoef(one[5:], one[:-5])[0, 1] for one in sizes]
    assert np.mean(lagged) > 0.05


def test_a_wild_history_makes_wild_paths():
    model = fitted(Garch, Streams(0), clustered(steps=1500), Garch.Settings())
    calm = np.tile(model.arrays["centre"], (30, 1))
    wild = calm.copy()
    wild[:, 0] += 6 * model.arrays["sizes"][0] * (-1.0) ** np.arange(30)
    spread = [model.sample(200, 3, Streams(2), history=past)[..., 0].std() for past in (calm, wild)]
    assert spread[1] > 1.5 * spread[0]


def test_a_short_history_is_refused():
    with pytest.raises(FitError) as caught:
        fitted(Garch, Streams(0), Sequences(np.ones((1, 99, 2))), Garch.Settings())
    assert caught.value.problems[0].remedy
