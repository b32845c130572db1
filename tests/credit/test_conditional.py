import numpy as np
import pytest
from hypothesis import given
from hypothesis import settings as configured
from hypothesis import strategies as st
from scipy.integrate import quad

from finsim.credit.conditional import (
    collateral_lgd,
    conditional_pd,
    cumulative_hazard,
    default_point,
    loss_shift,
    per_period,
    sensitivity,
    systematic_lgd,
)


def expectation(function):
    density = lambda z: np.exp(-z * z / 2) / np.sqrt(2 * np.pi)  # noqa: E731
    return quad(lambda z: float(function(np.array(z))) * density(z), -9, 9, limit=300, epsabs=1e-12)[0]


@configured(deadline=None, max_examples=30)
@given(st.floats(1e-4, 0.4), st.floats(0.02, 0.5), st.floats(0.05, 0.95))
def test_mean_over_the_factor_is_pd_and_expected_loss(pd, rho, lgd):
    """E[PD(z)] = PD and, by Frye and Jacobs, E[DR x LGD(DR)] = PD x LGD."""
    pd, rho, lgd = np.array(pd), np.array(rho), np.array(lgd)
    assert expectation(lambda z: conditional_pd(pd, rho, z)) == pytest.approx(float(pd), rel=1e-6)

    def loss(z):
        point = default_point(pd, rho) - sensitivity(rho) * z
        return conditional_pd(pd, rho, z) * systematic_lgd(point, loss_shift(pd, lgd, rho))

    assert expectation(loss) == pytest.approx(float(pd * lgd), rel=1e-6)


@pytest.mark.parametrize(
    ("pd", "lgd", "loss"), [(0.02, 0.5, 0.010), (0.04, 0.85, 0.034), (0.009, 0.6, 0.0054)]
)
def test_frye_jacobs_reference_losses(pd, lgd, loss):
    kappa = loss_shift(np.array(pd), np.array(lgd), np.array(0.12))
    found = expectation(
        lambda z: (
            conditional_pd(np.array(pd), np.array(0.12), z)
            * systematic_lgd(
                default_point(np.array(pd), np.array(0.12)) - sensitivity(np.array(0.12)) * z, kappa
            )
        )
    )
    assert found == pytest.approx(loss, rel=1e-8)


def test_recession_raises_pd_and_lgd_together():
    z = np.linspace(4, -4, 30)
    pd, rho, lgd = np.array(0.03), np.array(0.15), np.array(0.4)
    point = default_point(pd, rho) - sensitivity(rho) * z
    severity = systematic_lgd(point, loss_shift(pd, lgd, rho))
    assert np.all(np.diff(conditional_pd(pd, rho, z)) > 0)
    assert np.all(np.diff(severity) > 0)
    assert 0 < severity.min() < severity.max() < 1


def test_far_tail_is_finite():
    assert systematic_lgd(np.array([-50.0, -38.0, 0.0]), np.array(0.3)).tolist()[0] == 0.0


def test_collateral_and_periods():
    assert collateral_lgd(np.array(0.2), np.array([1.0, 0.7, 1.5])) == pytest.approx([0.2, 0.44, 0.0])
    assert 1 - (1 - per_period(np.array(0.3), 12)) ** 12 == pytest.approx(0.3)


def test_a_certain_default_has_a_finite_hazard():
    """A scenario beyond all measure: no warning, and all but certain in each part of the year."""
    sure = np.array([1.0, 0.5, 0.0])
    assert np.isfinite(cumulative_hazard(sure)).all()
    quarter = per_period(sure, 4)
    assert quarter[0] == pytest.approx(1.0, abs=2e-4)
    np.testing.assert_allclose((1.0 - quarter[1:]) ** 4, [0.5, 1.0])
