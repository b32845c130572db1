"""Wages at the end of the month: one day and one hour of each employer, in every month of 28 to 31 days."""

import datetime
from collections import Counter
from itertools import pairwise

import numpy as np
import pytest
from event_logs import DAY
from standing_ledgers import BEGIN, MINUTE, _log, month_days, to_monday

from finsim.generators.events.habits.habits import Habits
from finsim.generators.events.habits.standing.draws import in_month
from finsim.generators.events.habits.standing.hands import payees_of
from finsim.generators.events.habits.standing.law import stays_in_month
from finsim.generators.events.habits.standing.losses import known_series
from finsim.generators.events.habits.standing.month_ends import with_month_ends
from finsim.generators.events.habits.standing.periods import MONTH, MONTH_END, due, nearest
from finsim.generators.events.habits.standing.series import find_series
from finsim.generators.events.habits.standing.series_table import Series
from finsim.generators.events.habits.standing.together import beyond_chance, drawn_together, in_common_hour
from finsim.generators.generator import State
from finsim.randomness import Streams

SHOP, RENT, WAGE, SUB = range(4)
PEOPLE, FIRMS, LAGS = 110, 4, (0, 1, 2, 3)


def pay_day(year, month, lag):
    """The last day of a month less ``lag``, or the working day before; days since 1970."""
    day = datetime.date(year + month // 12, month % 12 + 1, 1) - datetime.timedelta(1 + lag)
    while day.weekday() > 4:
        day -= datetime.timedelta(1)
    return (day - datetime.date(1970, 1, 1)).days


def wage_ledger(days=181, seed=0, fixed=False):
    """Firms pay at their own hour; who collects subscriptions does on a day of its own each month.

    With ``fixed`` all wages come on the 28th.
    """
    rng = np.random.default_rng(seed)
    names = [f"P{k:04d}" for k in range(PEOPLE)] + [f"F{k:02d}" for k in range(FIRMS)]
    outer = [f"shop{k}" for k in range(20)] + [f"sub{k}" for k in range(3)] + [f"owner{k}" for k in range(9)]
    code = {name: k for k, name in enumerate([*names, *outer])}
    rows = []

    def add(owner, payee, word, day, amount, hour):
        for one in day:
            at = one * DAY + (hour * 60 + int(rng.integers(60))) * MINUTE
            rows.append((code[owner], at, code[payee], word, amount, 0))

    months = range(days // 28 + 1)
    late = rng.integers(0, 4, (3, len(months)))
    for k, name in enumerate(names[:PEOPLE]):
        for _ in range(int(rng.poisson(days / 8))):
            sum_ = round(float(rng.lognormal(3, 0.6)), 2)
            add(name, f"shop{int(rng.integers(20))}", SHOP, [BEGIN + int(rng.integers(days))], sum_, 12)
        if rng.random() < 0.5:
            day = to_monday(month_days(days, 1))
            add(name, f"owner{k % 9}", RENT, day[day < BEGIN + days], float(rng.integers(40, 90) * 10), 6)
        for s in rng.choice(3, 2, replace=False):
            day = month_days(days, 10)
            add(name, f"sub{s}", SUB, day + late[s, : len(day)], 9.0 + s, 3 + 5 * s)
        firm = min(k % 8, FIRMS - 1)
        if k % 10:
            day = [pay_day(2023 + m // 12, m % 12 + 1, LAGS[firm]) for m in months]
            day = month_days(days, 28) if fixed else [one for one in day if one < BEGIN + days]
            day = day[int(rng.integers(0, len(day) - 1)) :] if k % 7 == 0 else day
            add(f"F{firm:02d}", name, WAGE, day, round(float(rng.lognormal(7.5, 0.3)), 2), 1 + firm)
    return _log(rows, len(names), [*names, *outer], days, True, False)


@pytest.fixture(scope="module")
def real():
    return wage_ledger()


@pytest.fixture(scope="module")
def model(real):
    return Habits.fit(real, Habits.Settings(), Streams(7), None, lambda *_: None)


def rows_of(log, word):
    some = log.events["what"].values == word
    day, second = log.times[some] // DAY, log.times[some] % DAY // 10**9
    return log.entity()[some], log.events["payee"].values[some], day, second // 3600


def test_months_from_their_end_as_by_dates():
    months = np.arange(636, 636 + 26)  # 2023 and 2024: 28, 29, 30 and 31 days
    for phase in (0, 3, 29, 30):
        for month, day in zip(months, due(MONTH_END, np.array(phase), months), strict=True):
            first = datetime.date(int(month) // 12 + 1970, int(month) % 12 + 1, 1)
            end = (first.replace(day=28) + datetime.timedelta(4)).replace(day=1)
            twin = max(end - datetime.timedelta(1 + phase), first)
            assert datetime.date(1970, 1, 1) + datetime.timedelta(int(day)) == twin
        index, shift = nearest(MONTH_END, np.array(phase), due(MONTH_END, np.array(phase), months) - 2)
        assert index.tolist() == months.tolist()
        assert set(shift.tolist()) == {-2}


def test_wages_count_from_the_end_and_rents_do_not(real):
    found = find_series(real)
    for word, period in ((RENT, MONTH), (SUB, MONTH), (WAGE, MONTH_END)):
        assert set(found.period[found.words[:, 0] == word]) == {period}
    wages = found.words[:, 0] == WAGE
    # The lag of the firm, also of who got one or two payments only.
    assert (found.phase[wages] == np.array(LAGS)[found.entity[wages] - PEOPLE]).all()
    short = np.bincount(found.of_row[found.of_row >= 0])[wages] < 3
    assert short.sum() >= 3
    assert set(found.phase[found.words[:, 0] == RENT]) == {0}


def test_single_payments_are_due_when_most_of_their_payer_are():
    """A Friday before a weekend may be the due day itself, the day before, or two days before."""
    april = pay_day(2023, 4, 1)  # Friday 28, for Saturday 29
    days = [[pay_day(2023, m, 1) for m in range(1, 9)]] * 4 + [[april], [april - 8], [april - 2]]
    of_row = np.repeat(np.arange(7), [len(one) for one in days])
    zeros = np.zeros(7, np.int64)
    found = Series(
        zeros, zeros, zeros + 27, np.arange(7), zeros[:, None], of_row, zeros[:, None], ("payee",), ("what",),
        zeros, np.full(len(of_row), -1),
    )  # fmt: skip
    found = with_month_ends(np.concatenate(days), found)
    assert found.period.tolist() == [MONTH_END] * 7
    assert found.phase.tolist() == [1, 1, 1, 1, 1, 10, 4]


def test_no_weekend_moves_a_payment_into_another_month_unless_it_does_in_the_data():
    sunday = (datetime.date(2023, 4, 30) - datetime.date(1970, 1, 1)).days
    due_day = np.array([[sunday, sunday - 7]] * 2)
    assert (in_month(due_day, due_day + 1, np.array([1, 0])) - due_day).tolist() == [[0, 1], [1, 1]]
    assert (in_month(due_day - 28, due_day - 31, np.array([1, 0])) - due_day).tolist() == [
        [-29, -31],
        [-31, -31],
    ]
    kind, shift = np.array([0, 0, 1, 2]), np.array([1, -2, -2, 0])
    found = stays_in_month(kind, np.array([MONTH, MONTH_END, 2]), sunday + shift, shift, 3)
    assert found.tolist() == [0, 1, 0]


@pytest.mark.parametrize("days", [181, 430])
def test_each_firm_pays_all_on_one_day_and_hour_of_every_month(model, days):
    new = model.sample(PEOPLE + FIRMS, Streams(3), days=days)
    entity, payee, day, hour = rows_of(new, WAGE)
    assert len(entity) > 300
    for firm in np.unique(entity):
        mine = entity == firm
        assert len(set(hour[mine])) == 1
        month = day[mine].astype("datetime64[D]").astype("datetime64[M]").astype(int)
        met = {(int(m), int(d)) for m, d in zip(month, day[mine], strict=True)}
        twins = [{(m, pay_day(m // 12 + 1970, m % 12 + 1, lag)) for m in set(month.tolist())} for lag in LAGS]
        assert met in twins
        assert len(met) >= days // 31
        for one in np.unique(payee[mine]):
            got = np.sort(month[payee[mine] == one])
            assert (np.diff(got) == 1).all()
    assert len({(e, p) for e, p in zip(entity, payee, strict=True)}) == len(set(payee))


def test_who_collects_does_so_together(model):
    new = model.sample(2 * (PEOPLE + FIRMS), Streams(5))
    _, payee, day, hour = rows_of(new, SUB)
    assert len(set(payee)) == 3
    for one in set(payee):
        assert len(set(hour[payee == one])) == 1  # of both generations
        month = day[payee == one].astype("datetime64[D]").astype("datetime64[M]").astype(int)
        for m in set(month):
            assert len(set(day[payee == one][month == m])) == 1
    assert (
        len(
            set(day - day.astype("datetime64[D]").astype("datetime64[M]").astype("datetime64[D]").astype(int))
        )
        > 2
    )


def test_parts_and_a_stored_model_give_the_same_bytes(model, monkeypatch):
    total = 3 * (PEOPLE + FIRMS) // 2
    whole = model.sample(total, Streams(3), total=total)
    back = Habits.from_state(State(model.state().arrays, model.state().facts))
    monkeypatch.setattr("finsim.generators.events.habits.habits.BLOCK", 40)
    cuts = [0, 9, 118, total]
    parts = [back.sample(b - a, Streams(3), first=a, total=total) for a, b in pairwise(cuts)]
    for name in whole.events.columns:
        joined = np.concatenate([one.events[name].values for one in parts])
        np.testing.assert_array_equal(joined, whole.events[name].values)


def test_models_of_before_are_read_and_pay_each_for_itself(model):
    new = ("standing.hour_alike", "standing.shift_alike", "standing.stays")
    old = {name: one for name, one in model.state().arrays.items() if name not in new}
    assert len(old) == len(model.state().arrays) - 3
    back = Habits.from_state(State(old, model.state().facts))
    entity, _, _, hour = rows_of(back.sample(PEOPLE + FIRMS, Streams(3)), WAGE)
    assert max(len(set(hour[entity == one])) for one in set(entity)) > 1


def test_held_out_wages_are_counted_as_the_law_does(model):
    held = wage_ledger(seed=4, fixed=True)
    assert set(find_series(held).period[find_series(held).words[:, 0] == WAGE]) == {MONTH}
    _, kind, rows = known_series(model.standing.laws, model.standing.kind_columns, held)
    assert rows[held.events["what"].values == WAGE].all()
    assert (kind >= 0).all()


def test_pairs_alike_beyond_chance_as_counted_one_by_one():
    rng = np.random.default_rng(2)
    group, value = rng.integers(0, 12, 90), rng.integers(0, 3, 90)
    value = np.where(rng.random(90) < 0.5, group % 3, value)
    chance = rng.random(90) * 0.3
    mine, expected, total = 0.0, 0.0, 0
    for i in range(90):
        others = [j for j in range(90) if j != i and group[j] == group[i]]
        if others:
            mine += np.mean([value[j] == value[i] for j in others])
            expected, total = expected + chance[i], total + 1
    assert beyond_chance(group, value, chance) == pytest.approx((mine - expected) / (total - expected))
    assert beyond_chance(np.arange(90), value, chance) == 0.0


def test_draws_together_are_of_the_offer_the_entity_or_own():
    own = (np.arange(4_000) + 0.5).reshape(1, -1) / 4_000
    found = drawn_together(own, np.array([[0.3, 0.5]]), np.array([[2.0]]), np.array([[3.0]]))
    counts = Counter(found[0].tolist())
    assert (counts[2.0], counts[3.0]) == (1_200, 1_400)
    rest = np.sort(found[found < 2.0])
    assert np.abs(rest - (np.arange(1_400) + 0.5) / 1_400).max() < 1e-3
    knots = np.linspace(2 * 3_600.0, 6 * 3_600.0 - 1, 65)[None, :]
    common = np.array([0.05]), np.array([0.95])
    _, second = in_common_hour(own, np.array([[0.3, 0.5]]), common, np.array([0]), knots)
    assert Counter((second[0][~np.isnan(second[0])] // 3_600).tolist()) == {2.0: 1_200, 5.0: 1_400}
    inside = np.sort(second[second < 3 * 3_600]) - 2 * 3_600
    assert np.abs(inside - np.linspace(0, 3_600, 1_200)).max() < 10


def test_who_is_paid_has_one_payer_while_there_are_others():
    group = np.array([0, 0, 0, 0, 1, 1, 2])
    paid = np.array([0, 1])
    for many, least in ((2, {0, 1}), (4, {0, 1, 2, 3}), (6, {0, 1, 2, 3, 4, 6})):
        found = payees_of(paid, group, np.array([5]), many, np.random.default_rng(many))
        assert sorted(found.tolist()) == sorted(least)
    assert 5 not in payees_of(paid, group, np.array([5]), 12, np.random.default_rng(0))
