"""Standing payments: found where they are planted and nowhere else, and paid by new entities alike."""

import datetime
from collections import Counter
from dataclasses import replace
from itertools import pairwise

import numpy as np
import pytest
from event_logs import DAY, cards
from standing_ledgers import BEGIN, PRICES, WORDS, ledger

from finsim.generators.events.habits.habits import Habits
from finsim.generators.events.habits.standing.hands import apart, deal_hand
from finsim.generators.events.habits.standing.losses import known_series
from finsim.generators.events.habits.standing.periods import FORTNIGHT, MONTH, QUARTER, WEEK, due, nearest
from finsim.generators.events.habits.standing.regularity import grouped, regular
from finsim.generators.events.habits.standing.series import find_series
from finsim.generators.events.habits.standing.standing import merged, without_rows, without_standing
from finsim.generators.generator import State
from finsim.randomness import Streams
from finsim.records.mixed_table import TIME, MixedColumn, MixedTable

SHOP, RENT, WAGE, SUB, INSURANCE, CLEANER = range(6)


def fitted(log):
    return Habits.fit(log, Habits.Settings(), Streams(7), None, lambda *_: None)


@pytest.fixture(scope="module")
def real():
    return ledger()


@pytest.fixture(scope="module")
def model(real):
    return fitted(real)


@pytest.fixture(scope="module")
def new(model, real):
    return model.sample(real.count, Streams(3))


def what(log, word):
    return log.events["what"].values == word


def pairs(log, word):
    """Amounts, days, and cities of every pair of an entity and a payee."""
    found = {}
    payee, amount = log.events["payee"].values, log.events["amount"].values
    entity, city = log.entity(), log.events["city"].values
    for row in np.flatnonzero(what(log, word)):
        found.setdefault((entity[row], payee[row]), []).append((log.times[row], amount[row], city[row]))
    return found


def month_days(log, word):
    day = (log.times[what(log, word)] // DAY).astype("datetime64[D]")
    return (day - day.astype("datetime64[M]")).astype(int) + 1


# Detection


def test_planted_series_are_found_and_nothing_else(real):
    found = find_series(real)
    taken = found.of_row >= 0
    for word in (RENT, WAGE, SUB, CLEANER):
        assert taken[what(real, word)].all(), WORDS[word]
    assert not taken[what(real, SHOP)].any()
    assert found.kind_columns == ("what",)  # the city is that of an account, not of a kind
    assert Counter(found.period[found.words[:, 0] == CLEANER]) == {WEEK: len(set(pairs(real, CLEANER)))}


@pytest.mark.parametrize("word", [WAGE, SUB])
def test_each_pair_is_one_series(real, word):
    found = find_series(real)
    rows = what(real, word)
    assert len(set(found.of_row[rows])) == len(pairs(real, word))


def test_quarters_are_found_where_the_history_allows():
    log = ledger(people=90, days=370, seed=2)
    found = find_series(log)
    assert (found.of_row[what(log, INSURANCE)] >= 0).all()
    assert set(found.period[found.words[:, 0] == INSURANCE]) == {QUARTER}


@pytest.mark.parametrize("more", [{}, {"dated": True}, {"days": 370}, {"people": 300, "seed": 5}])
def test_ledgers_without_standing_payments_have_none(more):
    assert len(find_series(ledger(plant=False, **more)).entity) == 0


def test_cards_with_a_fixed_fee_have_none():
    assert len(find_series(cards(count=200, rows=60)).entity) == 0


def test_a_ledger_booked_once_a_month_shows_nothing():
    """All rows on one day a month: to be monthly tells nothing of a row."""
    log = ledger(plant=False, seed=3, dated=True)
    day = log.times // DAY
    first = day.astype("datetime64[D]").astype("datetime64[M]").astype("datetime64[D]").astype(np.int64)
    column = log.events["when"].with_values(first * DAY)
    assert len(find_series(replace(log, events=log.events.with_columns({"when": column}))).entity) == 0


def test_regular_groups_as_a_naive_twin_finds_them():
    """Every due day is tried, date by date."""
    rng = np.random.default_rng(4)
    key, day = [], []
    for k in range(60):
        at, jitter, size = int(rng.integers(1, 32)), int(rng.integers(0, 9)), int(rng.integers(3, 7))
        for m in range(size):
            last = (datetime.date(2023, m + 2, 1) - datetime.timedelta(1)).day
            one = datetime.date(2023, m + 1, min(at, last)) + datetime.timedelta(
                int(rng.integers(-jitter, jitter + 1))
            )
            key.append(k)
            day.append((one - datetime.date(1970, 1, 1)).days)
    order = np.lexsort((day, key))
    key, day = np.array(key)[order], np.array(day)[order]
    found = regular(day, grouped(key))
    twin = [_is_monthly(day[key == k]) for k in range(60)]
    assert 10 < sum(twin) < 50
    assert found.ok.tolist() == twin
    assert set(found.period[found.ok]) == {MONTH}


def _is_monthly(days):
    dates = [datetime.date(1970, 1, 1) + datetime.timedelta(int(one)) for one in days]
    gaps = np.diff(days)
    if any(abs(g - max(round(g / 30.436875), 1) * 30.436875) > 10 for g in gaps):
        return False
    costs = []
    for at in range(1, 32):
        shifts, months = [], []
        for one in dates:
            month = one.year * 12 + one.month - 1
            best = min(((one - _due(m, at)).days for m in (month, month - 1, month + 1)), key=abs)
            shifts.append(best)
            months.append(next(m for m in (month, month - 1, month + 1) if (one - _due(m, at)).days == best))
        costs.append((sum(min(abs(s), 15) for s in shifts), at, shifts, months))
    _, _, shifts, months = min(costs, key=lambda one: one[:2])
    return (
        max(map(abs, shifts)) <= 4 and len(set(months)) == len(months)
        and len(months) >= 0.75 * (months[-1] - months[0] + 1)
    )  # fmt: skip


def _due(month, at):
    first = datetime.date(month // 12, month % 12 + 1, 1)
    following = datetime.date((month + 1) // 12, (month + 1) % 12 + 1, 1)
    return min(first + datetime.timedelta(at - 1), following - datetime.timedelta(1))


def test_due_days_of_every_period():
    day = int(np.datetime64("2024-02-29").astype(int))
    assert due(MONTH, np.array([30]), np.array([649])).tolist() == [day]  # 31st of February 2024
    assert due(QUARTER, np.array([31 + 4]), np.array([216])).tolist() == [day - 24]  # 5th of its second month
    for period, phase in ((MONTH, 30), (QUARTER, 61), (WEEK, 3), (FORTNIGHT, 11)):
        index = np.arange(400, 410)
        back, shift = nearest(period, np.array([phase]), due(period, np.array([phase]), index) + 1)
        assert back.tolist() == index.tolist()
        assert (shift == 1).all()


def test_ordinary_life_is_all_other_rows(real):
    ordinary, found = without_standing(real)
    kept = find_series(real).of_row < 0
    assert ordinary.count == real.count
    assert ordinary.events.rows == kept.sum()
    assert (ordinary.entity() == real.entity()[kept]).all()
    assert (ordinary.times == real.times[kept]).all()
    assert found is not None


def test_a_ledger_of_nothing_else_has_no_ordinary_rows():
    log = ledger()
    only = find_series(log).of_row >= 0
    ordinary, found = without_standing(without_rows(log, ~only))
    assert ordinary.events.rows == 0
    assert ordinary.count == log.count
    assert (found.of_row >= 0).all()


# New entities


def test_days_hours_and_numbers_are_those_learned(real, new):
    for word in (RENT, WAGE, SUB, CLEANER):
        mine, theirs = what(new, word).sum(), what(real, word).sum()
        assert abs(mine / theirs - 1) < 0.1, WORDS[word]
        hours = [np.quantile(log.times[what(log, word)] % DAY / 3.6e12, [0, 1]) for log in (real, new)]
        assert np.abs(hours[0] - hours[1]).max() < 0.2, WORDS[word]
    assert set(month_days(new, WAGE)) == {27}
    assert set(month_days(new, RENT)) == {1, 2, 3}  # weekends wait for Monday
    weekday = (new.times[what(new, RENT)] // DAY + 3) % 7
    assert weekday.max() <= 4
    assert (month_days(new, RENT) == 1).mean() == pytest.approx(
        (month_days(real, RENT) == 1).mean(), abs=0.05
    )


def test_a_pair_pays_one_sum_once_a_month(new):
    for word, least in ((RENT, 1.0), (SUB, 1.0), (WAGE, 0.5)):
        found = pairs(new, word)
        months = [
            [np.datetime64(int(t), "ns").astype("datetime64[M]") for t, _, _ in one] for one in found.values()
        ]
        assert np.mean([len(set(one)) == len(one) for one in months]) > 0.97, WORDS[word]
        assert np.mean([len({a for _, a, _ in one}) == 1 for one in found.values()]) >= least, WORDS[word]
        assert np.mean([len({c for _, _, c in one}) == 1 for one in found.values()]) > 0.97, WORDS[word]


def test_employers_have_many_employees_and_each_has_one(real, new):
    def firms(log):
        return sorted(Counter(entity for entity, _ in pairs(log, WAGE)).values())

    def employers(log):
        return Counter(Counter(payee for _, payee in pairs(log, WAGE)).values())

    assert len(firms(new)) == len(firms(real))
    assert np.abs(np.log(np.array(firms(new)) / firms(real))).max() < 0.5
    assert employers(new)[1] / sum(employers(new).values()) > 0.95
    assert all(entity != payee for entity, payee in pairs(new, WAGE))
    assert max(payee for _, payee in pairs(new, WAGE)) < real.count  # new entities, not outer accounts


def test_who_pays_wages_is_a_firm_by_its_attributes(new):
    of = new.entities["of"].values
    assert {int(of[entity]) for entity, _ in pairs(new, WAGE)} == {1}


def test_prices_stay_and_own_sums_are_new(real, new):
    assert {a for one in pairs(new, SUB).values() for _, a, _ in one} == set(PRICES)
    by_payee = [{}, {}]
    for k, log in enumerate((real, new)):
        for (_, payee), one in pairs(log, SUB).items():
            name = log.events["payee"].words[payee]
            by_payee[k].setdefault(name, set()).update(a for _, a, _ in one)
    assert by_payee[0] == by_payee[1]
    wages = [{one[0][1] for one in pairs(log, WAGE).values()} for log in (real, new)]
    assert len(wages[0] & wages[1]) <= 0.03 * len(wages[1])
    sizes = [np.log(np.array(sorted(one))) for one in wages]
    assert abs(sizes[0].mean() - sizes[1].mean()) < 0.15
    assert abs(sizes[0].std() - sizes[1].std()) < 0.1
    assert all(one[0][1] % 10 == 0 for one in pairs(new, RENT).values())


def test_an_account_has_one_subscription_of_a_payee(real, new):
    def counts(log):
        return Counter(Counter(entity for entity, _ in pairs(log, SUB)).values())

    assert counts(new) == counts(real)
    shares = [
        Counter(log.events["payee"].words[payee] for _, payee in pairs(log, SUB)) for log in (real, new)
    ]
    assert shares[0] == shares[1]


def test_rows_are_in_order_and_of_their_entities(new, model):
    ordinary = model.standing
    model.standing = None
    alone = model.sample(new.count, Streams(3))
    model.standing = ordinary
    shop = what(new, SHOP)
    assert (new.entity()[shop] == alone.entity()[what(alone, SHOP)]).all()
    assert (new.times[shop] == alone.times[what(alone, SHOP)]).all()


def test_blocks_and_a_stored_model_give_the_same_bytes(model, real, monkeypatch):
    total = 3 * real.count // 2
    whole = model.sample(total, Streams(3), total=total)
    back = Habits.from_state(State(model.state().arrays, model.state().facts))
    monkeypatch.setattr("finsim.generators.events.habits.habits.BLOCK", 50)
    cuts = [0, 17, 130, total]
    parts = [back.sample(b - a, Streams(3), first=a, total=total) for a, b in pairwise(cuts)]
    for name in whole.events.columns:
        joined = np.concatenate([one.events[name].values for one in parts])
        np.testing.assert_array_equal(joined, whole.events[name].values)


def test_a_longer_sample_goes_on_by_the_calendar(model, real):
    log = model.sample(real.count, Streams(3), days=370)
    assert set(month_days(log, WAGE)) == {27}
    months = Counter((log.times[what(log, RENT)] // DAY).astype("datetime64[D]").astype("datetime64[M]"))
    assert len(months) >= 13
    assert min(months.values()) > 0.9 * max(months.values())
    first = model.sample(real.count, Streams(3), days=40)
    assert abs(what(first, RENT).sum() / what(real, RENT).sum() - 2 / 6) < 0.1


def test_accounts_that_open_late_pay_from_then_on():
    log = ledger(people=150, days=300, seed=8, between=False)
    late = np.arange(log.count) % 3 == 0
    late[-4:] = False
    keep = ~(late[log.entity()] & (log.times < (BEGIN + 150) * DAY))
    log = without_rows(log, ~keep)
    new = fitted(log).sample(log.count, Streams(3))
    for one in (log, new):
        early = one.times < (BEGIN + 130) * DAY
        opened = np.bincount(one.entity()[what(one, SHOP) & early], minlength=one.count) > 0
        subs = np.bincount(one.entity()[what(one, SUB) & early], minlength=one.count)
        assert subs[~opened].sum() < 0.1 * subs.sum()
        assert (~opened).sum() > 30


def test_held_out_entities_are_known_better(model):
    held = ledger(seed=11)
    nats = model.entity_losses(held, Streams(1))
    standing = model.standing
    model.standing = None
    blind = model.entity_losses(held, Streams(1))
    model.standing = standing
    size = held.lengths()
    assert (nats * size).sum() / size.sum() < (blind * size).sum() / size.sum() - 1.0


def test_models_without_standing_payments_are_read_and_have_none():
    model = fitted(ledger(people=60, plant=False))
    assert model.standing is None
    assert "standing" not in model.state().facts
    assert Habits.from_state(model.state()).standing is None


def test_apart_leaves_no_payee_twice_where_it_can():
    rng = np.random.default_rng(0)
    slot = np.repeat(np.arange(200), 3)
    offer, payee = np.resize(rng.permutation(np.repeat(np.arange(6), 100)), 600), np.full(600, -1)
    before = np.bincount(offer)
    apart(slot, (offer, np.arange(6)), payee, np.arange(600), 0.0, rng)
    assert (np.bincount(offer) == before).all()
    assert len(np.unique(slot * 6 + offer)) == 600


def test_a_hand_moves_large_numbers_only(model):
    law, size = model.standing.laws.law, len(model.standing.laws.law.order)
    none = np.zeros(len(law.offer_kind), np.bool_)
    hand = deal_hand(law, np.arange(size), none, np.full(len(none), -1), Streams(5))
    mine = np.unique(
        np.repeat(np.arange(size), np.diff(hand.starts)) * law.kinds + hand.kind, return_counts=True
    )[1]
    theirs = np.unique(law.entity * law.kinds + law.kind, return_counts=True)[1]
    small = [np.bincount(one[one < 5]) for one in (mine, theirs)]
    assert small[0].tolist() == small[1].tolist()
    assert sorted(mine[mine >= 5]) != sorted(theirs[theirs >= 5])
    assert abs(mine.sum() - theirs.sum()) <= 3


def test_a_study_of_other_months_finds_its_own_days(model, real):
    """Moved by as many days, wages lie on the 27th of other months; ordinary life stays."""
    later = 7 * 49
    moved = model.in_months(later).sample(real.count, Streams(3))
    same = model.sample(real.count, Streams(3))
    day = ((moved.times[what(moved, WAGE)] // DAY) + later).astype("datetime64[D]")
    assert set((day - day.astype("datetime64[M]")).astype(int) + 1) == {27}
    weekday = (moved.times[what(moved, RENT)] // DAY + 3) % 7
    assert weekday.max() <= 4
    np.testing.assert_array_equal(moved.times[what(moved, SHOP)], same.times[what(same, SHOP)])


def test_payees_keep_their_names_in_a_larger_world(model, real):
    log = model.sample(2 * real.count, Streams(3))
    words, known = log.events["payee"].words, set(real.events["payee"].words)
    for word, start in ((SUB, "sub"), (RENT, "landlord"), (CLEANER, "cleaner")):
        met = [words[payee] for _, payee in pairs(log, word)]
        assert all(payee >= log.count for _, payee in pairs(log, word))
        assert all(name.startswith(start) for name in met if name in known), WORDS[word]
        assert np.mean([name in known for name in met]) > 0.6  # who one account alone pays has a new name
    assert all(payee < log.count for _, payee in pairs(log, WAGE))


def test_rows_are_merged_as_by_sorting():
    """Times within a millisecond of each other, and entities without rows of one sort."""
    rng = np.random.default_rng(1)
    ordinary = np.sort(rng.integers(0, 40, (3, 30)) * 10**6 + rng.integers(0, 1000, (3, 30)), axis=1)
    old, starts = np.concatenate([ordinary[0], ordinary[2]]), np.array([0, 30, 30, 60])
    new, owner = rng.integers(0, 40, 25) * 10**6, rng.integers(0, 3, 25)

    def rows(times):
        return MixedTable({"when": MixedColumn(TIME, times)}, len(times))

    table, begin = merged((rows(old), starts), [rows(new)], [owner], "when")
    entity = np.concatenate([np.repeat(np.arange(3), np.diff(starts)), owner])
    times = np.concatenate([old, new])
    order = np.lexsort((times, entity))
    assert table["when"].values.tolist() == times[order].tolist()
    assert np.diff(begin).tolist() == np.bincount(entity, minlength=3).tolist()


def test_series_of_unknown_words_are_ordinary_life(model):
    held = ledger(people=60, seed=12)
    words = np.where(what(held, WAGE), WORDS.index("pay"), held.events["what"].values)
    column = held.events["what"].with_values(words)
    other = replace(held, events=held.events.with_columns({"what": column}))
    rows = known_series(model.standing.laws, model.standing.kind_columns, other)[2]
    assert (rows == (find_series(held).of_row >= 0) & ~what(held, WAGE)).all()
