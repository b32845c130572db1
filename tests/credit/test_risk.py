import numpy as np
import pytest
from scipy import special

from finsim.credit.risk import (
    expected_shortfall,
    finite_pool_quantile,
    granularity,
    value_at_risk,
    vasicek_es,
    vasicek_quantile,
)
from finsim.errors import DataError

# PD, rho, q95, q99, q99.9, ES99.9: quadrature, docs/reference/credit-model.md.
CLOSED = [
    (0.01, 0.12, 0.03056923, 0.05252659, 0.09032583, 0.10921036),
    (0.01, 0.24, 0.04056420, 0.08672377, 0.17568289, 0.22104768),
    (0.02, 0.20, 0.07027658, 0.12860982, 0.22631281, 0.27161437),
    (0.03, 0.08, 0.06999584, 0.10117934, 0.14695032, 0.16723696),
    (0.05, 0.15, 0.13717110, 0.20988145, 0.31350591, 0.35652042),
    (0.10, 0.05, 0.17425358, 0.21735909, 0.27229182, 0.29409503),
    (0.001, 0.24, 0.00439118, 0.01262864, 0.03528933, 0.05114694),
]


@pytest.mark.parametrize("row", CLOSED)
def test_closed_forms_equal_the_reference_table(row):
    pd, rho, *quantiles, shortfall = row
    for level, value in zip((0.95, 0.99, 0.999), quantiles, strict=True):
        assert vasicek_quantile(pd, rho, level) == pytest.approx(value, abs=5e-9)
    assert vasicek_es(pd, rho, 0.999) == pytest.approx(shortfall, abs=5e-8)


@pytest.mark.parametrize(
    ("count", "pd", "rho", "level", "value"),
    [
        (200, 0.03, 0.08, 0.99, 0.110),
        (500, 0.01, 0.12, 0.99, 0.056),
        (500, 0.01, 0.12, 0.999, 0.094),
        (500, 0.02, 0.20, 0.99, 0.130),
        (500, 0.02, 0.20, 0.999, 0.230),
        (1000, 0.05, 0.15, 0.99, 0.211),
        (1000, 0.05, 0.15, 0.999, 0.316),
    ],
)
def test_finite_pool_quantiles_equal_the_exact_mixture(count, pd, rho, level, value):
    assert finite_pool_quantile(count, pd, rho, level) == pytest.approx(value, abs=1e-12)


def test_granularity_add_on():
    limit = vasicek_quantile(0.03, 0.08, 0.99)
    assert limit + granularity(200, 0.03, 0.08, 0.99) == pytest.approx(0.11096, abs=5e-6)
    assert granularity(100_000, 0.02, 0.2, 0.999) < 1e-4


def test_interval_covers_the_true_quantile_and_shortfall_as_often_as_it_says():
    """Exponential losses: VaR = -ln(1 - a), ES = VaR + 1; 400 samples, 95 % +- 4 standard errors."""
    rng = np.random.default_rng(3)
    level, inside = 0.99, np.zeros(2)
    truth = -np.log(1 - level), 1 - np.log(1 - level)
    errors = []
    for _ in range(400):
        sample = rng.exponential(size=20_000)
        found = value_at_risk(sample, level), expected_shortfall(sample, level)
        inside += [f.low <= t <= f.high for f, t in zip(found, truth, strict=True)]
        errors.append([(f.value - t) / f.standard_error for f, t in zip(found, truth, strict=True)])
    assert np.all(np.abs(inside / 400 - 0.95) < 4 * np.sqrt(0.95 * 0.05 / 400))
    assert np.all(np.abs(np.std(errors, axis=0) - 1) < 0.2)


def test_interval_of_a_shortfall_of_five_draws_covers_as_often_as_it_says():
    """Vasicek rates, five draws beyond 99.9 %; 1.96 standard errors each way cover .81."""
    rng, inside = np.random.default_rng(4), np.zeros(2)
    truth = vasicek_es(0.02, 0.2, 0.999)
    for _ in range(400):
        z = rng.standard_normal(5_000)
        found = expected_shortfall(
            special.ndtr((special.ndtri(0.02) - np.sqrt(0.2) * z) / np.sqrt(0.8)), 0.999
        )
        inside += [found.low <= truth <= found.high, abs(found.value - truth) <= 1.96 * found.standard_error]
    assert 0.925 <= inside[0] / 400 <= 0.985
    assert inside[1] / 400 < 0.87


def test_interval_of_a_shortfall_moves_with_the_unit_and_is_a_point_where_nothing_varies():
    losses = np.random.default_rng(5).exponential(size=6_000)
    one, cents = expected_shortfall(losses, 0.999), expected_shortfall(7.0 + 100.0 * losses, 0.999)
    assert one.high - one.value > one.value - one.low > 0.0
    assert [cents.low, cents.high] == pytest.approx([7.0 + 100.0 * one.low, 7.0 + 100.0 * one.high])
    flat = expected_shortfall(np.full(5_000, 3.0), 0.999)
    assert flat.low == flat.high == 3.0


def test_shortfall_takes_the_fraction_of_the_quantile():
    losses = np.arange(1.0, 21.0)
    assert expected_shortfall(losses, 0.75).value == pytest.approx(np.mean([16, 17, 18, 19, 20]))
    assert expected_shortfall(losses, 0.725).value == pytest.approx((15 * 0.5 + 16 + 17 + 18 + 19 + 20) / 5.5)
    assert value_at_risk(losses, 0.75).value == 15.0


def test_too_few_draws_are_refused_with_the_number_needed():
    with pytest.raises(DataError, match="at least 5000"):
        value_at_risk(np.ones(4_000), 0.999)
    with pytest.raises(DataError, match="between 0 and 1"):
        expected_shortfall(np.ones(10), 1.0)
