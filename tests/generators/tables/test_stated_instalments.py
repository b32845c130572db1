"""A tape that states the instalment: balances follow its dates all the same."""

from dataclasses import replace

import numpy as np
import pytest
from running_loans import CUT_DAY, CUT_MONTH, amounts, dated_loans, days, left_of, shuffled

from finsim.generators.tables.reducing import reduce
from finsim.generators.tables.reduction.dates.months_after import months_after, months_between
from finsim.generators.tables.reduction.identities import ANNUITY
from finsim.generators.tables.reduction.plans import LAST_DAY, Plan, find_plans
from finsim.generators.tables.reduction.schedules import Schedule
from finsim.notation import NANOS_PER_DAY
from finsim.randomness import Streams
from finsim.records.mixed_table import MISSING_TIME, MixedTable


def _days(column):
    return np.where(column.values == MISSING_TIME, np.nan, column.values / NANOS_PER_DAY)


def _stated(table):
    """Return a tape with its term, its instalment and the share of an income that it is."""
    term = months_between(_days(table["opened"]), _days(table["until"]))
    amount, month = table["amount"].values, table["rate"].values / 1_200
    paid = np.round(amount * month / (1 - (1 + month) ** -term), 2)
    income = np.round(np.random.default_rng(9).lognormal(8, 0.4, table.rows), -1)
    more = {"term": amounts(term, 1.0), "paid": amounts(paid), "income": amounts(income, 10.0),
            "effort": amounts(np.round(100 * paid / income, 1), 0.1)}  # fmt: skip
    return table.with_columns(more)


def _off_plan(made):
    """Return which running loans owe not what the plan says at the cut-off, which defaulted ones not then."""
    opened, when = _days(made["opened"]), _days(made["defaulted"])
    count = months_between(opened, when)
    count -= months_after(opened, count) > when
    word = np.array(made["status"].words)[made["status"].values]
    runs, bad = word == "performing", (word == "default") & ~np.isnan(when)
    count = np.where(bad, count, CUT_MONTH - months_between(0 * opened, opened))
    term = months_between(opened, _days(made["until"]))
    owed = left_of(made["amount"].values, made["rate"].values, term, np.clip(count, 0, term))
    off = np.abs(owed - made["balance"].values) > 0.011
    return off[runs], off[bad]


@pytest.fixture(scope="module")
def stated():
    return _stated(dated_loans())


def test_with_an_instalment_balances_follow_the_dates_as_without_one(stated):
    inner, found = reduce(stated, Streams(1), outcome="status")
    _, bare = reduce(stated.without("paid", "effort"), Streams(1), outcome="status")
    rule = found.computed["balance"].rule
    assert isinstance(rule, Plan)
    assert rule == bare.computed["balance"].rule
    assert found.computed["paid"].rule.kind == ANNUITY
    runs = stated["status"].values != stated["status"].words.index("repaid")
    assert (inner["balance: payments"].values[runs] == 0).mean() > 0.98
    assert np.array_equal(found.restore(inner, Streams(2))["balance"].values, stated["balance"].values)


def test_new_loans_with_an_instalment_are_on_their_plan(stated):
    inner, found = reduce(stated, Streams(1), outcome="status")
    drawn = shuffled(inner, times=10)
    drawn = drawn.with_columns({"balance: payments": amounts(np.zeros(drawn.rows), 0.0)})
    made = found.restore(drawn, Streams(2))
    runs, bad = _off_plan(made)
    assert len(runs) > 3_000
    assert len(bad) > 80
    assert runs.mean() < 0.002
    assert bad.mean() < 0.002
    month = made["rate"].values / 1_200
    term = months_between(_days(made["opened"]), _days(made["until"]))
    level = made["amount"].values * month / (1 - (1 + month) ** -term)
    assert (np.abs(level - made["paid"].values) < 0.011).all()


def test_less_than_was_seen_beside_a_word_is_no_reason_to_leave_the_plan(stated):
    """A loan that defaults just before its end owes little: dates say it, though no loan of the tape did."""
    _, found = reduce(stated, Streams(1), outcome="status")
    lows = {one.word: one.low for one in found.by_word.parts if one.target == "balance"}
    assert lows.get("default", 0.01) == 0.01
    turned = np.random.default_rng(4).permutation(stated.rows)
    other = stated.with_columns({"defaulted": stated["defaulted"].take(turned)})
    lows = {one.word: one.low for one in reduce(other, Streams(1))[1].by_word.parts}
    assert lows.get("default", 9.0) > 1.0  # behind the day of the tape by any number of payments


def test_more_than_was_seen_is_owed_where_the_dates_say_so(stated):
    """The largest amount, lent last month for long, is more than any loan of the tape owes."""
    inner, found = reduce(stated, Streams(1), outcome="status")
    most = float(inner["amount"].values.max())
    runs = stated["status"].values == stated["status"].words.index("performing")
    paid = 1 - stated["balance"].values / stated["amount"].values
    row = int(np.argmin(np.where(runs, paid, np.inf)))
    made = inner.take(np.full(3, row)).with_columns({"amount": amounts(np.full(3, most), 1.0)})
    owed = found.restore(made, Streams(2))["balance"].values
    assert owed.max() > found.computed["balance"].high
    assert owed.max() == pytest.approx(most * (1 - paid[row]), abs=1.0)


def test_payments_that_dates_do_not_say_are_learned(stated):
    draw = np.random.default_rng(3)
    term = months_between(_days(stated["opened"]), _days(stated["until"]))
    made = np.floor(draw.random(stated.rows) * term)
    balance = np.round(left_of(stated["amount"].values, stated["rate"].values, term, made), 2)
    table = stated.without("defaulted").with_columns({"balance": amounts(balance)})
    inner, found = reduce(table, Streams(1), outcome="status")
    assert isinstance(found.computed["balance"].rule, Schedule)
    assert np.array_equal(inner["balance: payments made"].values, made)


@pytest.mark.parametrize("cut_on", [3, 15, 28])
def test_a_tape_of_the_middle_of_a_month(cut_on):
    """Payments are due on the day of the opening: after the day of the tape one less has been made."""
    draw = np.random.default_rng(cut_on)
    rows, month = 900, CUT_MONTH
    gone, into = draw.integers(2, 60, rows), draw.integers(1, 29 if cut_on < 28 else 32, rows)
    first = (month - gone).astype("datetime64[M]").astype("datetime64[D]").astype(float)
    opened = first + into - 1
    is_same = (opened.astype("int64").astype("datetime64[D]").astype("datetime64[M]").astype(int)
               == month - gone)  # fmt: skip
    opened = np.where(is_same, opened, first + 27)
    into = (opened - first + 1).astype(int)
    term = 12.0 * (gone // 12 + draw.integers(1, 6, rows))
    amount, rate = draw.integers(20, 800, rows) * 250.0, np.round(draw.uniform(2, 9, rows), 2)
    made = gone - (into > cut_on)
    columns = {"opened": days(opened), "term": amounts(term, 1.0), "amount": amounts(amount, 1.0),
               "rate": amounts(rate),
               "balance": amounts(np.round(left_of(amount, rate, term, made), 2))}  # fmt: skip
    (rule,) = find_plans(MixedTable(columns, rows), ["balance"])
    assert (rule.day, rule.due) == (month, cut_on)
    numbers = {name: one.values for name, one in columns.items()} | {"opened": opened}
    assert (rule.learned(numbers) == 0).all()
    numbers["balance: payments"] = np.zeros(rows)
    assert np.abs(rule.values(numbers) - numbers["balance"]).max() < 0.006
    late = replace(rule, due=LAST_DAY)
    assert (late.learned(numbers) == 0).mean() < 0.95


def test_a_tape_of_the_end_of_a_month_has_all_payments_of_it(stated):
    (rule,) = find_plans(stated, ["balance"])
    assert (rule.day, rule.due) == (CUT_MONTH, LAST_DAY)
    assert rule.by_tape(np.array([CUT_DAY, CUT_DAY - 31])).tolist() == [0, 1]
