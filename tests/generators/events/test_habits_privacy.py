"""New entities of habits are no nearer to learned ones than unseen ones: payees, amounts, days; and ends."""

import numpy as np
import pytest
from event_logs import DAY, DAYS, plain

from finsim.generators.events.habits import Habits
from finsim.generators.generator import Budget
from finsim.randomness import Streams


def fit(log):
    return Habits.fit(log, Habits.Settings(), Streams(1), Budget(), lambda share, text: None)


def communities(seed, count=240, own=25):
    """Return dated payments of four communities.

    Each has 30 payees that many of its entities share, and 40 more are everybody's; seven in ten payments
    go to the entity's six favourites.
    """
    rng = np.random.default_rng(seed)
    home = np.arange(count) % 4
    favourite = home[:, None] * 30 + rng.permuted(np.tile(np.arange(30), (count, 1)), axis=1)[:, :6]
    entity = np.repeat(np.arange(count), rng.poisson(own, count) + 5)
    n = len(entity)
    kind = rng.random(n)
    payee = favourite[entity, rng.integers(0, 6, n)]
    payee = np.where(kind < 0.3, 120 + rng.integers(0, 40, n), payee)
    payee = np.where(kind < 0.1, home[entity] * 30 + rng.integers(0, 30, n), payee)
    return plain(entity, rng.integers(0, DAYS, n), np.round(np.exp(rng.normal(3, 1, n)), 2), payee)


def nearest_shares(known, other):
    """Return the highest Jaccard share of payees of every other entity with any known one."""
    has = [np.zeros((log.count, 160), bool) for log in (known, other)]
    for one, log in zip(has, (known, other), strict=True):
        one[log.entity(), log.part("partner")] = True
    both = has[1].astype(int) @ has[0].T.astype(int)
    return (both / (has[1].sum(axis=1)[:, None] + has[0].sum(axis=1) - both)).max(axis=1)


def test_payees_are_no_nearer_to_learned_entities_than_those_of_unseen_ones():
    """Payees that eight or more share are dealt anew too, and keep to a community beyond chance (0.4)."""
    known = communities(1)
    null = np.concatenate([nearest_shares(known, communities(seed)) for seed in (2, 3, 4)])
    found = fit(known).sample(240, Streams(5))
    near = nearest_shares(known, found)
    assert near.mean() < null.mean() + 0.03
    assert np.quantile(near, 0.9) < np.quantile(null, 0.9) + 0.05
    assert near.max() < 0.8

    def together(log):
        """Return the share of payments in the main community of each entity, of those in any."""
        inside = log.part("partner") < 120
        table = np.zeros((log.count, 4))
        np.add.at(table, (log.entity()[inside], log.part("partner")[inside] // 30), 1.0)
        return table.max(axis=1).sum() / table.sum()

    assert together(known) == 1.0
    assert together(found) > 0.55


def test_amounts_of_a_learned_pair_are_not_those_of_a_new_one():
    """Each pair pays its own sum; what is learned of it is no more than what its payee is like."""
    rng = np.random.default_rng(6)
    entity = np.repeat(np.arange(150), 40)
    payee = rng.integers(0, 12, len(entity))
    own = np.exp(rng.normal(4.0 + (np.arange(12) % 3), 1.0, (150, 12)))
    amount = np.round(own[entity, payee] * np.exp(0.02 * rng.normal(size=len(entity))), 2)
    links = fit(plain(entity, rng.integers(0, DAYS, len(entity)), amount, payee)).known.parts.links
    for k in range(12):
        assert links.effect[links.payee == k].std() < 0.2
    assert links.doubt.min() > 0.5


def test_first_days_of_a_crowd_remain_first_days():
    """Nearly all begin in the first three days of 120: so do new entities, and a short life stays short."""
    rng = np.random.default_rng(7)
    entity = np.repeat(np.arange(200), 30)
    day = rng.integers(0, DAYS, len(entity))
    day[::30] = rng.integers(0, 3, 200)
    short = entity % 5 == 0
    day[short] = (20 + entity[short] // 2 % 60) + rng.integers(0, 8, short.sum())
    payee = rng.integers(0, 30, len(entity))
    known = plain(entity, day, np.round(np.exp(rng.normal(3, 1, len(entity))), 2), payee)
    found = fit(known).sample(200, Streams(3))

    def ends(log):
        days = log.times // DAY - 14_600
        first = np.full(log.count, DAYS)
        np.minimum.at(first, log.entity(), days)
        last = np.zeros(log.count, np.int64)
        np.maximum.at(last, log.entity(), days)
        return first, last - first

    for mine, theirs, edge in zip(ends(found), ends(known), (3, 15), strict=True):
        assert (mine < edge).mean() == pytest.approx((theirs < edge).mean(), abs=0.07)


def test_the_far_end_of_amounts_is_kept():
    """As many amounts as learned ones lie beyond the 99.5 % and 99.8 % quantiles."""
    rng = np.random.default_rng(8)
    entity = np.repeat(np.arange(200), 40)
    amount = np.round(np.exp(rng.normal(3.0, 1.2, len(entity))), 2)
    known = plain(entity, rng.integers(0, DAYS, len(entity)), amount, rng.integers(0, 3, len(entity)))
    found = fit(known).sample(1_000, Streams(3)).part("amount")
    for share in (0.005, 0.002):
        assert (found > np.quantile(amount, 1.0 - share)).mean() == pytest.approx(share, rel=0.5)
