"""Repeats beyond chance make the rates; entities are drawn together as far as they are alike."""

from dataclasses import replace

import numpy as np
import pytest
from event_logs import DAYS, plain, words

from finsim.generators.events.habits import Habits
from finsim.generators.events.habits.cells.contexts import best_contexts
from finsim.generators.events.habits.days.crowded_days import chances, learn_crowds, size_classes
from finsim.generators.events.habits.generations import counts_anew, mates, with_reserve
from finsim.generators.events.habits.ledger import Ledger, net_rates
from finsim.generators.events.habits.restaurant import Runs, learn_returns
from finsim.generators.generator import Budget
from finsim.randomness import Streams


def tries(rates, each=60, seed=0):
    """Return entity, whether alike, and the chance of it, of tries of entities with such rates."""
    rng = np.random.default_rng(seed)
    entity = np.repeat(np.arange(len(rates)), each)
    chance = rng.choice([0.0, 0.1, 0.6, 0.94], len(entity))
    return entity, rng.random(len(entity)) < chance + rates[entity] * (1.0 - chance), chance


@pytest.mark.parametrize("rate", [0.0, 0.02, 0.3])
def test_entities_of_one_rate_have_it(rate):
    found = net_rates(*tries(np.full(400, rate)), 400, 4.0)
    assert found.mean() == pytest.approx(rate, abs=0.006)
    assert found.std() < 0.015


def test_entities_of_other_rates_keep_theirs():
    rates = np.random.default_rng(1).choice([0.1, 0.7], 400)
    found = net_rates(*tries(rates), 400, 4.0)
    assert np.abs(found - rates).mean() < 0.08
    assert net_rates(*tries(rates), 401, 4.0)[400] == pytest.approx(found.mean(), abs=0.05)  # without tries
    none = np.zeros(0)
    assert (net_rates(none.astype(np.int64), none, none, 3, 4.0) == 0.0).all()


def even_log(count=120, rows=150, payees=30):
    """Payees chosen evenly, several times on a day: nothing but chance repeats."""
    rng = np.random.default_rng(3)
    entity = np.repeat(np.arange(count), rows)
    home = rng.integers(0, 300, (count, payees))
    amount = np.round(5.0 + rng.permutation(len(entity)) / 100, 2)  # no sum twice
    payee = home[entity, rng.integers(0, payees, len(entity))]
    return plain(entity, rng.integers(0, DAYS // 4, len(entity)) * 2, amount, payee)


def test_repeats_of_chance_are_no_habit():
    log = even_log()
    ledger = Ledger.read(log)
    found = learn_returns(ledger, Runs.read(ledger), np.zeros(len(ledger.day)))
    crowds = learn_crowds(ledger, Runs.read(ledger), found, np.zeros(len(ledger.day)))
    new = ledger.is_new_day()
    size = np.bincount(np.cumsum(new))[np.cumsum(new)][~new]
    stays = chances(crowds.stays[ledger.entity[~new]], crowds.stays_by[size_classes(size)])
    for rates in (stays, found.returns, found.remembers, found.keeps):
        assert rates.mean() < 0.004
    body = Habits.fit(log, Habits.Settings(), Streams(1), Budget(), lambda share, text: None)
    made = body.sample(120, Streams(2))

    def alike(log):
        payee, same = log.part("partner"), log.entity()[1:] == log.entity()[:-1]
        return (payee[1:] == payee[:-1])[same].mean()

    assert alike(made) == pytest.approx(alike(log), rel=0.15)


def test_mates_are_of_one_part():
    part = np.arange(101) // 51
    mate = mates(np.arange(101), part)
    assert (part[mate] == part).all()
    assert (mate == np.arange(101)).sum() == 3  # fifty-first, its neighbor, and the last one


def test_mates_split_their_links_anew():
    rng = np.random.default_rng(0)
    position = rng.permutation(101)
    mate = mates(position, np.zeros(101, np.int64))
    assert (mate[mate] == np.arange(101)).all()
    assert (np.abs(position - position[mate]) <= 1).all()
    assert (mate == np.arange(101)).sum() == 1
    own = rng.integers(0, 50, 101)
    wanted, giver = counts_anew(own, mate, rng)
    np.testing.assert_array_equal(wanted + wanted[mate], own + own[mate])
    assert (wanted[own > 0] > 0).mean() > 0.95
    assert set(np.flatnonzero(giver != np.arange(101))) <= set(np.flatnonzero(giver == mate))
    larger = np.maximum(own, own[mate]) / np.maximum(np.minimum(own, own[mate]), 1)
    assert (giver == np.arange(101))[larger > 1.4].all()
    other = giver != np.arange(101)
    assert np.abs(wanted - own[giver])[other].sum() < np.abs(wanted - own)[other].sum()
    assert 0.2 < (giver != np.arange(101))[(larger <= 1.35) & (own > 0)].mean() < 0.8


def test_a_mate_lends_its_last_links():
    link, own = np.arange(9), np.array([4, 5])
    size, found = with_reserve(link, own, np.array([6, 3]), np.array([0, 1]), np.array([1, 0]))
    assert found[: size[0]].tolist() == [0, 1, 2, 3, 8, 7, 6, 5, 4]  # 2 of the mate, then half as many more
    assert found[size[0] :].tolist() == [4, 5, 6, 3, 2, 1]
    size, found = with_reserve(link[:4], own[:1], own[:1], np.array([0]), np.array([0]))
    assert found.tolist() == [0, 1, 2, 3]


def test_a_flag_of_one_row_in_a_thousand_comes_out_where_it_was():
    """Nearly every entity has no flag, which tells nothing of the rows that have one."""
    rng = np.random.default_rng(5)
    entity = np.repeat(np.arange(100), 100)
    payee = rng.integers(0, 20, len(entity))
    log = plain(entity, np.arange(len(entity)) % DAYS, np.round(rng.gamma(2, 20, len(entity)), 2), payee)
    is_fraud = (payee // 5 == 1) & (rng.random(len(entity)) < 0.005)
    assert 5 < is_fraud.sum() < 25
    more = {"trade": words(payee // 5, "abcd"), "flag": words(is_fraud.astype(int), ["no", "yes"])}
    own = replace(log, events=log.events.with_columns(more))
    body = Habits.fit(own, Habits.Settings(), Streams(1), Budget(), lambda share, text: None)
    made = body.sample(1_000, Streams(2)).events
    fraud = made["flag"].values == 1
    assert fraud.sum() == pytest.approx(10 * is_fraud.sum(), rel=0.5)
    assert (made["trade"].values[fraud] == 1).mean() > 0.5  # a quarter by chance


def test_what_tells_a_rare_word_is_its_context():
    rng = np.random.default_rng(2)
    trade = rng.integers(0, 10, 20_000)
    flag = np.zeros(20_000, np.int64)
    flag[np.flatnonzero(trade == 3)[:10]] = 1
    contexts = {"trade": trade, "other": rng.integers(0, 10, 20_000)}
    assert best_contexts(flag, contexts, 2) == ["trade"]
