"""Chances beyond the draws, against laws whose tails are known."""

import itertools

import numpy as np
import pytest
from scipy import stats

from finsim.evaluation.tail_probability import exceedance, pareto_survival, pareto_tail


def test_inside_the_draws_it_is_the_rank():
    draws = np.arange(100.0)
    assert exceedance(50.0, draws) == pytest.approx(51 / 101)
    assert exceedance(-1.0, draws) == pytest.approx(1.0)


@pytest.mark.parametrize(
    "law",
    [stats.norm(), stats.expon(), stats.t(5), stats.lognorm(0.5)],
    ids=["normal", "exp", "t5", "lognormal"],
)
def test_beyond_the_draws_the_tail_goes_on_within_a_factor_of_three(law):
    rng = np.random.default_rng(7)
    value = law.isf(0.002)
    found = [exceedance(value, law.rvs(400, random_state=rng)) for _ in range(60)]
    assert 0.002 / 3 < np.median(found) < 0.002 * 3


def test_far_away_it_is_far_below_one_over_the_draws_and_never_above_the_rank():
    rng = np.random.default_rng(8)
    draws = rng.standard_normal(200)
    assert exceedance(12.0, draws) < 1e-4
    for value in np.linspace(-3, 8, 40):
        ranked = (1 + (draws >= value).sum()) / 201
        assert 0.0 < exceedance(value, draws) <= ranked


def test_it_falls_as_the_value_grows():
    draws = np.random.default_rng(9).gamma(2.0, size=300)
    found = [exceedance(value, draws) for value in np.linspace(draws.min(), 40, 300)]
    assert all(later <= earlier + 1e-12 for earlier, later in itertools.pairwise(found))


def test_the_tail_law_is_that_of_scipy_and_its_fit_finds_a_known_shape():
    for excess, shape, scale in ((0.5, 0.3, 1.2), (4.0, 0.0, 2.0), (9.0, 0.8, 0.5)):
        expected = stats.genpareto.sf(excess, shape, scale=scale)
        assert pareto_survival(excess, shape, scale) == pytest.approx(expected)
    rng = np.random.default_rng(10)
    shape, scale = pareto_tail(stats.genpareto.rvs(0.25, scale=2.0, size=20_000, random_state=rng))
    assert (shape, scale) == (pytest.approx(0.25, abs=0.03), pytest.approx(2.0, rel=0.04))


def test_equal_draws_and_bounded_tails_do_not_break():
    assert exceedance(2.0, np.ones(50)) == pytest.approx(1 / 51)
    assert exceedance(1.5, np.random.default_rng(1).random(500)) > 0.0
    assert exceedance(3.0, np.array([1.0, 2.0])) == pytest.approx(1 / 3)


@pytest.mark.parametrize(
    ("law", "most"),
    [(stats.norm(), 1.0), (stats.t(4), 2.2), (stats.lognorm(0.5), 1.8)],
    ids=["normal", "t4", "lognormal"],
)
def test_one_path_in_a_thousand_is_not_said_to_be_one_in_ten_thousand(law, most):
    # How often 1 new draw gets p <= .001 beside 100 draws, over .001: exact for the law, 250 panels.
    rng = np.random.default_rng(11)
    grid = law.isf(np.geomspace(3e-2, 1e-6, 40))
    beyond = []
    for panel in law.rvs((250, 100), random_state=rng):
        reached = np.array([exceedance(value, panel) <= 0.001 for value in grid])
        beyond.append(law.sf(grid[int(np.argmax(reached))]) if reached.any() else 0.0)
    assert np.mean(beyond) / 0.001 < most
