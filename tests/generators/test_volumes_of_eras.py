"""Volumes and spreads: wide years stay wide, calm ones calm, and no level strays farther than the data's."""

import dataclasses

import numpy as np
import pytest

from finsim.generators.channel_layout import Layout
from finsim.generators.daily import level_tuning
from finsim.generators.daily.day_encoding import DayEncoding
from finsim.generators.daily.eras import Eras, changes
from finsim.generators.daily.level_tuning import levels_at_home
from finsim.generators.daily.local_moments import DAYS
from finsim.generators.daily.persistence_tuning import at_rest
from finsim.generators.generator import Sequences

BARS = Layout(1, ("move", "gap", "upper", "lower", "other"), np.array([[0.004, 0.005]]))
DAYS_OF_DATA, WIDE = 2_520, 504
MEAN = -8.0
"""As of the logarithm of a spread: far from 0, so that widening about 0 would show."""


def days(volume):
    draw = np.random.default_rng(3)
    found = draw.standard_normal((len(volume), 5)) * [0.01, 0.004, 0.3, 0.3, 0.0] + [0, 0, 1.0, 1.0, 0]
    found[:, 4] = volume
    return Sequences(found[None])


def fitted(data):
    return DayEncoding.fit(data, BARS, 20.0, (60.0, 20.0), np.random.default_rng(1))


def pool_of(encoding, course, count=800):
    draw, own = np.random.default_rng(2), encoding.innovations(course)[0]
    return np.ascontiguousarray(own[draw.integers(len(own), size=count * encoding.stretches)])


def recursion(width, slope, seed=4):
    draw = np.random.default_rng(seed)
    found = np.zeros(len(width))
    for t in range(1, len(width)):
        found[t] = slope * found[t - 1] + width[t] * draw.standard_normal()
    return MEAN + found


@pytest.fixture(scope="module")
def uneven():
    """Two years of volume whose changes are four times as wide as those of the eight years after."""
    width = np.where(np.arange(DAYS_OF_DATA) < WIDE, 1.0, 0.25)
    return days(recursion(width, 0.4))


def test_years_keep_the_width_of_their_changes(uneven):
    encoding, course = fitted(uneven)
    pool = pool_of(encoding, course)
    memory = at_rest(encoding, 30)
    eras = np.tile(np.arange(DAYS_OF_DATA) // DAYS, (30, 1))
    chosen = np.random.default_rng(5).integers(800, size=eras.shape)
    made = encoding.walk(pool, chosen, eras, memory)[..., 4]
    real = uneven.values[0, :, 4]
    for part in (slice(0, 400), slice(620, DAYS_OF_DATA)):
        wanted, found = np.diff(real[part]).std(), np.diff(made[:, part], axis=1).std()
        assert found == pytest.approx(wanted, rel=0.08)
        assert made[:, part].mean() == pytest.approx(MEAN, abs=0.15)
    assert np.allclose(encoding.state.centre[4], real.mean())
    assert not encoding.eras.log_scales[:, 4].any()
    assert not encoding.eras.wider[:, :4].any()


def test_a_history_is_taken_apart_as_it_was_learned(uneven):
    encoding, course = fitted(uneven)
    again = encoding.course(uneven.values, uneven.observed())
    assert np.array_equal(again.at, course.at)
    assert np.allclose(again.scores[..., 4], course.scores[..., 4], atol=0.02)
    assert np.allclose(again.location, course.location, atol=0.05)
    grown = encoding.factors(course)[..., 4]
    assert np.allclose(grown, np.exp(encoding.eras.wider[course.at, 4]))
    assert grown[0, :300].mean() > 2.5 * grown[0, 900:].mean()


def test_a_slow_level_makes_no_year_wide():
    """A level that moves slowly is far from its mean for years; its changes are as small as ever."""
    slow = np.where(np.arange(DAYS_OF_DATA) < 900, 3.0 * np.sin(np.arange(DAYS_OF_DATA) / 60.0), 0.0)
    data = days(recursion(np.full(DAYS_OF_DATA, 0.3), 0.2) + slow)
    moved = data.values.copy()
    moved[..., 4:] = changes(data.values[..., 4:], data.observed())
    assert np.abs(Eras.fit(moved, data.observed(), BARS).wider).max() < 0.3


def test_changes_pass_over_what_was_not_observed():
    values = np.array([[[5.0], [7.0], [99.0], [4.0]]])
    seen = np.array([[True, True, False, True]])
    assert changes(values, seen)[0, :, 0].tolist() == [0.0, 2.0, 0.0, -3.0]


def with_half_year(encoding, weight):
    weights = encoding.laws.weights.copy()
    weights[4, 0, level_tuning._HALF_YEAR] = weight
    return dataclasses.replace(encoding, laws=dataclasses.replace(encoding.laws, weights=weights))


@pytest.fixture(scope="module")
def homely():
    """A slow level that comes back within months, below the noise of days; its encoding, pool and memory."""
    draw, count = np.random.default_rng(11), 250
    slow = recursion(np.full(DAYS_OF_DATA, 0.15), 0.97)
    mean = np.convolve(np.pad(slow, count // 2, mode="edge"), np.full(count, 1 / count), "same")
    level = slow - mean[count // 2 : -(count // 2)] + MEAN + 0.4 * draw.standard_normal(DAYS_OF_DATA)
    data = days(level)
    encoding, course = fitted(data)
    return data, encoding, pool_of(encoding, course), at_rest(encoding, 24)


def test_a_level_that_strays_is_pulled_home(homely):
    """A law that does not see that the level comes back, in place of the one that does."""
    data, encoding, pool, memory = homely
    blind = with_half_year(encoding, 0.0)
    found = levels_at_home(blind, data.values, data.observed(), pool, memory, np.random.default_rng(6))
    lowered = blind.laws.weights - found.laws.weights
    assert 0.1 < lowered[4, 0, level_tuning._HALF_YEAR] <= 0.8
    assert np.count_nonzero(lowered) == 1
    before, after = reach(blind, pool, data), reach(found, pool, data)
    assert before > 1.1
    assert abs(np.log(after)) < 0.6 * np.log(before)
    assert np.array_equal(memory.levels, at_rest(encoding, 24).levels)  # left as it was


def test_a_level_that_does_not_stray_is_left(homely):
    data, encoding, pool, memory = homely
    assert reach(encoding, pool, data) < 1.05
    tied = with_half_year(encoding, encoding.laws.weights[4, 0, level_tuning._HALF_YEAR] - 0.4)
    for one in (encoding, tied):
        found = levels_at_home(one, data.values, data.observed(), pool, memory, np.random.default_rng(6))
        assert np.allclose(found.laws.weights, one.laws.weights, atol=0.15)


def reach(encoding, pool, data):
    """Return by how much farther levels of paths reach than those of the data, for the same changes."""
    draw, memory = np.random.default_rng(7), at_rest(encoding, 30)
    chosen = draw.integers(800, size=(30, 2_500))
    eras = encoding.eras.course([draw] * 30, 2_500, memory.place)
    made = encoding.walk(pool, chosen, eras, memory)[:, 500:, 4]
    real = data.values[0, :, 4]
    return made.std() / np.diff(made, axis=1).std() / (real.std() / np.diff(real).std())


def test_series_without_volume_are_left_alone_and_draw_nothing():
    data = Sequences(0.01 * np.random.default_rng(8).standard_normal((1, 600, 1)))
    encoding, _ = DayEncoding.fit(data, Layout.plain(1), 20.0, (60.0, 20.0), np.random.default_rng(1))
    draw = np.random.default_rng(9)
    pool, memory = np.zeros((8, 1)), at_rest(encoding, 4)
    assert levels_at_home(encoding, data.values, data.observed(), pool, memory, draw) is encoding
    assert draw.bit_generator.state == np.random.default_rng(9).bit_generator.state
