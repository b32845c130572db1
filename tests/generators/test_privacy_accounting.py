"""Epsilon of composed subsampled Gaussians: published values, closed forms, and the laws they must obey."""

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import special

from finsim.errors import PrivacyBudgetError
from finsim.generators.privacy import loss_distribution, renyi_accounting
from finsim.generators.privacy.ledger import Ledger
from finsim.generators.privacy.loss_distribution import COARSE, loss_epsilon
from finsim.generators.privacy.noise_calibration import noise_for
from finsim.generators.privacy.renyi_accounting import renyi_divergence, renyi_epsilon

pytestmark = pytest.mark.sweep

# (sampling rate, noise, uses, delta) -> (PLD, RDP) of dp-accounting 0.6.0: pessimistic, connect-the-dots,
# grid 2e-5; RDP with its own orders. For the first three opacus 1.6.0 has PRV 11.0043, 4.7364, 2.4611 and
# RDP 12.0389, 5.1132, 2.6487 (finer orders).
PUBLISHED = {
    (0.01, 0.7, 5000, 1e-6): (11.0028, 12.0512),
    (0.01, 1.0, 5000, 1e-6): (4.7352, 5.1132),
    (0.01, 1.5, 5000, 1e-6): (2.4599, 2.6487),
    (0.3, 3.0, 100, 1e-5): (4.6832, 5.0957),
    (0.001, 0.5, 20_000, 1e-7): (8.9292, 10.2404),
    (0.0005, 0.8, 100_000, 1e-9): (1.8683, 2.7020),
    (0.5, 0.4, 3, 1e-5): (22.9359, 24.7351),
    (0.05, 1.2, 600, 1e-5): (5.9522, 6.5201),
    (0.2, 2.0, 1, 1e-6): (0.8723, 1.0337),
}


@pytest.mark.parametrize(("case", "published"), PUBLISHED.items())
def test_published_values(case, published):
    rate, sigma, count, delta = case
    events = {(rate, sigma): count}
    assert loss_epsilon(events, delta) == pytest.approx(published[0], rel=1e-3)
    assert renyi_epsilon(events, delta) == pytest.approx(published[1], rel=2e-3)
    assert renyi_epsilon(events, delta) <= published[1] * 1.0001


def exact_gaussian(sigma, delta):
    """Balle & Wang 2018, theorem 8: the epsilon of one Gaussian, solved by bisection."""
    low, high = 0.0, 200.0
    for _ in range(200):
        middle = 0.5 * (low + high)
        half, shift = 0.5 / sigma, middle * sigma
        spent = special.ndtr(half - shift) - math.exp(middle) * special.ndtr(-half - shift)
        low, high = (middle, high) if spent > delta else (low, middle)
    return high


@pytest.mark.parametrize(
    ("sigma", "count"), [(0.5, 1), (1.0, 1), (5.0, 1), (5.0, 40), (50.0, 500), (30.0, 3000)]
)
@pytest.mark.parametrize("delta", [1e-4, 1e-6, 1e-9])
def test_never_below_the_exact_gaussian(sigma, count, delta):
    exact = exact_gaussian(sigma / math.sqrt(count), delta)
    found = loss_epsilon({(1.0, sigma): count}, delta)
    assert exact <= found <= exact * 1.002 + 1e-4
    assert renyi_epsilon({(1.0, sigma): count}, delta) >= exact


@pytest.mark.parametrize("sigma", [1.0, 4.0])
def test_what_is_lost_in_tails_is_added_to_delta(sigma, monkeypatch):
    monkeypatch.setattr(loss_distribution, "_LOST", 0.3)
    exact = exact_gaussian(sigma, 3.3e-5)
    assert exact < loss_epsilon({(1.0, sigma): 1}, 3.3e-5) < 1.3 * exact


def exact_single(rate, sigma, delta):
    """Both directions of one subsampled Gaussian by the hockey-stick divergence, solved by bisection."""

    def spent(epsilon):
        e = math.exp(epsilon)
        at = sigma**2 * math.log((e - 1 + rate) / rate) + 0.5
        plain, moved = special.ndtr(-at / sigma), special.ndtr(-(at - 1) / sigma)
        removed = (1 - rate) * plain + rate * moved - e * plain
        if math.exp(-epsilon) <= 1 - rate:
            return removed
        at = sigma**2 * math.log((math.exp(-epsilon) - 1 + rate) / rate) + 0.5
        plain, moved = special.ndtr(at / sigma), special.ndtr((at - 1) / sigma)
        return max(removed, plain - e * ((1 - rate) * plain + rate * moved))

    low, high = 0.0, 100.0
    for _ in range(100):
        middle = 0.5 * (low + high)
        low, high = (middle, high) if spent(middle) > delta else (low, middle)
    return high


@settings(max_examples=40, deadline=None)
@given(st.floats(0.001, 0.9), st.floats(0.35, 6.0), st.sampled_from([1e-3, 1e-5, 1e-8]))
def test_never_below_the_exact_single_use(rate, sigma, delta):
    exact = exact_single(rate, sigma, delta)
    found = loss_epsilon({(rate, sigma): 1}, delta, COARSE)
    assert exact - 1e-9 <= found <= exact * 1.01 + 5e-3


@pytest.mark.parametrize("order", [2, 3, 7, 32])
@pytest.mark.parametrize(("rate", "sigma"), [(0.01, 1.0), (0.2, 0.6), (0.5, 4.0)])
def test_renyi_divergence_of_whole_orders(order, rate, sigma):
    """Mironov, Talwar & Zhang 2019, section 3.3: a finite sum."""
    k = np.arange(order + 1)
    terms = (
        special.gammaln(order + 1) - special.gammaln(k + 1) - special.gammaln(order - k + 1)
        + k * math.log(rate) + (order - k) * math.log1p(-rate) + k * (k - 1) / (2 * sigma**2)
    )  # fmt: skip
    exact = special.logsumexp(terms) / (order - 1)
    found = renyi_divergence(rate, sigma, np.array([float(order)]))[0]
    assert exact <= found <= exact * (1 + 1e-6) + 1e-12


@settings(max_examples=8, deadline=None)
@given(st.floats(0.005, 0.5), st.floats(0.6, 5.0), st.integers(1, 400))
def test_epsilon_grows_with_uses_and_rate_and_falls_with_noise_and_delta(rate, sigma, count):
    def epsilon(rate=rate, sigma=sigma, count=count, delta=1e-5):
        return Ledger().spend(rate, sigma, count).epsilon(delta, COARSE)

    base = epsilon()
    slack = 1e-2 * base + 2e-3  # of the coarse grid
    assert epsilon(count=2 * count) >= base - slack
    assert epsilon(rate=min(1.0, 1.5 * rate)) >= base - slack
    assert epsilon(sigma=1.5 * sigma) <= base + slack
    assert epsilon(delta=1e-3) <= base + slack
    assert base <= Ledger().spend(rate, sigma, count).renyi(1e-5) + slack


def test_uses_add_up_in_any_order():
    one = Ledger().spend(0.1, 1.0, 10).spend(1.0, 9.0, 4).spend(0.1, 1.0, 5)
    two = Ledger().spend(1.0, 9.0, 4).plus(Ledger().spend(0.1, 1.0, 15))
    assert one == two
    assert one.count == 19
    assert one.epsilon(1e-5) == two.epsilon(1e-5) > Ledger().spend(0.1, 1.0, 15).epsilon(1e-5)
    assert Ledger.from_list(one.to_list()) == one


def test_nothing_spends_nothing_and_no_noise_spends_everything():
    assert Ledger().epsilon(1e-5) == Ledger().renyi(1e-5) == 0.0
    assert Ledger().spend(0.0, 1.0, 5).epsilon(1e-5) == 0.0
    assert Ledger().spend(0.1, 0.0).epsilon(1e-5) == Ledger().spend(0.1, 0.0).renyi(1e-5) == math.inf


@pytest.mark.parametrize("row", [{"sampling_rate": 1.1}, {"sigma": -1.0}, {"count": -3}])
def test_a_ledger_no_training_writes_is_refused(row):
    with pytest.raises(ValueError, match="rate"):
        Ledger.from_list([{"sampling_rate": 0.1, "sigma": 1.0, "count": 2, **row}])


@pytest.mark.parametrize("epsilon", [0.5, 3.0, 8.0])
def test_the_noise_keeps_the_epsilon_and_is_not_larger_than_needed(epsilon):
    before = Ledger().spend(1.0, 20.0, 4)
    sigma = noise_for(epsilon, 1e-5, 0.05, 300, before)
    assert before.spend(0.05, sigma, 300).epsilon(1e-5) <= epsilon
    assert before.spend(0.05, 0.99 * sigma, 300).epsilon(1e-5) > epsilon


def test_an_epsilon_that_is_spent_already_is_refused():
    with pytest.raises(PrivacyBudgetError, match="cannot be kept by 300 updates"):
        noise_for(1.0, 1e-5, 0.05, 300, Ledger().spend(1.0, 1.0))


def test_more_than_planned_is_refused():
    planned = Ledger().spend(0.1, 1.0, 3)
    Ledger().spend(0.1, 1.0, 3).refuse_beyond(planned)
    for more in (Ledger().spend(0.1, 1.0, 4), Ledger().spend(0.2, 1.0)):
        with pytest.raises(PrivacyBudgetError, match="planned for"):
            more.refuse_beyond(planned)


def test_divergences_that_are_kept_are_those_of_the_noise_asked_for():
    events = [{(rate, sigma): count} for rate in (0.05, 0.2) for sigma in (0.9, 2.0) for count in (1, 30)]
    kept = [renyi_accounting.renyi_epsilon(one, 1e-5) for one in [*events, *events]]
    fresh = []
    for one in events:
        renyi_accounting._divergences.cache_clear()
        fresh.append(renyi_accounting.renyi_epsilon(one, 1e-5))
    assert kept == fresh * 2
    assert len(set(fresh)) == len(events)
    assert not renyi_accounting._divergences(0.05, 0.9).flags.writeable
