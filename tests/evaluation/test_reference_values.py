"""Closed forms and published values; every tolerance is several standard errors at a fixed seed."""

import numpy as np
import pytest
from naive.matching import auc
from scipy.stats import ks_2samp, norm, spearmanr, t, wasserstein_distance
from sklearn.metrics import average_precision_score, roc_auc_score
from statsmodels.tsa.stattools import acf

from finsim.evaluation.case import path_case
from finsim.evaluation.columns import RETURN, between
from finsim.evaluation.fidelity.autocorrelation import autocorrelations, lag_products
from finsim.evaluation.fidelity.correlation import products, uniform_ranks
from finsim.evaluation.fidelity.drift import trend
from finsim.evaluation.fidelity.empirical import curves
from finsim.evaluation.fidelity.expected_shortfall import tail_mean
from finsim.evaluation.fidelity.hill import tail_weight
from finsim.evaluation.fidelity.kolmogorov import largest_gap
from finsim.evaluation.fidelity.kurtosis import quantile_kurtosis
from finsim.evaluation.fidelity.leverage import features, leverage
from finsim.evaluation.fidelity.wasserstein import area_between, area_gap
from finsim.evaluation.learner import weighted_auc
from finsim.evaluation.loan_book.default_clusters import dispersion
from finsim.evaluation.loan_book.loss_tail import expected_shortfall, value_at_risk
from finsim.evaluation.privacy.near_copy_test import discoveries
from finsim.evaluation.resampling import contiguous_splits, day_weights, stationary_indices
from finsim.evaluation.tables.association import associations, indicators
from finsim.evaluation.tail_probability import lower_tail
from finsim.evaluation.utility.detection import Detection
from finsim.evaluation.utility.detector import average_precision
from finsim.randomness import Streams


@pytest.fixture
def rng():
    return np.random.default_rng(11)


@pytest.mark.parametrize("alpha", [1.5, 3.0, 5.0])
def test_hill_finds_the_index_of_a_pareto_tail(rng, alpha):
    draws = rng.pareto(alpha, (1, 200_000)) + 1.0
    assert 1.0 / tail_weight(draws, 0.05)[0, 0] == pytest.approx(alpha, rel=4 / np.sqrt(10_000))


def test_hill_needs_a_positive_tail():
    assert np.isnan(tail_weight(-np.ones((1, 200)), 0.05)).all()


def test_expected_shortfall_of_a_gaussian(rng):
    closed = norm.pdf(norm.ppf(0.99)) / 0.01
    assert tail_mean(rng.standard_normal((1, 400_000)))[0, 0] == pytest.approx(closed, rel=0.01)


@pytest.mark.parametrize("freedom", [3, 5, 30])
def test_quantile_kurtosis_of_student_t(rng, freedom):
    closed = t.ppf(0.975, freedom) / t.ppf(0.75, freedom)
    assert quantile_kurtosis(rng.standard_t(freedom, (1, 300_000)))[0, 0] == pytest.approx(closed, rel=0.015)


def test_quantile_kurtosis_of_a_gaussian_is_2_906(rng):
    assert norm.ppf(0.975) / norm.ppf(0.75) == pytest.approx(2.906, abs=5e-4)
    assert quantile_kurtosis(rng.standard_normal((1, 300_000)))[0, 0] == pytest.approx(2.906, rel=0.01)


def test_curves_give_scipy_ks_and_w1(halves, quick):
    early, late = halves
    case = path_case(early, None, between(late, 0, 400), Streams(1), quick)
    found = curves(case, RETURN, 0)
    left, right = case.real.column(RETURN, 0).ravel(), case.synthetic.column(RETURN, 0).ravel()
    functions, areas = found.functions().found, found.areas().found
    assert largest_gap(functions.synthetic, functions.real) == pytest.approx(
        ks_2samp(left, right).statistic, abs=1e-12
    )
    exact = wasserstein_distance(left, right)
    assert area_between(found.grid, functions.synthetic, functions.real) == pytest.approx(exact, rel=1e-9)
    assert area_gap(1.0, areas.synthetic, areas.real) == pytest.approx(exact, rel=1e-9)


def test_autocorrelations_agree_with_statsmodels(rng):
    series = np.convolve(rng.standard_normal(60_000), [1.0, 0.7, 0.2], mode="valid")
    found = autocorrelations(lag_products(5)(series[None]).mean(axis=1))[0]
    assert found == pytest.approx(acf(series, nlags=5)[1:], abs=2e-3)
    assert found[0] == pytest.approx((0.7 + 0.7 * 0.2) / (1 + 0.49 + 0.04), abs=0.02)


def test_leverage_sees_the_sign(rng):
    shocks = rng.standard_normal((1, 50_000))
    falls = np.exp(-0.3 * np.roll(shocks, 1, axis=1))
    assert leverage(features(shocks * falls).mean(axis=1))[0, 0] < -0.005
    assert abs(leverage(features(shocks).mean(axis=1))[0, 0]) < 0.005


def test_rank_products_are_spearman(rng):
    values = rng.standard_normal((1, 500, 2)) @ np.array([[1.0, 0.6], [0.0, 1.0]])
    found = products(uniform_ranks(values)).mean(axis=1)[0, 0]
    assert found == pytest.approx(spearmanr(values[0]).statistic, abs=1e-12)


def test_association_is_one_for_copies_and_zero_for_independent_columns(rng):
    first, second = rng.integers(0, 3, 4_000), rng.integers(0, 4, 4_000)
    sizes = [3, 3, 4]
    marks = indicators([first, first, second], sizes)
    same, cross, _ = associations(marks.T @ marks, sizes, 4_000)
    assert same == pytest.approx(1.0, abs=1e-9)
    assert cross < 0.04


def test_dispersion_is_one_for_independent_defaults_and_grows_with_waves(rng):
    at_risk = np.full(600, 5_000.0)
    calm = rng.binomial(5_000, 0.01, 600).astype(float)
    waves = rng.binomial(5_000, 0.01 * rng.choice([0.5, 1.5], 600)).astype(float)
    assert dispersion(calm, at_risk) == pytest.approx(1.0, abs=4 * np.sqrt(2 / 600))
    assert dispersion(waves, at_risk) > 5


def test_trend_of_a_straight_line_is_its_rise():
    assert trend(np.array([[1.0, 2.0, 3.0, 4.0], [5.0, 5.0, 5.0, 5.0]])) == pytest.approx([3.0, 0.0])


def test_weighted_auc_against_pairs_and_scikit_learn(rng):
    scores = rng.integers(0, 6, 40).astype(float)
    label = rng.random(40) < 0.4
    weight = rng.integers(0, 4, (3, 40)).astype(float)
    found = weighted_auc(scores, label, weight)
    assert found == pytest.approx([auc(scores, label, row) for row in weight], abs=1e-12)
    assert weighted_auc(scores, label, np.ones((1, 40)))[0] == pytest.approx(roc_auc_score(label, scores))


def test_average_precision_agrees_with_scikit_learn(rng):
    score = rng.integers(0, 30, 400) / 30
    illicit = rng.random(400) < 0.2 + 0.3 * score
    weight = np.where(illicit, 1.0, 7.0)
    found = Detection(score, weight, illicit, np.zeros(400, np.int64), np.zeros(400, bool), "")
    ones = np.ones((1, int(illicit.sum())))
    assert average_precision(found, ones)[0] == pytest.approx(
        average_precision_score(illicit, score, sample_weight=weight), abs=1e-12
    )


def test_alerts_use_exactly_the_budget(rng):
    score = rng.integers(0, 4, 500).astype(float)
    weight = rng.uniform(0.5, 20, 500)
    found = Detection(score, weight, score > 2, np.zeros(500, np.int64), np.zeros(500, bool), "")
    for budget in (0.01, 0.3, 0.9):
        assert found.alerted(budget) @ weight == pytest.approx(budget * weight.sum())


def test_var_and_es_of_an_exponential_loss_lie_in_their_intervals(rng):
    losses = np.sort(rng.exponential(1.0, 200_000))
    value, low, high = value_at_risk(losses, 0.99)
    assert low < np.log(100) < high
    assert value == pytest.approx(np.log(100), rel=0.02)
    value, low, high = expected_shortfall(losses, 0.99)
    assert low < np.log(100) + 1 < high


def test_p_values_of_the_null_are_uniform_and_benjamini_hochberg_is_the_textbook_rule(rng):
    p_values = lower_tail(rng.standard_normal(20_000), rng.standard_normal(20_000))
    assert np.mean(p_values < 0.1) == pytest.approx(0.1, abs=0.01)
    listed = np.array([0.001, 0.008, 0.039, 0.041, 0.042, 0.06, 0.074, 0.205, 0.212, 0.216])
    assert discoveries(listed, 0.05).tolist() == [True, True] + [False] * 8


def test_stationary_blocks_have_the_stated_mean_length_and_cover_the_series_evenly(rng):
    days = stationary_indices(rng, 1_000, 1_000, 50, 400)
    breaks = np.mean((np.diff(days, axis=1) % 1_000) != 1)
    assert breaks == pytest.approx(1 / 50, rel=0.05)
    assert np.bincount(days.ravel(), minlength=1_000).std() < 0.6 * 400
    assert day_weights(days, 1_000).sum(axis=1) == pytest.approx(1.0)


def test_contiguous_splits_share_no_day(rng):
    part, rest = contiguous_splits(rng, 500, 900, 30)
    assert part.shape == (30, 900)
    assert rest.shape == (30, 500)
    for k in range(30):
        inside = np.unique(part[k])
        assert len(inside) == 250
        assert np.all(np.diff(inside) == 1)
        assert not np.intersect1d(inside, rest[k]).size
