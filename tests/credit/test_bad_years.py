"""Tail figures from draws in bad years: closed forms, exact mixtures, plain twins, variance and coverage."""

import dataclasses

import numpy as np
import pyarrow as pa
import pytest
from macro_paths import SEVERE, macro_drivers
from scipy import special, stats

from finsim.credit.conditional import conditional_pd, default_point, loss_shift, sensitivity, systematic_lgd
from finsim.credit.factors import of_normals
from finsim.credit.losses import arrange, losses
from finsim.credit.risk import (
    expected_shortfall,
    finite_pool_quantile,
    value_at_risk,
    vasicek_es,
    vasicek_quantile,
)
from finsim.credit.settings import Settings
from finsim.credit.tail.bad_years import Mixture, Weighted, shifted_draws, weighted_losses, worst_year
from finsim.credit.tail.weighted_risk import tail_figures
from finsim.engine.stages.credit_stage import _risk
from finsim.errors import DataError, StudyError
from finsim.randomness import Streams

NONE = np.zeros(0)


def equal_loans(count, pd=0.02, rho=0.2, lgd=1.0, sectors=("one",)):
    return pa.table(
        {
            "sector": [sectors[k % len(sectors)] for k in range(count)],
            "loan_class": ["consumer"] * count,
            "balance": np.full(count, 100, dtype=np.int64),
            "pd": np.full(count, pd),
            "lgd": np.full(count, lgd),
            "rho": np.full(count, rho),
        }
    )


def test_weights_of_one_are_the_plain_figures():
    rng = np.random.default_rng(1)
    for drawn in (rng.exponential(size=20_000), np.round(rng.exponential(size=5_000), 1)):
        every = Weighted(drawn, np.ones(len(drawn)), np.zeros(len(drawn), dtype=np.int64))
        for level in (0.95, 0.99, 0.9871):
            at_risk, shortfall = tail_figures(every, level)
            assert at_risk.value == value_at_risk(drawn, level).value
            assert shortfall.value == pytest.approx(expected_shortfall(drawn, level).value, rel=1e-12)
            assert at_risk.low <= at_risk.value <= at_risk.high
            mass, beyond = len(drawn) * (1 - level), drawn[drawn > at_risk.value]
            plain = (beyond.var() + level * (shortfall.value - at_risk.value) ** 2) / mass
            assert shortfall.standard_error == pytest.approx(np.sqrt(plain), rel=0.05)
    with pytest.raises(DataError, match=r"5000 draws for level 0\.9999"):
        tail_figures(every, 0.9999)


def test_a_book_that_no_year_moves_or_hardly_ever_defaults_has_figures(base):
    settings = Settings(block_draws=2_000)
    for book in (equal_loans(20, rho=0.0), equal_loans(1, pd=1e-4), equal_loans(1, pd=0.6, rho=0.02)):
        drawn = losses(book, base, 5_000, Streams(3), settings)
        found = _risk(book, base, drawn, Streams(3), settings)
        for level in ("0.95", "0.99", "0.999"):
            for name in ("var", "es"):
                value, low, high = found[f"{name}_{level}"]
                assert low <= value <= high
                assert 0.0 <= value <= book["balance"].to_numpy().sum()


def test_the_worst_year_of_one_factor_is_its_quantile(base, settings):
    buckets = arrange(equal_loans(50), base, settings)
    for level in (0.99, 0.999):
        centre = worst_year(buckets, level, settings)
        assert of_normals(centre[None], settings)[0, 0] == pytest.approx(-special.ndtri(level), abs=1e-9)
        assert np.linalg.norm(centre) == pytest.approx(special.ndtri(level), abs=1e-9)
    alone = arrange(equal_loans(50, rho=0.0), base, settings)
    assert worst_year(alone, 0.99, settings).tolist() == [0.0, 0.0]
    two = worst_year(arrange(equal_loans(60, sectors=("a", "b")), base, settings), 0.99, settings)
    assert two[1] == pytest.approx(two[2], rel=1e-6)
    assert two[0] / two[1] == pytest.approx(2.0, rel=1e-6)  # sqrt(.5) twice over sqrt(.5) / 2


def mean_loss(book, drivers, settings, normals):
    """The mean loss of a book given the normals, loan by loan."""
    buckets = arrange(book, drivers, settings)
    factor = dict(zip(buckets.sectors, of_normals(normals[None], settings)[0], strict=True))
    total = 0.0
    for row in book.to_pylist():
        point = default_point(row["pd"], row["rho"]) - sensitivity(row["rho"]) * factor[row["sector"]]
        lgd = systematic_lgd(point, loss_shift(row["pd"], row["lgd"], row["rho"]))
        total += row["balance"] * special.ndtr(point) * lgd
    return total


def test_no_year_as_far_out_is_worse(table, base, settings):
    """On the sphere: 20 steps aside and 20 other directions, the mean loss by hand with Frye and Jacobs."""
    book = table.slice(0, 60)
    buckets = arrange(book, base, settings)
    centre = worst_year(buckets, 0.999, settings)
    most, rng = mean_loss(book, base, settings, centre), np.random.default_rng(2)
    radius = np.linalg.norm(centre)
    for size in [0.3] * 20 + [np.inf] * 20:
        other = rng.normal(size=len(centre))
        other = other if np.isinf(size) else centre + size * other
        assert mean_loss(book, base, settings, radius * other / np.linalg.norm(other)) <= most * (1 + 2e-3)


def test_the_loss_grows_fastest_straight_outwards(base, settings):
    """Two sectors, unlike in PD, LGD and correlation: the slope at the worst year, by differences."""
    parts = [equal_loans(30, 0.01, 0.2, 0.2, ("a",)), equal_loans(30, 0.05, 0.1, 0.7, ("b",))]
    book = pa.concat_tables(parts)
    centre = worst_year(arrange(book, base, settings), 0.99, settings)
    slope = [
        mean_loss(book, base, settings, centre + step) - mean_loss(book, base, settings, centre - step)
        for step in 1e-5 * np.eye(3)
    ]
    cosine = centre @ slope / np.linalg.norm(centre) / np.linalg.norm(slope)
    assert cosine == pytest.approx(1.0, abs=1e-7)


def test_tail_figures_of_a_finite_book_are_those_of_the_exact_mixture(base):
    """500 equal loans, 12,000 draws, none plain: quantiles on the grid of 1 / 500, ES by quadrature."""
    settings = Settings(block_draws=2_000)
    drawn = weighted_losses(equal_loans(500), base, NONE, 12_000, Streams(4), settings)
    assert len(drawn.loss) == 12_000
    z, mass = (8.0 * part for part in np.polynomial.legendre.leggauss(200))
    mass = mass * stats.norm.pdf(z)
    chance = conditional_pd(np.array(0.02), np.array(0.2), z)
    k = np.arange(501)[:, None]
    law = stats.binom.pmf(k, 500, chance) @ mass
    assert law.sum() == pytest.approx(1.0, abs=1e-9)
    for level in (0.99, 0.999):
        at_risk, shortfall = tail_figures(drawn, level)
        exact = finite_pool_quantile(500, 0.02, 0.2, level)
        assert at_risk.low / 50_000 - 1e-9 <= exact <= at_risk.high / 50_000 + 1e-9
        excess = (np.maximum(k[:, 0] / 500 - exact, 0) * law).sum()
        true = exact + excess / (1 - level)
        assert abs(shortfall.value / 50_000 - true) < 4 * shortfall.standard_error / 50_000


def test_the_variance_of_the_farthest_figure_is_a_hundred_times_smaller(base):
    """PD 2 %, rho 20 %, 99.9 %: against closed forms of plain draws, as many of them."""
    settings, draws = Settings(block_draws=5_000), 20_000
    drawn = weighted_losses(equal_loans(1_000), base, NONE, draws, Streams(6), settings)
    at_risk, shortfall = tail_figures(drawn, 0.999)
    quantile = vasicek_quantile(0.02, 0.2, 0.999)
    step = 1e-6
    slope = (vasicek_quantile(0.02, 0.2, 0.999 + step) - vasicek_quantile(0.02, 0.2, 0.999 - step)) / 2 / step
    plain = 0.001 * 0.999 * slope**2 / draws
    assert plain / (at_risk.standard_error / 1e5) ** 2 > 100
    z = special.ndtri((np.arange(100_000) + 0.5) / 1e8)  # beyond the quantile of .001
    beyond = conditional_pd(np.array(0.02), np.array(0.2), z)
    excess = vasicek_es(0.02, 0.2, 0.999) - quantile
    plain = (beyond.var() + 0.999 * excess**2) / (draws * 0.001)
    assert plain / (shortfall.standard_error / 1e5) ** 2 > 100


def test_intervals_cover_the_closed_form_as_often_as_they_say():
    """An infinitely fine book, 2,000 shifted draws and 1,000 plain ones: 400 samples, 95 % +- 3 points."""
    rng, inside = np.random.default_rng(5), []
    centres = [np.array([-special.ndtri(level)]) for level in (0.99, 0.999)]
    sizes = np.array([1_000, 700, 1_300])
    law = Mixture(centres, sizes / sizes.sum())
    kind = np.repeat(np.arange(3), sizes)
    true = vasicek_quantile(0.02, 0.2, 0.999), vasicek_es(0.02, 0.2, 0.999)
    for _ in range(400):
        z = rng.standard_normal(3_000) + np.array([0.0, *(c[0] for c in centres)])[kind]
        drawn = conditional_pd(np.array(0.02), np.array(0.2), z)
        weight = law.weights(z[:, None])
        found = tail_figures(Weighted(drawn, weight, kind), 0.999)
        inside.append([risk.low <= value <= risk.high for risk, value in zip(found, true, strict=True)])
    assert weight.mean() == pytest.approx(1.0, abs=0.15)
    assert (np.abs(np.mean(inside, axis=0) - 0.95) < 0.03).all()


@pytest.mark.parametrize("stressed", [False, True])
def test_plain_draws_and_bad_years_are_one_sample_of_one_law(table, settings, stressed):
    """Sectors, scenarios and LGD: the mean and three levels agree with many plain draws."""
    drivers, book = macro_drivers(SEVERE if stressed else {}), table.slice(0, 800)
    many = losses(book, drivers, 30_000, Streams(11), settings)
    drawn = losses(book, drivers, 6_000, Streams(12), settings)
    both = weighted_losses(book, drivers, drawn, 3_000, Streams(12), settings)
    np.testing.assert_array_equal(both.loss[:6_000], drawn)
    assert np.bincount(both.law).tolist() == [6_000, 1_000, 2_000]
    mean = both.weight * both.loss
    error = np.hypot(mean.std() / np.sqrt(9_000), many.std() / np.sqrt(30_000))
    assert abs(mean.mean() - many.mean()) < 4 * error
    for level in (0.95, 0.99, 0.999):
        plain = value_at_risk(many, level), expected_shortfall(many, level)
        for found, wanted in zip(tail_figures(both, level), plain, strict=True):
            error = np.hypot(found.standard_error, wanted.standard_error)
            assert abs(found.value - wanted.value) < 4.5 * error, (level, found, wanted)
    alone = weighted_losses(book, drivers, NONE, 3_000, Streams(12), settings)
    np.testing.assert_array_equal(alone.loss, both.loss[6_000:])


def test_a_study_chooses_where_its_tail_is_read(table, base, settings):
    book = table.slice(0, 300)
    drawn = losses(book, base, 6_000, Streams(1), settings)
    found = {
        word: _risk(book, base, drawn, Streams(1), dataclasses.replace(settings, tail_sampling=word))
        for word in ("importance", "plain")
    }
    assert found["plain"]["var_0.999"][0] == value_at_risk(drawn, 0.999).value
    assert found["plain"]["es_0.99"][0] == expected_shortfall(drawn, 0.99).value
    width = {word: one["es_0.999"][2] - one["es_0.999"][1] for word, one in found.items()}
    assert width["importance"] < width["plain"] / 3
    assert found["importance"]["expected_loss"] == found["plain"]["expected_loss"]
    assert (shifted_draws(5_000), shifted_draws(100_000)) == (2_000, 10_000)
    with pytest.raises(StudyError, match="tail_sampling = some"):
        Settings(tail_sampling="some")
