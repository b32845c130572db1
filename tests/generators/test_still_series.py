"""Series that stand still on most days: their paths do so too, exactly, and drift no more than the data."""

import dataclasses

import numpy as np
import pytest
from small_generators import DAILY, fitted

from finsim.generators.channel_layout import Layout
from finsim.generators.daily.daily_flow import DailyFlow
from finsim.generators.daily.day_encoding import DayEncoding
from finsim.generators.daily.final_law import FinalLaw
from finsim.generators.daily.still_values import resting_place, still_values
from finsim.generators.encoding.gaussian_marginals import Marginals
from finsim.generators.generator import Sequences
from finsim.randomness import Streams


def still_series(steps=400, share=0.09, rest=0.0, seed=11):
    """Return float64[steps, 1]: at rest but for a share of days, which move."""
    rng = np.random.default_rng(seed)
    moves = rng.random(steps) < share
    return np.where(moves, rest + 0.01 + 0.02 * rng.standard_normal(steps), rest)[:, None]


@pytest.mark.parametrize("rest", [0.0, 1e-4])
def test_paths_stand_still_as_often_as_the_data_and_drift_as_they_do(rest):
    values = still_series(rest=rest)
    settings = dataclasses.replace(DAILY, pool=4_096, settling=16)
    model = fitted(DailyFlow, Streams(0), Sequences(values[None]), settings)
    made = model.sample(300, 250, Streams(1))[..., 0]
    assert (made == rest).mean() == pytest.approx((values == rest).mean(), abs=0.02)
    assert (made == rest).mean(axis=1).min() > 0.75
    assert made.mean() == pytest.approx(values.mean(), abs=0.1 * values.std())
    # Heavy-tailed days: means of 300 paths lie within six of their errors.
    assert np.abs(made.mean(axis=1) - values.mean()).max() < 6.0 * values.std() / np.sqrt(250)


def test_the_place_of_rest_is_that_of_the_still_days_and_else_the_mean():
    rng = np.random.default_rng(2)
    moves = 0.01 * rng.standard_normal(500) + 0.002
    assert resting_place(moves) == moves.mean()
    assert resting_place(np.where(rng.random(500) < 0.3, 1e-4, moves)) == 1e-4
    near = np.where(rng.random(500) < 0.3, 1e-4 + 1e-8 * rng.standard_normal(500), moves)
    assert resting_place(near) == pytest.approx(1e-4, abs=1e-7)


def test_still_days_are_one_value_under_every_scale_and_their_scores_keep_an_order():
    values = still_series(rest=1e-4)[None]
    still = values[..., 0] == 1e-4
    drawn = np.random.default_rng(6)
    encoding, course = DayEncoding.fit(Sequences(values), Layout.plain(1), 20.0, (60.0, 20.0), drawn)
    assert np.ptp(course.log_scales[:, :-1, 0][still]) > 0.0
    assert not encoding.state.scaled(values, course.log_scales[:, :-1])[still].any()
    assert (np.diff(encoding.tables()[0]) > 0.0).all()


def test_a_value_counts_as_still_where_it_comes_again_and_again():
    rng = np.random.default_rng(3)
    rows = rng.standard_normal((500, 3))
    rows[:20, 1], rows[:8, 2] = 0.5, 0.5
    found = still_values(rows)
    assert found[1, 0] == 0.5
    assert list(found[:, 1] > 0.0) == [False, True, False]


def test_the_final_law_gives_a_still_value_the_share_it_has_in_the_data():
    """Made values stand still twice as often as the data; a hair keeps their order, as in a walk."""
    rng = np.random.default_rng(4)
    real = np.where(rng.random(2_000) < 0.4, 0.0, rng.standard_normal(2_000))[:, None]
    made = np.where(rng.random((20, 400)) < 0.8, 1e-7 * rng.standard_normal((20, 400)), 1.0)
    made = (made * np.where(made == 1.0, rng.standard_normal((20, 400)), 1.0))[..., None]
    FinalLaw.fit(made.copy(), real, 20.0).apply(made)
    assert (made == 0.0).mean() == pytest.approx(0.4, abs=0.05)
    assert made.std() == pytest.approx(real.std(), rel=0.05)


def test_what_lies_beyond_a_still_value_keeps_its_share():
    """One day in a hundred moves up: its tail has a hundredth of the law, not the usual fortieth."""
    rng = np.random.default_rng(5)
    values = np.where(rng.random(5_000) < 0.01, 0.01 + rng.exponential(0.02, 5_000), 0.0)
    marginal = Marginals.fit(values[:, None], 20.0).channels[0]
    made = marginal.values(rng.standard_normal(100_000))
    assert (made > 0.0).mean() == pytest.approx((values > 0.0).mean(), abs=0.002)
    assert made.mean() == pytest.approx(values.mean(), rel=0.15)
    scores = marginal.normal(values, rng.uniform(size=5_000))
    assert scores[values == 0.0].max() <= scores[values > 0.0].min()
