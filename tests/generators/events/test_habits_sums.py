"""Sums that a payer pays again and again, and grids of amounts."""

import numpy as np
import pytest
from event_logs import DAYS, plain

from finsim.generators.events.habits import Habits
from finsim.generators.generator import Budget
from finsim.generators.margins.number_margin import NumberMargin
from finsim.randomness import Streams


def fit(log):
    return Habits.fit(log, Habits.Settings(), Streams(1), Budget(), lambda share, text: None)


def repeats(log):
    """Return the share of rows whose merchant the entity had before."""
    key = log.entity() * 10_000 + log.part("partner")
    return 1.0 - len(np.unique(key)) / len(key)


def own_sums(constant):
    """Return a log of 160 payers that always pay one sum (or each time another), to ever new payees."""
    rng = np.random.default_rng(8)
    entity = np.repeat(np.arange(160), rng.integers(2, 9, 160))
    amount = np.round(rng.uniform(10, 10_000, len(entity)), 2)
    amount = amount[entity] if constant else amount
    return plain(entity, rng.integers(0, DAYS, len(entity)), amount, rng.integers(0, 4_000, len(entity)))


def test_who_always_pays_one_sum_goes_on_to_do_so_and_others_do_not():
    """Sums are new ones all the same, and lives of one sum are what such a body knows."""
    same, other = (fit(own_sums(constant)) for constant in (True, False))
    for body, low, high in ((same, 0.95, 1.0), (other, 0.0, 0.05)):
        found = body.sample(160, Streams(3))
        within = found.entity()[1:] == found.entity()[:-1]
        alike = found.part("amount")[1:] == found.part("amount")[:-1]
        assert low <= alike[within].mean() <= high
        assert np.isin(found.part("amount"), own_sums(False).part("amount")).mean() < 0.05
    at_home, away = (same.entity_losses(own_sums(constant), Streams(0)).mean() for constant in (True, False))
    assert at_home < away - 2.0


def test_sums_that_several_have_by_chance_are_no_likelier_than_they_are():
    """Half of the entities have one of 30 sums, half one of ten thousand; all pay theirs five times."""
    rng = np.random.default_rng(9)
    entity = np.repeat(np.arange(400), 5)
    own = np.where(np.arange(400) % 2, rng.integers(100, 130, 400), rng.integers(130, 10_130, 400)) * 1.0
    log = plain(entity, rng.integers(0, DAYS, 2_000), own[entity], rng.integers(0, 4_000, 2_000))
    found = fit(log).sample(400, Streams(3))
    first = found.part("amount")[found.starts[:-1]]
    assert (first < 130).mean() == pytest.approx(0.5, abs=0.08)


def test_amounts_of_a_life_come_again_at_new_payees():
    """Each entity pays one sum to payees that it hardly meets twice: so do new ones; others pay any sum."""
    rng = np.random.default_rng(9)
    entity = np.repeat(np.arange(200), 8)
    payee = rng.integers(0, 900, len(entity))
    own = np.round(np.exp(rng.normal(4.0, 1.0, 200)), 2)[entity]
    free = np.round(np.exp(rng.normal(4.0, 1.0, len(entity))), 2)
    for amount, low, high in ((own, 0.75, 0.9), (free, 0.0, 0.05)):
        found = fit(plain(entity, rng.integers(0, DAYS, len(entity)), amount, payee)).sample(200, Streams(3))
        pair = np.stack([found.entity(), found.part("amount")])
        assert low <= 1.0 - len(np.unique(pair, axis=1).T) / found.events.rows <= high
        assert repeats(found) < 0.06


def test_a_plain_grid_has_no_more_whole_numbers_than_learned():
    rng = np.random.default_rng(10)
    values = np.round(rng.gamma(2.0, 40.0, 40_000), 2)
    found = NumberMargin.fit(values, 0.01).values(rng.random(40_000), rng.random(40_000))
    assert (found % 1 == 0).mean() == pytest.approx((values % 1 == 0).mean(), abs=0.003)
