"""Amounts of habits: each payee's own law, scores that fill it, lives as different as the learned ones."""

from dataclasses import fields, replace

import numpy as np
import pytest
from event_logs import DAYS, plain

from finsim.generators.events.habits import Habits
from finsim.generators.events.habits.amounts import NORMAL, Levels, learn_amounts, with_believed_spread
from finsim.generators.events.habits.learned import NO_LAW
from finsim.generators.events.habits.ledger import Ledger
from finsim.generators.events.habits.living import Wanted, lived
from finsim.generators.events.habits.rows_of_lives import laws_and_scores
from finsim.generators.generator import Budget
from finsim.randomness import Streams


def fit(log):
    return Habits.fit(log, Habits.Settings(), Streams(1), Budget(), lambda share, text: None)


def fees_and_sales(count=40, rows=20, seed=0):
    """Two payees that all have, one with a fee and one with sales around it: nothing but the payee tells."""
    rng = np.random.default_rng(seed)
    entity = np.repeat(np.arange(count), rows)
    payee = rng.integers(0, 2, len(entity))
    amount = np.round(np.where(payee, np.exp(rng.normal(1.3, 0.9, len(entity))), 3.62), 2)
    return plain(entity, rng.integers(0, DAYS, len(entity)), amount, payee)


def test_an_amount_is_of_its_payee_where_no_word_tells_more():
    found = fit(fees_and_sales()).sample(40, Streams(2))
    is_fee, payee = found.part("amount") == 3.62, found.part("partner")
    assert is_fee[payee == 0].mean() > 0.97
    assert is_fee[payee == 1].mean() < 0.15


def test_a_law_that_no_row_had_lacks_amounts_as_often_as_the_whole():
    """New lives meet payees and words in pairs that were not seen: their rows are no empty ones for it."""
    log = fees_and_sales(20)
    ledger, rows = Ledger.read(log), log.events.rows
    law, link = np.zeros(rows, np.int64), np.zeros(rows, np.int64)
    amounts = learn_amounts(ledger, law, 2, link, 0.01, Streams(1), law)[0]
    assert amounts.missing.tolist() == [0.0, 0.0]
    lacking = replace(ledger, amount=np.where(np.arange(rows) % 4 == 0, np.nan, ledger.amount))
    assert learn_amounts(lacking, law, 2, link, 0.01, Streams(1), law)[0].missing.tolist() == [0.25, 0.25]
    is_fee = ledger.amount == 3.62  # the rows of the law but for their payees tell it, as those of a currency
    alone = learn_amounts(ledger, law, 2, link, 0.01, Streams(1), is_fee.astype(np.int64))[0]
    assert alone.laws[1].values(np.array([0.1, 0.5, 0.9]), np.full(3, 0.5)).tolist() == [3.62] * 3


def test_scores_of_new_lives_fill_their_laws():
    """A law that one entity has most rows of: places of scores are even, over lives that were not seen."""
    rng = np.random.default_rng(3)
    entity = np.concatenate([np.repeat(np.arange(60), 30), np.zeros(3_000, int)])
    amount = np.round(np.exp(rng.normal(4.0 - 3.0 * (entity == 0), 0.5)), 2)
    payee = np.where(entity == 0, 0, rng.integers(0, 2, len(entity)))
    body = fit(plain(entity, rng.integers(0, DAYS, len(entity)), amount, payee))
    maps, places = body.known.parts.amounts.maps, {}
    knots = np.interp(np.linspace(0, 1, maps.shape[1])[1:-1], [0, 1], [0, 1])
    for seed in range(7, 15):  # 240 lives of one entity's size are too few: means differ by .02
        one = lived(body.known, body.log, Wanted(np.arange(240), DAYS, 240), Streams(seed), {})
        law, score = laws_and_scores(body.known, body.log, one)
        for k in np.unique(law):
            places.setdefault(k, []).append(np.interp(score[law == k], maps[k][1:-1], knots))
    for found in places.values():
        place = np.concatenate(found)
        assert place.mean() == pytest.approx(0.5, abs=0.08)
        assert place.std() == pytest.approx(12**-0.5, rel=0.15)
    laws = np.unique(law)
    assert len(laws) == 2
    assert not np.array_equal(maps[laws[0]], maps[laws[1]])  # each its own


def test_entities_differ_in_what_they_pay_as_the_learned_ones_do():
    rng = np.random.default_rng(6)
    entity = np.repeat(np.arange(200), np.maximum(rng.lognormal(3.0, 0.8, 200).astype(int), 5))
    logs = rng.normal(5.0, 1.0, 200)[entity] + rng.normal(0.0, 0.4, len(entity))
    begin, wide = rng.integers(0, DAYS // 2, 200), rng.integers(10, DAYS // 2, 200)
    day = begin[entity] + (rng.random(len(entity)) * wide[entity]).astype(int)
    log = plain(entity, day, np.round(np.exp(logs), 2), entity % 9)
    found = fit(log).sample(2_000, Streams(2))
    made, owner = np.log(found.part("amount")), found.entity()
    size = np.bincount(owner, minlength=2_000)
    middle = np.bincount(owner, made, 2_000) / size
    assert middle.std() == pytest.approx(1.0, rel=0.12)
    assert np.sqrt(np.mean((made - middle[owner]) ** 2)) == pytest.approx(0.4, rel=0.15)


def test_who_always_pays_one_sum_has_a_law_of_usual_sums():
    """Each pays its own sum to many, and one payment in ten is a small one of 2 to 4 that is not repeated."""
    rng = np.random.default_rng(5)
    entity = np.repeat(np.arange(300), 10)
    own = np.round(rng.uniform(100.0, 600.0, 300), 2)
    odd = rng.random(len(entity)) < 0.1
    amount = np.where(odd, np.round(rng.uniform(2.0, 4.0, len(entity)), 2), own[entity])
    log = plain(entity, rng.integers(0, DAYS, len(entity)), amount, rng.integers(0, 400, len(entity)))
    body = fit(log)
    assert int(body.known.ledger_facts["first_law"]) != NO_LAW
    found = body.sample(300, Streams(2)).part("amount")
    assert (found < 50).mean() == pytest.approx((log.part("amount") < 50).mean(), abs=0.06)
    assert int(fit(fees_and_sales()).known.ledger_facts["first_law"]) == NO_LAW


def test_single_payments_lie_about_the_level_as_the_learned_ones_do():
    """Skewed about every entity: of each the logarithms reach far down and hardly up."""
    rng = np.random.default_rng(8)
    entity = np.repeat(np.arange(150), 60)
    below = -rng.exponential(0.5, len(entity))
    amount = np.round(np.exp(rng.normal(6.0, 1.0, 150)[entity] + below), 2)
    log = plain(entity, rng.integers(0, DAYS, len(entity)), amount, entity % 9)
    body = fit(log)
    found = body.sample(300, Streams(2))

    def skew(log):
        size, owner = np.log(log.part("amount")), log.entity()
        many = np.bincount(owner)
        apart = size - (np.bincount(owner, size) / np.maximum(many, 1))[owner]
        scale = np.sqrt(np.bincount(owner, apart**2) / np.maximum(many, 1))[owner]
        return (apart[many[owner] >= 20] / scale[many[owner] >= 20]) ** 3

    assert np.mean(skew(log)) < -1.3
    assert np.mean(skew(found)) == pytest.approx(np.mean(skew(log)), rel=0.25)
    levels = body.known.parts.levels
    scores = np.linspace(-4.0, 4.0, 81)
    for level in (levels.middle[0], -9.0, 0.1):
        made = levels.singles(np.full(81, level), scores)
        assert (np.diff(made) > 0).all()
    plainly = Levels(*[getattr(levels, one.name) for one in fields(levels)][:-2], NORMAL, np.zeros(1))
    np.testing.assert_allclose(plainly.singles(np.full(81, 0.3), scores), scores, atol=1e-9)


def test_spreads_are_believed_as_far_as_rows_tell_them():
    """Entities of one spread are drawn to it, those of two spreads stay apart."""
    rng = np.random.default_rng(9)
    rows = np.full(300, 30)
    for apart in (0.0, 0.6):
        true = np.exp(apart * rng.choice([-1.0, 1.0], 300))
        seen = true * np.sqrt(rng.chisquare(29, 300) / 29)
        nothing = np.zeros(300)
        known = Levels(
            rng.normal(size=300), nothing, seen, nothing, nothing, nothing, nothing, NORMAL, nothing
        )
        found = with_believed_spread(known, rows, 3.0)
        error = [np.log(one / true).std() for one in (seen, found.spread)]
        assert error[1] < (0.5 if apart == 0.0 else 1.02) * error[0]
        assert np.log(found.spread).std() == pytest.approx(apart, abs=0.08)
        assert (found.doubt_of_spread < 0.2).all()
