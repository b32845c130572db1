"""An odd payment costs no series, is none itself, and raises of a short ledger do not compound for ever."""

import math
from dataclasses import replace

import numpy as np
import pytest
from event_logs import DAY
from standing_ledgers import BEGIN, WORDS, ledger

from finsim.generators.events.habits.habits import Habits
from finsim.generators.events.habits.standing.odd_rows import expected_mostly, mostly_regular, ways
from finsim.generators.events.habits.standing.periods import MONTH, due
from finsim.generators.events.habits.standing.regularity import grouped
from finsim.generators.events.habits.standing.series import find_series
from finsim.generators.events.habits.standing.standing import without_rows
from finsim.randomness import Streams

WAGE = WORDS.index("wage")


@pytest.fixture(scope="module")
def plain():
    return ledger(people=60, days=365)


def is_wage(log):
    return log.events["what"].values == WAGE


def month(log):
    return (log.times // DAY).astype("datetime64[D]").astype("datetime64[M]").astype(int) - 636


def month_day(log):
    day = (log.times // DAY).astype("datetime64[D]")
    return (day - day.astype("datetime64[M]")).astype(int) + 1


def with_more(log, rows, days, factor=1.0):
    """The log with copies of some rows, so many days later; bool of the copies."""
    take = np.concatenate([np.arange(log.events.rows), rows])
    new = np.arange(len(take)) >= log.events.rows
    times = log.times[take] + np.where(new, int(days * DAY), 0)
    amount = np.where(new, np.round(factor * log.events["amount"].values[take], 2),
                      log.events["amount"].values[take])  # fmt: skip
    owner = log.entity()[take]
    order = np.lexsort((times, owner))
    events = log.events.take(take)
    events = events.with_columns({
        "when": events["when"].with_values(times), "amount": events["amount"].with_values(amount),
    }).take(order)  # fmt: skip
    starts = np.concatenate([[0], np.cumsum(np.bincount(owner, minlength=log.count))]).astype(np.int64)
    return replace(log, events=events, starts=starts), new[order]


FORMS = {
    "thirteenth": [(11, -12, 1.0)],
    "thirteenth on the same day": [(11, 0.1, 1.0)],
    "bonus": [(11, -12, 0.5)],
    "two bonuses": [(10, -12, 0.3), (11, -12, 0.3)],
    "booked twice and reversed": [(4, 0.1, 1.0), (4, 0.9, -1.0)],
}


@pytest.mark.parametrize("form", FORMS)
def test_wages_are_found_beside_an_odd_payment_which_is_no_series(plain, form):
    log, odd = plain, np.zeros(plain.events.rows, np.bool_)
    for when, days, factor in FORMS[form]:
        rows = np.flatnonzero(is_wage(log) & (month(log) == when) & (month_day(log) == 27) & ~odd)
        count = np.flatnonzero(odd)
        log, new = with_more(log, rows, days, factor)
        # Rows that stood before keep their order.
        was = np.zeros(log.events.rows, np.bool_)
        was[np.flatnonzero(~new)[count]] = True
        odd = was | new
    taken = find_series(log).of_row >= 0
    assert taken[is_wage(log) & ~odd].all()
    assert not taken[odd].any()


def test_half_the_people_paid_late_once_lose_that_payment_alone(plain):
    rows = np.flatnonzero(is_wage(plain) & (month(plain) < 11))
    payee, rng = plain.events["payee"].values, np.random.default_rng(0)
    late = [int(rng.choice(rows[payee[rows] == one])) for one in np.unique(payee[rows])[::2]]
    log, new = with_more(plain, np.array(late), 7)
    gone = np.zeros(log.events.rows, np.bool_)
    gone[np.flatnonzero(~new)[late]] = True
    log, new = without_rows(log, gone), new[~gone]
    taken = find_series(log).of_row >= 0
    assert (taken == ~new)[is_wage(log)].all()


def test_a_bonus_of_a_year_comes_once_a_year(plain):
    rows = np.flatnonzero(is_wage(plain) & (month(plain) == 11))
    log, _ = with_more(plain, rows, -12, 0.5)
    new = Habits.fit(log, Habits.Settings(), Streams(7), None, lambda *_: None).sample(log.count, Streams(3))
    theirs, mine = is_wage(log).sum(), is_wage(new).sum()
    assert abs(mine / theirs - 1) < 0.08
    assert (is_wage(new) & (month_day(new) == 27)).sum() == pytest.approx(theirs - len(rows), rel=0.08)


def test_a_payment_that_would_have_come_again_is_none(plain):
    """One account is paid by another employer, once."""
    rows = np.flatnonzero(is_wage(plain) & (month(plain) == 4))[:1]
    log, new = with_more(plain, rows, 0)
    payee = log.events["payee"].values.copy()
    payee[new] = np.setdiff1d(np.arange(60), payee[is_wage(log)])[0]
    log = replace(log, events=log.events.with_columns({"payee": log.events["payee"].with_values(payee)}))
    taken = find_series(log).of_row >= 0
    assert (taken == ~new)[is_wage(log)].all()


def test_odd_rows_of_a_group_are_those_told():
    """A second one of the month (farther, of another sum), a late one; two of seven are too many."""
    days = due(MONTH, np.array([14]), np.arange(636, 648))
    early = np.sort(np.append(days, days[5] - 2))
    other = np.sort(np.append(days, days[5]))
    sums = np.zeros(13)
    sums[5] = 0.2
    late = days.copy()
    late[7] += 9
    short = np.sort(np.append(days[:5], [days[1] + 9, days[3] + 9]))
    day = np.concatenate([early, other, late, short])
    size = np.concatenate([np.zeros(13), sums, np.zeros(12), np.zeros(7)])
    groups = grouped(np.repeat(np.arange(4), [13, 13, 12, 7]))
    found = mostly_regular(day, size, 0.25, groups)
    assert found.found.ok.tolist() == [True, True, True, False]
    left = np.setdiff1d(np.arange(38), found.groups.kept(found.found.ok).row)
    assert left.tolist() == [5, 13 + 5, 26 + 7]
    assert found.found.phase[:3].tolist() == [14] * 3
    assert found.found.shift[:3].tolist() == [0] * 3
    assert found.sizes.tolist() == [13, 13, 12, 7]


def test_choices_are_paid_for():
    assert ways(np.array([7, 13, 12]), np.array([1, 2, 0])).tolist() == [
        6 * 7, 11 * math.comb(13, 2), 12,
    ]  # fmt: skip
    rng = np.random.default_rng(5)
    for size, period in ((6, 200), (7, 240)):
        day = np.sort(BEGIN + rng.integers(period, size=(3000, size)), axis=1).ravel()
        found = mostly_regular(day, np.zeros(len(day)), 0.25, grouped(np.repeat(np.arange(3000), size))).found
        by_chance = int((found.ok & (found.period == MONTH)).sum())
        assert 0 < by_chance < expected_mostly(day, MONTH, np.full(3000, size)) / 2


def test_raises_of_a_short_ledger_come_at_the_rate_of_all_series():
    log = ledger(people=150, days=120, seed=4)
    model = Habits.fit(log, Habits.Settings(), Streams(7), None, lambda *_: None)
    law = model.standing.laws.law
    kind = int(np.flatnonzero(law.words[:, 0] == WAGE)[0])
    wages = (law.kind == kind).sum()
    share, _, mean, _, swings, later = law.moves[kind]
    assert swings == 0
    assert later == pytest.approx(share / 12, rel=1e-3)  # one raise each at most, and less than a year seen
    assert 0.2 < share < 0.4
    new = model.sample(log.count, Streams(3), days=4000)
    rows = np.flatnonzero(is_wage(new))
    pair = new.entity()[rows] * 10_000 + new.events["payee"].values[rows]
    first, last = [], []
    for one in np.unique(pair):
        mine = np.flatnonzero(pair == one)
        at = rows[mine][(new.times[rows[mine]] // DAY - BEGIN) >= 120]
        if len(at) > 100:
            first.append(np.log(new.events["amount"].values[at[0]]))
            last.append(np.log(new.events["amount"].values[at[-1]]) - first[-1])
    months = (4000 - 120) / 30.44
    assert len(last) > 0.8 * wages
    assert np.mean(last) == pytest.approx(months * later * mean, rel=0.2)
    assert (np.array(last) > 0).mean() > 0.85  # any series may get one
