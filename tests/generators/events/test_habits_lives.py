"""Lives come from a smoothed law, kinds of payees from another entity; big days and roundings are habits."""

import itertools
from dataclasses import replace
from types import SimpleNamespace

import numpy as np
import pytest
from event_logs import accounts, words
from scipy.stats import spearmanr

from finsim.generators.events.habits import Habits
from finsim.generators.events.habits.community import main_links
from finsim.generators.events.habits.days.activity import Lives
from finsim.generators.events.habits.days.crowded_days import odds_effects
from finsim.generators.events.habits.generations import _slots, crossed, other_lives, outers_within
from finsim.generators.events.habits.ledger import Ledger
from finsim.generators.events.habits.life_law import DRAWS, OWN, learn_lives
from finsim.generators.events.habits.rounding import rounding_draws, roundings_alike
from finsim.generators.generator import Budget
from finsim.generators.margins.number_margin import NumberMargin
from finsim.randomness import Streams
from finsim.records.mixed_table import NUMBER, MixedColumn

DAYS = 360


def lives_of(count=400, seed=0):
    """Lives that begin early or late, go on to the end or not, some of one day; weekends are free."""
    rng = np.random.default_rng(seed)
    first = np.where(rng.random(count) < 0.7, rng.integers(0, 20, count), rng.integers(20, 300, count))
    last = np.where(
        rng.random(count) < 0.6, rng.integers(330, DAYS, count), first + rng.integers(1, 59, count)
    )
    active = 2 + rng.binomial(last - first - 1, rng.uniform(0.02, 0.6, count))
    once = rng.random(count) < 0.1
    last, active = np.where(once, first, last), np.where(once, 1, active)
    size = np.log(1 + rng.random(count) * active / 50)
    lives = Lives(
        first, last, active, np.zeros(count, np.int64), size, np.ones((count, 7)), np.zeros(count, np.int64)
    )
    own = [size + rng.normal(0, 0.2, count) for _ in range(OWN)]
    return lives, np.where(np.arange(DAYS) % 7 < 5, 1.35, 0.12), own


def drawn_lives(lives, shares, own):
    count = len(lives.first)
    law = learn_lives(lives, shares, own)
    draws = np.random.default_rng(5).random((count, DRAWS))
    values = law.drawn(np.arange(count), draws)
    return values, law.spans(values, np.arange(count), shares)


def test_new_lives_have_the_law_of_the_learned_ones():
    lives, shares, own = lives_of()
    values, (first, last, active) = drawn_lives(lives, shares, own)
    for mine, theirs in ((first, lives.first), (last, lives.last), (active, lives.active)):
        for share in (0.25, 0.5, 0.75):
            assert np.mean(mine <= np.quantile(theirs, share)) == pytest.approx(share, abs=0.08)
    assert (active <= last - first + 1).all()
    assert (last < DAYS).all()
    assert ((last == first) == (lives.active == 1)).all()
    told = np.corrcoef(lives.active, last - first)[0, 1], np.corrcoef(active, last - first)[0, 1]
    assert told[1] == pytest.approx(np.corrcoef(lives.active, lives.last - lives.first)[0, 1], abs=0.1)
    more = lives.active > 1
    together = spearmanr(lives.size[more], own[3][more])[0]
    assert spearmanr(values[more, 3], values[more, 7])[0] == pytest.approx(together, abs=0.06)


def test_learned_lives_are_no_nearer_to_new_ones_than_unseen_lives():
    """Nearest of new lives by ranks of first and last day and number of days: who was learned is not told."""
    areas = []
    for seed in (1, 2, 3, 4):
        known, shares, own = lives_of(seed=2 * seed)
        other = lives_of(seed=2 * seed + 1)[0]
        made = drawn_lives(known, shares, own)[1]
        sides = [np.stack(one, axis=1) for one in (
            (known.first, known.last, known.active), (other.first, other.last, other.active), made,
        )]  # fmt: skip
        cells = np.concatenate(sides).astype(float)
        ranks = np.stack([np.searchsorted(np.sort(one), one) for one in cells.T], axis=1)
        learned, unseen, new = np.split(ranks, [400, 800])
        near = [np.abs(side[:, None] - new).sum(axis=2).min(axis=1) for side in (learned, unseen)]
        areas.append(np.mean(near[0][:, None] < near[1]) + 0.5 * np.mean(near[0][:, None] == near[1]))
    assert np.mean(areas) < 0.53  # with half of the noise .56, with a copy 1


def test_odds_of_repeats_are_found_again():
    """Chances by entity, factors by payee and by size of the day, beside repeats of chance."""
    rng = np.random.default_rng(1)
    n = 60_000
    one, payee, kind = rng.integers(0, 200, n), rng.integers(0, 10, n), rng.integers(0, 3, n)
    own, of_payee, of_size = rng.normal(-1, 0.8, 200), rng.normal(0, 0.7, 10), np.array([-1.0, 0.0, 3.0])
    chance = 1 / (1 + np.exp(-(own[one] + of_payee[payee] + of_size[kind])))
    luck = np.full(n, 0.1)
    seen = rng.random(n) < luck + 0.9 * chance
    stays, sticky, by_size = odds_effects(seen, 1 - luck, luck, (one, payee, kind), (200, 10, 3))
    made = np.log(stays / (1 - stays))[one] + np.log(sticky)[payee] + np.log(by_size)[kind]
    assert np.abs(1 / (1 + np.exp(-made)) - chance).mean() < 0.04
    assert np.log(by_size[2] / by_size[0]) == pytest.approx(4.0, abs=0.4)
    assert np.corrcoef(np.log(sticky), of_payee)[0, 1] > 0.95
    none = np.zeros(0, np.int64)
    assert odds_effects(none, none, none, (none, none, none), (2, 1, 1))[0].max() < 0.001


def test_kinds_of_payees_change_owners_as_wholes_and_main_links_stay():
    rng = np.random.default_rng(2)
    pair = np.unique(rng.integers(0, 100, 1_500) * 80 + rng.integers(0, 80, 1_500))
    entity, payee = pair // 80, pair % 80
    main = (rng.random(len(pair)) < 0.1).astype(np.int64)
    links = SimpleNamespace(
        entity=entity, payee=payee, runs=np.ones(len(pair)), alike=np.arange(100), kind=payee // 20 * 2,
        main=main, twoway=np.zeros(len(pair), np.int64), sized=np.arange(100), group=np.zeros(100, np.int64),
    )  # fmt: skip
    found = _slots(links)
    at = crossed(links, found, np.random.default_rng(3))[2].at
    order = found[1]
    kept = main[order] == 1
    assert (at == entity[order])[kept].all()
    assert (at == entity[order])[~kept].mean() < 0.2
    assert (np.abs(at - entity[order]) < 16).all()
    for kind in range(4):
        rows = ~kept & (payee[order] // 20 == kind)
        owners = {(int(a), int(b)) for a, b in zip(entity[order][rows], at[rows], strict=True)}
        assert len({a for a, _ in owners}) == len(owners) == len({b for _, b in owners})
    links.group = (np.arange(100) >= 37).astype(np.int64)  # of parts, or of sorts within one
    found = _slots(links)
    at, order = crossed(links, found, np.random.default_rng(3))[2].at, found[1]
    owner = links.group[entity[order]]
    assert (links.group[at] == owner).all()
    borders = found[2].borders
    groups = [owner[a:b] for a, b in itertools.pairwise(borders) if b > a]
    assert len(groups) > 4
    assert all(len(set(group)) == 1 for group in groups)
    links.kind = np.zeros(len(pair), np.int64)
    assert crossed(links, found, rng) is found  # one trade
    kind = rng.integers(0, 2, 100)
    part = rng.integers(0, 2, 100)
    other = other_lives(rng.permutation(100), kind, part, rng)
    assert sorted(other) == list(range(100))
    assert (kind[other] == kind).all()
    assert (part[other] == part).all()
    assert (other == np.arange(100)).mean() < 0.3


@pytest.mark.parametrize("alike", [(0.0, 0.0), (0.5, 0.0), (0.2, 0.5)])
def test_roundings_are_as_alike_as_they_are(alike):
    """Whole sums by entity and by pair of entity and payee; the rest are not told by either."""
    rng = np.random.default_rng(4)
    entity = np.repeat(np.arange(300), 40)
    link = entity * 4 + rng.integers(0, 4, len(entity))
    draws = rounding_draws(
        np.array(alike), rng.random(300)[entity], rng.random(1_200)[link], rng.random(len(link))
    )
    assert draws.std() == pytest.approx(12**-0.5, abs=0.01)
    amount = np.exp(rng.normal(4, 1, len(entity)))
    amount = np.where(
        draws < 0.3, np.round(amount), np.floor(amount) + rng.integers(1, 100, len(entity)) / 100
    )
    starts, none = np.arange(301) * 40, np.zeros(len(entity), np.int64)
    ledger = Ledger(starts, entity, none, 0.0 * none, none, amount, 2, 0, 1, True)
    margins = (NumberMargin.fit(amount, 0.01),)
    found = roundings_alike(ledger, none, link, np.ones(len(entity), bool), margins)
    np.testing.assert_allclose(found, alike, atol=0.12)


def test_main_links_have_many_runs_and_a_large_part():
    entity, runs = np.array([0, 0, 1, 1, 2]), np.array([8.0, 40.0, 7.0, 1.0, 100.0])
    assert main_links(entity, runs, 3).tolist() == [True, True, False, False, True]
    assert not main_links(np.zeros(20, np.int64), np.full(20, 9.0), 1).any()


def test_outer_payees_of_another_part_are_replaced():
    links = SimpleNamespace(
        order=np.arange(4), part=np.array([0, 0, 1, 1]), entity=np.array([0, 1, 2, 3, 0, 2, 1]),
        payee=np.array([1, 4, 5, 6, 7, 7, 8]),
    )  # fmt: skip
    payee, wanted = np.array([1, 4, 4, 5, 7, 7, 8, 6]), np.array([1, 0, 1, 0, 0, 1, 1, 0])
    found = outers_within(links, payee, wanted, 8, len(links.order))
    assert found.tolist() == [1, 4, 5, 7, 7, 7, 8, 7]  # 7 is of both, 8 the missing one


def test_accounts_of_two_currencies_pay_within_their_own():
    """As in the data: each account is of one currency, whether it pays or is paid, outer ones too."""
    data = accounts(200)
    to, payer = data.part("partner"), data.entity()
    same = np.where(to < 200, (to // 2 * 2 + payer % 2) % 200, 200 + (to % 2 * 2 + payer % 2))
    name = data.roles.partner
    own = data.events.with_columns({name: data.events[name].with_values(same.astype(np.int32))})
    body = Habits.fit(replace(data, events=own), Habits.Settings(), Streams(1), Budget(), lambda *_: None)
    found = body.sample(200, Streams(2))
    money, to = found.events["money"].values, found.part("partner")
    seen = np.zeros((205, 2), dtype=bool)
    seen[found.entity(), money] = True
    seen[to, money] = True
    assert not (seen.sum(axis=1) == 2).any()
    assert min(seen.sum(axis=0)) > 60


def test_cards_of_two_currencies_pay_shops_and_sums_of_their_own():
    data = accounts(100)
    money, rng = data.events["money"].values, np.random.default_rng(1)
    shop = rng.integers(0, 12, len(money)) * 2 + money
    amount = np.round(np.where(money == 1, 9_000.0, 10.0) * np.exp(rng.normal(0, 0.4, len(money))), 2)
    events = data.events.with_columns(
        {
            "to": words(shop, [f"shop {k}" for k in range(24)]),
            "amount": MixedColumn(NUMBER, amount, step=0.01),
        }
    )
    log = replace(data, events=events, partner_is_entity=False)
    found = Habits.fit(log, Habits.Settings(), Streams(1), Budget(), lambda *_: None).sample(150, Streams(2))
    made = found.events["money"].values
    assert 0.3 < made.mean() < 0.7
    assert ((found.part("amount") > 300) == (made == 1)).all()
    name = [found.events["to"].words[k] for k in found.part("partner")]
    assert all(int(word.split()[1]) % 2 == one for word, one in zip(name, made, strict=True))
