"""Scaling, windows, marginals, dynamics and coupling: each goes forth and back without loss."""

import hypothesis.extra.numpy as arrays
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import genpareto, kurtosis
from small_generators import clustered

from finsim.errors import FitError
from finsim.generators.encoding.channel_dependence import Coupling
from finsim.generators.encoding.gaussian_marginals import Marginal, Marginals
from finsim.generators.encoding.location_scale_dynamics import Dynamics
from finsim.generators.encoding.moving_average_features import SlowMemory
from finsim.generators.encoding.scaling import Range, Scaling
from finsim.generators.generator import Sequences
from finsim.generators.training.training_windows import cut, join, split

NUMBERS = st.floats(-1e6, 1e6, allow_nan=False)


@settings(deadline=None, max_examples=30)
@given(arrays.arrays(np.float64, st.tuples(st.integers(1, 30), st.integers(1, 4)), elements=NUMBERS))
def test_scaling_comes_back(values):
    scaling = Scaling.fit(values)
    back = scaling.inverse(scaling.forward(values))
    assert np.allclose(back, values, rtol=1e-4, atol=1e-4 * (1.0 + values.std(axis=0).max()))


def test_scaling_makes_uncorrelated_components_of_variance_one(streams):
    values = streams.at("x").standard_normal((500, 3)) @ np.array([[1, 2, 0], [0, 1e-3, 5], [0, 0, 1e4]])
    components = Scaling.fit(values).forward(values)
    assert np.allclose(np.cov(components.T, bias=True), np.eye(3), atol=1e-8)


def test_scaling_keeps_exact_relations(streams):
    first = streams.at("x").standard_normal((100, 2))
    values = np.column_stack([first, first[:, 0], np.full(100, 7.0)])
    scaling = Scaling.fit(values)
    assert scaling.components == 2
    made = scaling.inverse(streams.at("y").standard_normal((50, 2)))
    assert np.allclose(made[:, 2], made[:, 0])
    assert (made[:, 3] == 7.0).all()


def test_scaling_without_rotation_only_standardises(streams):
    values = streams.at("x").standard_normal((100, 2)) * 5.0 + 2.0
    assert np.allclose(
        Scaling.fit(values, rotate=False).forward(values), (values - values.mean(0)) / values.std(0)
    )


def test_range_is_the_official_one():
    values = np.array([[0.0, 5.0], [4.0, 5.0]])
    scaled = Range.fit(values).forward(values)
    assert np.allclose(scaled, [[0.0, 0.0], [1.0, 0.0]], atol=1e-7)
    assert np.allclose(Range.fit(values).inverse(scaled), values)


@pytest.mark.parametrize(("length", "stride"), [(1, 1), (5, 1), (5, 5), (7, 3)])
def test_windows_join_to_the_series(length, stride):
    series = np.arange(74.0).reshape(37, 2)
    windows = cut(Sequences(series[None]), length, stride)
    joined = join(windows, stride)
    assert np.array_equal(joined, series[: len(joined)])
    assert len(windows) == (37 - length) // stride + 1


def test_windows_avoid_masked_steps():
    mask = np.ones((2, 6), dtype=bool)
    mask[0, 2] = False
    windows = cut(Sequences(np.arange(12.0).reshape(2, 6, 1), mask), 3)
    assert windows[:, 0, 0].tolist() == [3.0, 6.0, 7.0, 8.0, 9.0]


def test_no_window_fits():
    with pytest.raises(FitError, match="0 windows of 7"):
        cut(Sequences(np.zeros((2, 6, 1))), 7)


def test_split_purges_a_window_in_time():
    train, held = split(Sequences(np.arange(100.0).reshape(1, 100, 1)), 0.1, 5)
    assert train.values[0, -1, 0] == 84.0
    assert held.values[0, :, 0].tolist() == list(range(90, 100))
    _, held = split(Sequences(np.arange(100.0).reshape(1, 100, 1)), 0.1, 20)
    assert held.values.shape == (1, 20, 1)


def test_split_purges_sequences():
    train, held = split(Sequences(np.arange(100.0).reshape(100, 1, 1)), 0.2, 3)
    assert (len(train.values), held.values[0, 0, 0]) == (77, 80.0)
    train, held = split(Sequences(np.zeros((10, 50, 1))), 0.2, 24)
    assert (len(train.values), len(held.values)) == (7, 2)


@pytest.mark.parametrize(("share", "window"), [(0.0, 3), (0.1, 26), (0.5, 1)])
def test_split_may_hold_nothing_out(share, window):
    data = Sequences(np.zeros((1, 100, 1)))
    assert split(data, share, window) == (data, None)


@settings(deadline=None, max_examples=30)
@given(arrays.arrays(np.float64, st.integers(1, 200), elements=st.floats(-100, 100)), st.integers(0, 3))
def test_marginal_comes_back_and_is_monotone(values, digits):
    values = np.round(values, digits)
    marginal = Marginal.fit(values, 20.0)
    inside = values[(values >= marginal.quantiles[0]) & (values <= marginal.quantiles[-1])]
    back = marginal.values(marginal.normal(inside, np.full(len(inside), 0.5)))
    assert np.allclose(back, inside, atol=1e-6 * (1.0 + np.abs(inside).max(initial=0.0)))
    grid = marginal.values(np.linspace(-9.0, 9.0, 500))
    assert (np.diff(grid) >= -1e-9).all()
    assert np.isfinite(grid).all()


def test_marginal_tails_follow_a_power_law(streams):
    """Excesses of a Pareto law of shape 0.3: fitted shape within 0.08 (n = 40,000, 1,000 in the tail)."""
    values = genpareto.ppf(streams.at("u").random(40_000), 0.3)
    marginal = Marginal.fit(values, 20.0)
    assert marginal.upper.shape == pytest.approx(0.3, abs=0.08)
    made = marginal.values(streams.at("z").standard_normal(40_000))
    assert np.quantile(made, 0.999) == pytest.approx(genpareto.ppf(0.999, 0.3), rel=0.1)
    assert made.max() < genpareto.ppf(1.0 - 1.0 / (30 * 40_000), 0.45)


def test_marginal_keeps_an_atom(streams):
    """A tenth of exact zeros at the low end comes back as a tenth of exact zeros."""
    draw = streams.at("x")
    values = np.maximum(draw.standard_normal((4000, 1)) + 1.2816, 0.0)
    marginals = Marginals.fit(values, 20.0)
    scores = marginals.normal(values, draw)
    assert abs(kurtosis(scores[:, 0])) < 0.2
    made = marginals.values(draw.standard_normal((20_000, 1)))
    assert (made == 0.0).mean() == pytest.approx(0.1, abs=0.01)
    assert made.min() == 0.0


def test_memory_ends_where_the_recursion_ends(streams):
    values = clustered().values
    values = (values - values.mean(axis=1)) / values.std(axis=1)
    dynamics = Dynamics.fit(values, (1, 5, 22), (10.0, 10.0))
    averages = dynamics.memory.trace(values)
    innovations = dynamics.innovations(values, averages)
    again, after = dynamics.series(innovations, averages[:, 0])
    assert np.allclose(again, values, atol=1e-9)
    assert np.allclose(after, averages[:, -1], atol=1e-9)


def test_memory_before_is_carried_on():
    values = np.random.default_rng(1).standard_normal((1, 50, 2))
    memory = SlowMemory.fit(values, (1, 7))
    whole = memory.trace(values)
    rest = memory.trace(values[:, 20:], whole[0, 20])
    assert np.allclose(rest, whole[:, 20:], atol=1e-12)


def test_dynamics_find_the_scale_of_an_arch_process(streams):
    """Log scales of an ARCH(1) series correlate with the true ones above 0.9 (T = 5,000)."""
    draw = streams.at("arch").standard_normal(5000)
    series, scale = np.zeros(5000), np.ones(5000)
    for step in range(1, 5000):
        scale[step] = np.sqrt(0.4 + 0.5 * min(series[step - 1] ** 2, 9.0))
        series[step] = scale[step] * draw[step]
    values = series[None, :, None]
    dynamics = Dynamics.fit(values, (1, 5), (10.0, 10.0))
    log_scale = dynamics.ahead(dynamics.memory.trace(values)[:, :-1])[1][0, :, 0]
    assert np.corrcoef(log_scale, np.log(scale))[0, 1] > 0.9


def test_dynamics_stay_bounded_on_absurd_innovations(streams):
    values = clustered(channels=2).values
    values = (values - values.mean(axis=1)) / values.std(axis=1)
    dynamics = Dynamics.fit(values, (1, 5, 22), (10.0, 10.0))
    shocks = np.full((1, 3000, 2), 12.0)
    series, _ = dynamics.series(shocks, dynamics.memory.trace(values)[:, -1])
    assert (
        np.abs(series).max() <= 12.0 * np.exp(dynamics.bounds[1, 1]).max() + np.abs(dynamics.bounds[0]).max()
    )


def test_coupling_comes_back_and_removes_dependence_of_sizes(streams):
    draw = streams.at("x").standard_normal((6000, 2))
    values = np.column_stack([draw[:, 0], draw[:, 1] * np.exp(0.6 * draw[:, 0])])
    coupling = Coupling.fit(values, np.array([0, 1]), (1.0, 1.0))
    residuals = coupling.residuals(values)
    assert np.allclose(coupling.innovations(residuals), values, atol=1e-9)
    assert abs(np.corrcoef(np.abs(values[:, 1]), values[:, 0])[0, 1]) > 0.3
    assert abs(np.corrcoef(np.abs(residuals[:, 1]), residuals[:, 0])[0, 1]) < 0.05
