"""Payments are made at the hours of what is paid, and an account pays what is its own."""

from dataclasses import replace
from functools import cache

import numpy as np
import pytest
from event_logs import BEGIN, DAY, DAYS, assembled, words

from finsim.generators.events.habits import Habits
from finsim.generators.events.habits.cells.word_law import WordLaw, learn_words
from finsim.generators.events.habits.generations import Links
from finsim.generators.events.habits.known.sampled_words import single_payees
from finsim.generators.events.habits.liked_payees import worth_of_kinds
from finsim.generators.events.habits.payee_hours import learn_payee_hours
from finsim.generators.generator import Budget
from finsim.randomness import Streams
from finsim.records.event_log import EventRoles
from finsim.records.mixed_table import NUMBER, TIME, MixedColumn, MixedTable

HOUR = 3_600 * 10**9
KINDS = ("subscription", "pub", "shop", "wages")


def fit(log):
    return Habits.fit(log, Habits.Settings(), Streams(1), Budget(), lambda share, text: None)


def household(count=150, firms=6, seed=0):
    """Accounts of people and, the last ones, of firms that pay people's wages at 02:00; purposes by account.

    Subscriptions fall at 03:00, pubs after 20:00, shops by day. Payees 0 to 7 are shops, to 15 pubs, to 19
    subscriptions, then people, who pay each other by day too. Each account has two purposes of twelve.
    """
    rng = np.random.default_rng(seed)
    parts, people = [], count - firms
    shops = (("subscription", 16, 4, 6), ("pub", 8, 8, 8), ("shop", 0, 8, 12))
    for kind, begin, wide, often in shops:
        who = np.repeat(np.arange(people), rng.poisson(rng.gamma(1.0, often, people)))
        favourite = begin + rng.integers(0, wide, (people, 2))
        parts.append((kind, who, favourite[who, rng.integers(0, 2, len(who))]))
    who = np.repeat(np.arange(people), 4)
    parts.append(("wages", people + who % firms, 20 + who))
    who = np.repeat(np.arange(people), rng.poisson(2, people))
    parts.append(("shop", who, 20 + (who + rng.integers(1, 4, len(who))) % people))
    kind = np.concatenate([np.full(len(who), KINDS.index(one)) for one, who, _ in parts])
    entity, payee = (np.concatenate([one[k] for one in parts]) for k in (1, 2))
    n = len(entity)
    hour = np.array([3.0, 20.0, 9.0, 2.0])[kind] + rng.random(n) * np.array([0.5, 3.9, 9.0, 0.5])[kind]
    time = BEGIN + rng.integers(0, DAYS, n) * DAY + (hour * 3_600).astype(np.int64) * 10**9
    own = rng.integers(0, 12, (count, 2))
    columns = {
        "at": MixedColumn(TIME, time, step=1e9),
        "to": words(payee, [f"p{k}" for k in range(20 + people)]),
        "amount": MixedColumn(NUMBER, np.round(rng.lognormal(3, 1, n), 2), step=0.01),
        "purpose": words(own[entity, (rng.random(n) < 0.3) * 1], [f"w{k}" for k in range(12)]),
        "what": words(kind, KINDS),
    }
    roles = EventRoles("at", "amount", "to", "what")
    return assembled(entity, time, columns, roles, MixedTable({}, count))


@cache
def both():
    data = household()
    return data, fit(data).sample(data.count, Streams(2))


def hours(log):
    """Return the share of each hour [kinds, 24]."""
    hour = log.times % DAY // HOUR
    found = np.bincount(log.events["what"].values * 24 + hour, minlength=96).reshape(4, 24)
    return found / found.sum(axis=1, keepdims=True)


def payers(log, column):
    """Return how many accounts have each word."""
    pairs = np.unique(log.events[column].values.astype(np.int64) * log.count + log.entity())
    return np.bincount(pairs // log.count)


def test_hours_are_those_of_what_is_paid():
    data, found = (hours(log) for log in both())
    apart = 0.5 * np.abs(data - found).sum(axis=1)
    assert apart.max() < 0.12  # .5 to .8 with hours of the ledger


def test_payments_of_a_day_are_in_order():
    found = both()[1]
    same = found.entity()[1:] == found.entity()[:-1]
    assert (np.diff(found.times)[same] >= 0).all()


def test_few_accounts_pay_wages():
    """People are paid for other things too: the pair tells, not the payee."""
    data, found = both()
    body = fit(data)
    assert {law.name: law.how for law in body.known.early}["what"] == "pair"
    wages = KINDS.index("wages")
    assert payers(data, "what")[wages] == 6
    assert payers(found, "what")[wages] <= 14
    assert payers(found, "what")[:3] == pytest.approx(payers(data, "what")[:3], rel=0.25)


def test_purposes_are_those_of_the_account():
    data, found = both()
    assert payers(found, "purpose").sum() == pytest.approx(payers(data, "purpose").sum(), rel=0.1)
    assert payers(found, "purpose") == pytest.approx(payers(data, "purpose"), abs=12)


def test_an_account_keeps_to_its_hours():
    """With payees of all hours, early accounts stay early: the law of hours is the account's alone."""
    rng = np.random.default_rng(6)
    entity = np.repeat(np.arange(120), 40)
    hour = np.where(entity % 2 == 0, 6.0, 18.0) + rng.random(len(entity)) * 3
    time = BEGIN + rng.integers(0, DAYS, len(entity)) * DAY + (hour * 3_600).astype(np.int64) * 10**9
    columns = {
        "at": MixedColumn(TIME, time, step=1e9),
        "to": words(rng.integers(0, 30, len(entity)), [f"p{k}" for k in range(30)]),
    }
    roles = EventRoles("at", partner="to")
    found = fit(assembled(entity, time, columns, roles, MixedTable({}, 120))).sample(120, Streams(3))
    late = np.bincount(found.entity(), found.times % DAY >= 12 * HOUR) / found.lengths()
    assert 0.3 < late.mean() < 0.7
    assert np.abs(late - 0.5).mean() > 0.2  # 0 when each payment is by the ledger's hours


def test_payees_with_nothing_of_their_own_share_one_law():
    """Hours by chance: laws are within the noise of all; one payee of another hour has its own."""
    rng = np.random.default_rng(7)
    link = np.repeat(np.arange(60), 100)
    payee, hour = np.arange(60) // 4, rng.choice([8, 12, 20], len(link))
    even = learn_payee_hours(hour, link, payee, 15, {})
    assert np.abs(even.laws - even.usual).max() < 0.04
    hour[payee[link] == 3] = 4
    found = learn_payee_hours(hour, link, payee, 15, {"word": payee % 2})
    assert found.laws[found.of_payee[3], 4] > 0.97
    assert found.laws[found.of_payee[4], 4] < 0.02
    assert (found.of_link == found.of_payee[payee]).all()


def law_of_words(seed=8):
    """Return a law, its contexts and rows: accounts with words of their own, lifted by a context."""
    rng = np.random.default_rng(seed)
    entity = np.repeat(np.arange(100), 12)
    context, own = rng.integers(0, 2, len(entity)), rng.integers(0, 4, (100, 2))
    word = np.where(rng.random(len(entity)) < 0.1, rng.integers(0, 8, len(entity)), own[entity, context])
    first = np.arange(len(entity)) % 12 == 0
    law, parents = learn_words(word, 8, {"context": context}, entity, 100, first)
    return law, parents, word, context, entity, first


def test_chances_of_words_add_up_to_one():
    """Whatever the last row of an account says, given those before it."""
    law, parents, word, context, entity, first = law_of_words()
    codes, last = [context[: 12 * 7]] if parents else [], np.arange(11, 12 * 7, 12)
    total = np.zeros(len(last))
    for one in range(8):
        tried = word[: 12 * 7].copy()
        tried[last] = one
        total += law.chances(tried, codes, entity[: 12 * 7], first[: 12 * 7])[last]
    np.testing.assert_allclose(total, 1.0, atol=1e-9)


def test_a_word_that_an_account_has_once_is_not_its_own():
    law, _, word, _, entity, _ = law_of_words()
    begin = np.append(0, law.ends[:-1])
    for e in range(100):
        counts = np.bincount(word[entity == e], minlength=8)
        mine = slice(begin[e], law.ends[e])
        np.testing.assert_array_equal(law.own[mine], np.flatnonzero(counts > 1))
        np.testing.assert_array_equal(law.counts[mine], counts[counts > 1] - 1.0)


def test_words_by_chance_leave_nothing_of_accounts():
    rng = np.random.default_rng(9)
    entity = np.repeat(np.arange(200), 20)
    first = np.arange(len(entity)) % 20 == 0
    law, _ = learn_words(rng.integers(0, 3, len(entity)), 3, {}, entity, 200, first)
    assert isinstance(law, WordLaw)
    assert len(law.own) == 0
    assert law.weights[:, :, 4:].max() == 0.0


def test_payees_of_one_account_stay_of_one():
    """Accounts with many payees of their own: a mate meets twins of them, not them."""
    rng = np.random.default_rng(10)
    entity = np.repeat(np.arange(80), rng.poisson(25, 80))
    alone = rng.random(len(entity)) < 0.6
    payee = np.where(alone, 20 + np.arange(len(entity)), rng.integers(0, 20, len(entity)))
    payee = np.unique(payee, return_inverse=True)[1]
    columns = {
        "at": MixedColumn(TIME, BEGIN + rng.integers(0, DAYS, len(entity)) * DAY, step=float(DAY)),
        "to": words(payee, [f"p{k}" for k in range(payee.max() + 1)]),
    }
    data = assembled(
        entity, columns["at"].values, columns, EventRoles("at", partner="to"), MixedTable({}, 80)
    )
    body = fit(data)
    found = body.sample(80, Streams(3))

    def singles(log):
        pairs = np.unique(log.part("partner").astype(np.int64) * 80 + log.entity())
        return (np.bincount(np.bincount(pairs // 80))[1:2] / len(np.unique(pairs // 80))).sum()

    assert len(single_payees(body.known, body.log)) > 500
    assert singles(found) == pytest.approx(singles(data), abs=0.04)
    assert len(set(found.events["to"].words)) == len(found.events["to"].words)


def test_payees_that_are_paid_once_are_no_favourites():
    """Likings drawn towards those of all keep what each trade is liked: that of returns to its payees."""
    rng = np.random.default_rng(11)
    trade, entity = rng.integers(0, 3, 90), np.repeat(np.arange(30), 3)
    runs = np.array([1.0, 3.0, 9.0])[trade] + rng.integers(0, 2, 90)
    none, whole = np.zeros(90), np.zeros(30, np.int64)
    links = Links(
        entity, np.arange(90), runs, none, none, whole, whole, none[:, None], none, whole, whole,
        2 * trade + 1, whole, whole, whole, whole,
    )  # fmt: skip
    discount = rng.choice([-1.0, -4.0], 30)
    liked = (runs - discount[entity]) * worth_of_kinds(links, discount)
    of_trade = np.bincount(trade, liked) / liked.sum()
    np.testing.assert_allclose(of_trade, np.bincount(trade, runs - 0.95) / (runs - 0.95).sum())
    assert np.ptp(worth_of_kinds(replace(links, kind=trade * 0), discount)) == 0.0  # trades that are not told
