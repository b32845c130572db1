"""Bank holidays: debits are paid behind them, wages before, cards on them; pensions come every four weeks."""

import numpy as np
import pytest
from event_logs import DAY
from standing_ledgers import BEGIN, MINUTE, _log, month_days

from finsim.generators.events.habits.habits import Habits
from finsim.generators.events.habits.standing.dates.closed_dates import ClosedDates, learn_closed, weekday_of
from finsim.generators.events.habits.standing.law import _shifts
from finsim.generators.events.habits.standing.periods import FOUR_WEEKS, MONTH, due, nearest
from finsim.generators.events.habits.standing.series import find_series
from finsim.randomness import Streams

SHOP, DEBIT, WAGE, CARD, PENSION = range(5)
PEOPLE, DAYS = 150, 270
HOLIDAYS = np.array([BEGIN + 96, BEGIN + 99, BEGIN + 120, BEGIN + 148])  # Friday 7 April 2023, three Mondays


def off(day, turn):
    """Move days off weekends and holidays, one after the other."""
    found = []
    for one in day:
        while one in HOLIDAYS or weekday_of(one) > 4:
            one += turn
        found.append(int(one))
    return [one for one in found if BEGIN <= one < BEGIN + DAYS]


@pytest.fixture(scope="module")
def real():
    rng = np.random.default_rng(2)
    names = [f"P{k:04d}" for k in range(PEOPLE)]
    outer = [f"shop{k}" for k in range(20)] + [f"debit{k}" for k in range(6)]
    outer += [f"firm{k}" for k in range(4)] + [f"card{k}" for k in range(4)] + ["pensions"]
    code, rows = {name: k for k, name in enumerate([*names, *outer])}, []

    def add(owner, payee, word, day, amount):
        for one in day:
            at = one * DAY + (600 + int(rng.integers(60))) * MINUTE
            rows.append((code[owner], at, code[payee], word, amount, 0))

    for k, name in enumerate(names):
        for _ in range(int(rng.poisson(DAYS / 9))):
            sum_ = round(float(rng.lognormal(3, 0.6)), 2)
            add(name, f"shop{int(rng.integers(20))}", SHOP, [BEGIN + int(rng.integers(DAYS))], sum_)
        for s in rng.choice(6, 2, replace=False):
            add(name, f"debit{s}", DEBIT, off(month_days(DAYS, 1 + 4 * s), 1), float(rng.integers(20, 90)))
        add(name, f"card{k % 4}", CARD, month_days(DAYS, 1 + int(rng.integers(28))), 9.0 + k % 4)
        if k % 3:
            add(name, f"firm{k % 4}", WAGE, off(month_days(DAYS, 31), -1), float(rng.integers(1_500, 3_000)))
        else:
            day = np.arange(BEGIN + 2 + 7 * (k % 4), BEGIN + DAYS, 28)
            add(name, "pensions", PENSION, day, 800.0 + k)
    return _log(rows, PEOPLE, [*names, *outer], DAYS, False, False)


@pytest.fixture(scope="module")
def model(real):
    return Habits.fit(real, Habits.Settings(), Streams(7), None, lambda *_: None)


def test_payments_keep_off_the_dates_that_banks_are_closed_on(real, model):
    new = model.sample(2 * PEOPLE, Streams(3))
    word, day = new.events["what"].values, new.times // DAY
    # Nothing is due on the Friday, nor moved to it.
    assert model.standing.laws.law.closed.tolist() == HOLIDAYS[1:3].tolist()
    for one in (DEBIT, WAGE):
        paid = day[word == one]
        assert len(paid) > 1_000
        assert np.mean(np.isin(paid, HOLIDAYS) | (weekday_of(paid) > 4)) < 0.005
    assert np.isin(day[word == CARD], HOLIDAYS).sum() > 5
    # What is due on the Friday of Easter and the days behind it is paid on the Tuesday behind.
    tuesday = [np.mean(log.times[log.events["what"].values == DEBIT] // DAY == HOLIDAYS[1] + 1)
               for log in (real, new)]  # fmt: skip
    assert tuesday[1] == pytest.approx(tuesday[0], rel=0.25)


def test_pensions_come_every_four_weeks(real, model):
    found = find_series(real)
    assert set(found.period[found.words[:, 0] == PENSION]) == {FOUR_WEEKS}
    assert set(found.period[found.words[:, 0] == CARD]) == {MONTH}
    new = model.sample(PEOPLE, Streams(4))
    some = new.events["what"].values == PENSION
    gaps = np.diff(new.times[some] // DAY)[np.diff(new.entity()[some]) == 0]
    assert len(gaps) > 200
    assert np.mean(gaps == 28) > 0.97


def test_days_due_every_four_weeks_are_the_nearest_ones():
    days = np.arange(19_000, 19_200)
    index, shift = nearest(FOUR_WEEKS, np.array(5), days)
    assert (due(FOUR_WEEKS, np.array(5), index) + shift == days).all()
    assert np.abs(shift).max() == 14
    assert set((days - shift) % 28) == {5}


def test_moves_step_over_weekends_and_end():
    friday, monday = HOLIDAYS[:2]
    dates = ClosedDates(np.array([friday, monday]), np.array([1, -1, 0]))
    day = np.array([[friday, monday, friday - 1]])
    assert dates.moved(np.array([[0]]), day).tolist() == [[monday + 1, monday + 1, friday - 1]]
    assert dates.moved(np.array([[1]]), day).tolist() == [[friday - 1, friday - 1, friday - 1]]
    assert dates.moved(np.array([[2]]), day).tolist() == day.tolist()
    assert dates.crossed(np.array([0, 0, 0, 2]), np.array([friday, monday - 1, monday + 1, friday]),
                         np.array([0, 2, 1, 0])).tolist() == [True, True, False, False]  # fmt: skip


def test_nothing_is_closed_where_chance_explains_it():
    rng = np.random.default_rng(5)
    day = rng.integers(19_000, 19_360, 4_000)
    shift = np.where(weekday_of(day) > 4, 7 - weekday_of(day), 0)
    law = _shifts(np.zeros(4_000, int), day, shift, 1)
    assert len(learn_closed(np.zeros(4_000, int), day, shift, law).dates) == 0
    few = slice(0, 200)  # too few a date to tell that one is closed
    assert len(learn_closed(np.zeros(200, int), day[few], shift[few], law).dates) == 0
    closed = np.where(day + shift == 19_104, shift + 1, shift)
    found = learn_closed(np.zeros(4_000, int), day, closed, _shifts(np.zeros(4_000, int), day, closed, 1))
    assert (found.dates.tolist(), found.turn.tolist()) == ([19_104], [1])
    before = np.where(weekday_of(day) > 4, 4 - weekday_of(day), 0)
    early = np.where(day + before == 19_104, before - 1, before)
    found = learn_closed(np.zeros(4_000, int), day, early, _shifts(np.zeros(4_000, int), day, early, 1))
    assert (found.dates.tolist(), found.turn.tolist()) == ([19_104], [-1])
    every = learn_closed(
        np.zeros(4_000, int), day, shift * 0, _shifts(np.zeros(4_000, int), day, shift * 0, 1)
    )
    assert every.turn.tolist() == [0]  # paid at weekends: no such kind
