"""Bills of changing sums, habits of one weekday, pauses and odd payments: found, and paid alike."""

from itertools import pairwise

import numpy as np
import pytest
from bill_ledgers import (
    CARD,
    COFFEE,
    ENERGY,
    LEVELS,
    MARKET,
    PREMIUM,
    RENT,
    SHOP,
    SITE,
    TAX,
    WORDS,
    bills,
)
from event_logs import DAY
from standing_ledgers import BEGIN

from finsim.generators.events.habits.habits import Habits
from finsim.generators.events.habits.standing.changing_series import Windows, own_chances
from finsim.generators.events.habits.standing.laws import Laws
from finsim.generators.events.habits.standing.losses import known_series
from finsim.generators.events.habits.standing.odd_rows import Mostly
from finsim.generators.events.habits.standing.payees.payees import Pauses
from finsim.generators.events.habits.standing.periods import (
    MONTH,
    MONTH_END,
    QUARTER,
    WEEK,
    YEAR,
    window_chance,
)
from finsim.generators.events.habits.standing.regularity import grouped, regular
from finsim.generators.events.habits.standing.series import find_series
from finsim.generators.generator import State
from finsim.randomness import Streams

PLANTED = (ENERGY, CARD, TAX, RENT, SITE)


def fitted(log):
    return Habits.fit(log, Habits.Settings(), Streams(7), None, lambda *_: None)


@pytest.fixture(scope="module")
def real():
    return bills()


@pytest.fixture(scope="module")
def model(real):
    return fitted(real[0])


@pytest.fixture(scope="module")
def new(model, real):
    return model.sample(real[0].count, Streams(3))


def pairs(log, word):
    """Days and sums of every pair of an entity and a payee."""
    found = {}
    entity, payee = log.entity(), log.events["payee"].values
    for row in np.flatnonzero(log.events["what"].values == word):
        day, size = log.times[row] // DAY, log.events["amount"].values[row]
        found.setdefault((entity[row], payee[row]), []).append((day, size))
    return {pair: np.array(rows).T for pair, rows in found.items()}


def months(days):
    return days.astype(int).astype("datetime64[D]").astype("datetime64[M]").astype(int)


def month_day(days):
    day = days.astype(int).astype("datetime64[D]")
    return (day - day.astype("datetime64[M]")).astype(int)


# Detection


@pytest.mark.parametrize("shown", [True, False])
def test_bills_and_weekday_habits_are_found_and_shopping_is_not(shown):
    log, word = bills(shown=shown)
    found = find_series(log)
    taken = (found.of_row >= 0) | (found.odd >= 0)
    for one in (*PLANTED, MARKET):
        assert taken[word == one].mean() > 0.97, WORDS[one]
    assert taken[word == COFFEE].mean() == 0.0
    assert taken[word == SHOP].mean() < 0.005


def test_sums_that_vary_and_periods_are_told_from_those_that_stay(real):
    found, word = find_series(real[0]), real[1]
    first = {one: found.of_row[(word == one) & (found.of_row >= 0)] for one in (*PLANTED, MARKET)}
    for one, period in ((ENERGY, MONTH), (CARD, MONTH_END), (TAX, MONTH), (MARKET, WEEK), (SITE, WEEK)):
        assert set(found.period[first[one]]) == {period}, WORDS[one]
    assert {one: set(found.varies[rows]) for one, rows in first.items()} == {
        ENERGY: {1}, CARD: {1}, MARKET: {1}, SITE: {1}, TAX: {0}, RENT: {0},
    }  # fmt: skip


@pytest.mark.parametrize(
    "more", [{}, {"shown": False}, {"days": 120, "shown": False}, {"people": 300, "seed": 3}]
)
def test_ordinary_life_alone_has_none(more):
    log, _ = bills(only=("shop", "coffee"), **more)
    assert len(find_series(log).entity) == 0


def test_who_shops_on_saturdays_alone_has_no_habit_of_a_payee():
    """All rows of an entity lie on one weekday: that a payee's do tells nothing."""
    log, _ = bills(people=200, days=365, seed=4, only=("shop",))
    day = log.times // DAY
    moved = np.maximum((day - (day - 2) % 7) * DAY, log.begin) + log.times % DAY
    owner = log.entity()
    saturdays = owner % 2 == 0
    times = np.where(saturdays, moved, log.times)
    order = np.lexsort((times, owner))
    events = log.events.with_columns({"when": log.events["when"].with_values(times)}).take(order)
    found = find_series(type(log)(**{**log.__dict__, "events": events}))
    assert (found.of_row >= 0).mean() < 0.005


def test_what_an_entity_does_near_a_day_counts_where_it_is_more():
    """Of two entities one has 20 other rows on Saturdays; both pay a payee on ten Saturdays."""
    saturdays = BEGIN - BEGIN % 7 + 2 + 7 * np.arange(10)
    other = np.concatenate([saturdays, saturdays, saturdays - 3, saturdays - 1])
    days = np.concatenate([saturdays, saturdays, other])
    entity = np.repeat([0, 1, 0, 1], [10, 10, 20, 20])
    ordinary = np.arange(60) >= 20
    windows = Windows.of(days, entity, ordinary)
    base = window_chance(WEEK, days)
    shares = windows.shares(WEEK, np.array([0, 1]), np.array([2, 2]))
    assert shares[0, 0] == pytest.approx(max((20 + 5 * base[0]) / 25, base[0]))
    assert shares[1, 0] == pytest.approx(base[0])
    groups = grouped(np.where(ordinary, -1, entity))
    found = regular(days, groups)
    chance = own_chances(days, Mostly(groups, found, groups.sizes()), np.array([0, 1]), windows)
    assert chance[0] == pytest.approx(chance[1] * (shares[0, 0] / shares[1, 0]) ** 9)


def test_yearly_premiums_are_found_from_three_on():
    for days, least, most in ((3 * 365, 0.97, 1.0), (2 * 365, 0.0, 0.0)):
        log, word = bills(people=60, days=days, seed=2, years=True, only=("shop", "premium"))
        found = find_series(log)
        share = (found.of_row[word == PREMIUM] >= 0).mean()
        assert least <= share <= most
        if most:
            assert set(found.period[found.of_row[word == PREMIUM]]) == {YEAR}


# New entities


def test_bills_come_once_a_month_on_a_day_of_their_own(real, new):
    for word, slack in ((ENERGY, 2), (CARD, 0)):
        for log in (real[0], new):
            for days, _ in pairs(log, word).values():
                assert len(set(months(days))) == len(days) >= 11, WORDS[word]
                place = month_day(days) if word == ENERGY else month_day(days + 3)
                assert min(np.abs((place - at + 15) % 31 - 15).max() for at in range(31)) <= slack
    days = [np.sort([month_day(d).min() for d, _ in pairs(log, ENERGY).values()]) for log in (real[0], new)]
    assert abs(days[0].mean() - days[1].mean()) < 3.0
    assert len(set(days[1])) > 15


def test_numbers_and_payees_of_bills_are_those_learned(real, new):
    for word in (*PLANTED, MARKET):
        mine, theirs = ((log.events["what"].values == word).sum() for log in (new, real[0]))
        assert mine == pytest.approx(theirs, rel=0.03), WORDS[word]
        assert len(pairs(new, word)) == pytest.approx(len(pairs(real[0], word)), rel=0.03), WORDS[word]


def test_levels_are_of_payees_and_sums_vary_about_them_by_season(real, new):
    for log in (real[0], new):
        level, away, month = {0: [], 1: []}, [], []
        for (_, payee), (days, sums) in pairs(log, ENERGY).items():
            size = np.log(sums)
            level[int(log.events["payee"].words[payee] == "energy1")].append(size.mean())
            away.append(size - size.mean())
            month.append(months(days) % 12)
        for k in (0, 1):
            assert np.mean(level[k]) == pytest.approx(np.log(LEVELS[k]), abs=0.12)
            assert np.std(level[k]) == pytest.approx(0.2, abs=0.08)
        away, month = np.concatenate(away), np.concatenate(month)
        season = np.array([away[month == m].mean() for m in range(12)])
        assert np.abs(season - 0.3 * np.cos(2 * np.pi * np.arange(12) / 12)).max() < 0.08
        assert (away - season[month]).std() == pytest.approx(0.15, abs=0.025)
    for word, spread in ((CARD, 0.5), (MARKET, 0.3), (SITE, 0.1)):
        found = np.mean([np.log(sums).std(ddof=1) for _, sums in pairs(new, word).values()])
        assert found == pytest.approx(spread, rel=0.12), WORDS[word]


def test_sums_are_multiples_as_learned(new):
    sums = new.events["amount"].values
    market = sums[new.events["what"].values == MARKET]
    assert (market % 5 == 0).all()
    assert len(set(market)) > 10
    assert (sums[new.events["what"].values == SITE] % 5 == 0).mean() < 0.1


def test_sums_of_bills_are_new(real, new):
    sums = [set(log.events["amount"].values[log.events["what"].values == SITE]) for log in (real[0], new)]
    assert len(sums[0] & sums[1]) < 0.2 * len(sums[1])


def test_weekday_habits_keep_weekday_and_omissions(new):
    for word, weekday, share in ((MARKET, 5, 0.9), (SITE, 4, 1.0)):
        for days, _ in pairs(new, word).values():
            assert set((days.astype(int) + 3) % 7) == {weekday}
        many = np.mean([len(days) for days, _ in pairs(new, word).values()])
        assert many == pytest.approx(52 * share, rel=0.04)


def test_paused_months_stay_so(new, model):
    found = pairs(new, TAX)
    assert len(found) > 30
    for days, sums in found.values():
        assert set(months(days) % 12) == {0, 3, 4, 5, 6, 7, 8, 9, 10, 11}
        assert len(set(sums)) == 1
    longer = model.sample(60, Streams(3), days=730)
    month = np.concatenate([months(days) % 12 for days, _ in pairs(longer, TAX).values()])
    assert not np.isin(month, (1, 2)).any()


def test_odd_payments_belong_to_their_pair():
    log, word = bills(odd=True, seed=6)
    found = find_series(log)
    energy = word == ENERGY
    odd = (found.odd >= 0) & energy
    assert 0.03 < odd.sum() / energy.sum() < 0.08
    assert ((found.of_row >= 0) | (found.odd >= 0))[energy].mean() > 0.95
    new = fitted(log).sample(log.count, Streams(3))
    mine, theirs = (pairs(one, ENERGY) for one in (new, log))
    assert len(mine) == pytest.approx(len(theirs), rel=0.03)
    late, twice = [], []
    for rows in (mine, theirs):
        shares = []
        for days, _ in rows.values():
            place = month_day(days)
            middle = min(range(31), key=lambda at: np.abs((place - at + 15) % 31 - 15).sum())
            shares.append((np.abs((place - middle + 15) % 31 - 15) > 4).mean())
        late.append(np.mean(shares))
        twice.append(np.mean([len(days) - len(set(months(days))) for days, _ in rows.values()]))
    assert late[0] == pytest.approx(late[1], abs=0.015)
    assert twice[0] == pytest.approx(twice[1], abs=0.15)
    assert twice[0] > 0.05


# Ledgers of nothing else, states, losses


def test_a_ledger_of_nothing_but_bills_is_learned():
    log, _ = bills(people=80, life=False, only=("energy", "rent", "tax", "site"), seed=5)
    model = fitted(log)
    assert model.standing.alone
    back = Habits.from_state(State(model.state().arrays, model.state().facts))
    new = back.sample(log.count, Streams(3))
    assert new.events.rows == pytest.approx(log.events.rows, rel=0.03)
    for one in (ENERGY, RENT, TAX, SITE):
        assert len(pairs(new, one)) == pytest.approx((len(pairs(log, one))), rel=0.04)
    for days, _ in pairs(new, ENERGY).values():
        assert len(set(months(days))) == len(days)
    assert np.isfinite(back.entity_losses(log, Streams(1))).all()


def test_blocks_and_a_stored_model_give_the_same_bytes(model, real, monkeypatch):
    total = real[0].count
    whole = model.sample(total, Streams(3), total=total)
    back = Habits.from_state(State(model.state().arrays, model.state().facts))
    monkeypatch.setattr("finsim.generators.events.habits.habits.BLOCK", 50)
    cuts = [0, 17, 90, total]
    parts = [back.sample(b - a, Streams(3), first=a, total=total) for a, b in pairwise(cuts)]
    for name in whole.events.columns:
        joined = np.concatenate([one.events[name].values for one in parts])
        np.testing.assert_array_equal(joined, whole.events[name].values)


def test_models_of_before_vary_in_nothing(model):
    arrays = {
        name: value
        for name, value in model.standing.laws.arrays().items()
        if not name.startswith(("standing.changing", "standing.odd", "standing.between"))
    }
    laws = Laws.restored(arrays)
    assert not laws.changing.varies.any()
    assert not laws.changing.pauses.any()
    assert not laws.odd.moved.any()
    assert laws.law.between[0, 0].tolist() == np.linspace(0.0, 1.0, 17).tolist()


def test_bills_are_known_better_than_as_ordinary_life(model, real):
    held = real[0]
    rows = known_series(model.standing.laws, model.standing.kind_columns, held)[2]
    assert rows[real[1] == ENERGY].mean() > 0.97
    nats = model.entity_losses(held, Streams(1))
    standing, model.standing = model.standing, None
    blind = model.entity_losses(held, Streams(1))
    model.standing = standing
    size = held.lengths()
    assert (nats * size).sum() / size.sum() < (blind * size).sum() / size.sum() - 1.0


def test_who_pays_in_four_months_of_the_year_pays_by_the_quarter():
    """The months between are no pauses of a monthly series, whoever else pays the payee in the same four."""
    ends = np.array([f"2024-{month}" for month in ("03-28", "06-28", "09-30", "12-31")], "datetime64[D]")
    days = np.tile(ends.astype(np.int64), 30)
    groups = grouped(np.repeat(np.arange(30), 4))
    pauses = Pauses.of(np.zeros(120, np.int64), np.repeat(np.arange(30), 4), days, np.ones(120, np.bool_))
    found = regular(days, groups, pauses=pauses)
    assert found.ok.all()
    assert (found.period == QUARTER).all()
