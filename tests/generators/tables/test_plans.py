"""Balances of a payment plan that no column states: found, computed again, and not found by chance."""

from dataclasses import asdict

import numpy as np
import pytest
from running_loans import CUT_MONTH, amounts, dated_loans, days, left_of, running_loans, shuffled, words

from finsim.generators.tables.reducing import reduce
from finsim.generators.tables.reduction.computed import Computed
from finsim.generators.tables.reduction.dates.months_after import months_after, months_between
from finsim.generators.tables.reduction.orders import Order, find_orders, in_order
from finsim.generators.tables.reduction.plans import Plan, find_plans
from finsim.generators.tables.reduction.portions import Portion
from finsim.notation import NANOS_PER_DAY
from finsim.randomness import Streams
from finsim.records.mixed_table import MISSING_TIME, MixedTable

FREE = ["amount", "balance", "rate", "margin", "recovered", "lost"]


def _stated(rows=600, seed=3, repaid=False, share=1.0, whole=True):
    """Return loans with a term and no dates; ``share`` of the balances are a plan's."""
    draw = np.random.default_rng(seed)
    term = draw.integers(2, 20, rows) * 12.0
    amount = draw.integers(20, 800, rows) * 250.0
    rate = np.round(draw.uniform(2, 9, rows), 2)
    made = draw.random(rows) * term
    made = np.floor(made) if whole else made
    balance = left_of(amount, rate, term, np.where(draw.random(rows) < share, made, draw.random(rows) * term))
    value = np.round(amount - balance if repaid else balance, 2)
    columns = {"term": amounts(term, 1.0), "amount": amounts(amount, 1.0), "rate": amounts(rate, 0.01)}
    return MixedTable({**columns, "value": amounts(value)}, rows)


def test_a_plan_between_dates_has_the_month_of_the_tape():
    found = list(find_plans(running_loans(), FREE))
    assert [one.target for one in found] == ["balance"]
    assert found[0].operands == ("balance: payments", "amount", "rate", "opened", "until")
    assert (found[0].left, found[0].by_dates, found[0].factor) == (True, True, pytest.approx(1 / 1_200))
    assert found[0].day == (2024 - 1970) * 12 + 11
    table = running_loans()
    behind = reduce(table, Streams(1), outcome="status")[0]["balance: payments"].values
    status = table["status"]
    for word, least in (("performing", 0.99), ("repaid", 0.5)):
        assert (behind[status.values == status.words.index(word)] == 0).mean() > least
    assert np.median(behind[status.values == status.words.index("arrears")]) == 2


@pytest.mark.parametrize("repaid", [False, True])
def test_a_plan_of_stated_months(repaid):
    table = _stated(repaid=repaid)
    (rule,) = find_plans(table, ["value", "rate"])
    assert (rule.operands[1:], rule.left, rule.day) == (("amount", "rate", "term"), not repaid, -1)
    inner, found = reduce(table, Streams(1))
    assert np.array_equal(found.restore(inner, Streams(2))["value"].values, table["value"].values)
    made = found.restore(shuffled(inner), Streams(2))
    value, amount = made["value"].values, made["amount"].values
    assert (value >= 0).all()
    assert (value <= amount).all()


def test_an_opening_beside_a_stated_term_tells_the_day():
    draw = np.random.default_rng(5)
    table = _stated()
    gone = np.minimum(draw.integers(1, 200, table.rows), table["term"].values - 1)
    cut = np.datetime64("2023-06")
    opened = (cut - gone.astype(int)).astype("datetime64[D]").astype(float) + draw.integers(0, 28, table.rows)
    columns = {name: table[name].values for name in ("amount", "rate", "term")}
    balance = np.round(left_of(columns["amount"], columns["rate"], columns["term"], gone), 2)
    table = table.with_columns({"value": amounts(balance), "opened": days(opened)})
    (rule,) = find_plans(table, ["value"])
    assert (rule.by_dates, rule.day, rule.operands[3:]) == (False, cut.astype(int), ("opened", "term"))
    assert (np.abs(rule.learned({**columns, "value": balance, "opened": opened})) < 0.01).all()


@pytest.mark.parametrize(
    "table",
    [_stated(whole=False), _stated(share=0.15), shuffled(_stated())],
    ids=["parts", "few", "shuffled"],
)
def test_chance_is_no_plan(table):
    assert not list(find_plans(table, ["value", "rate"]))


def test_a_share_or_a_rate_is_no_part_of_a_loan():
    table = running_loans()
    assert not list(find_plans(table, ["rate", "margin", "lost"]))


@pytest.mark.parametrize(("late", "calendar"), [(0, False), (3, False), (1, True)])
def test_balances_of_some_stand_at_a_date_of_their_own(late, calendar):
    table = dated_loans(late, calendar)
    (rule,) = find_plans(table, ["balance"])
    assert rule.operands[-2:] == ("until", "defaulted")
    assert (rule.dated, rule.lag, rule.complete, rule.day) == (True, late, not calendar, CUT_MONTH)
    inner, found = reduce(table, Streams(1), outcome="status")
    behind = inner["balance: payments"].values
    is_default = table["status"].values == table["status"].words.index("default")
    assert (behind[is_default] == 0).mean() > 0.9
    back = found.restore(inner, Streams(2))
    assert np.array_equal(back["balance"].values, table["balance"].values)
    assert Plan(**{**asdict(rule)}) == Computed.from_dict(found.computed["balance"].to_dict()).rule


def test_a_balance_stands_at_the_date_that_its_row_ends_with():
    """Dates are emptied by status and moved before the end of the loan: balances follow the final ones."""
    inner, found = reduce(dated_loans(), Streams(1), outcome="status")
    drawn = shuffled(inner, times=16)
    drawn = drawn.with_columns({"balance: payments": amounts(np.zeros(drawn.rows), 0.0)})
    made = found.restore(drawn, Streams(2))
    opened, until, when = (
        np.where(made[name].values == MISSING_TIME, np.nan, made[name].values / NANOS_PER_DAY)
        for name in ("opened", "until", "defaulted")
    )
    count = months_between(opened, when)
    count -= months_after(opened, count) > when
    is_default = (made["status"].values == made["status"].words.index("default")) & ~np.isnan(when)
    runs = made["status"].values == made["status"].words.index("performing")
    assert np.isnan(when[runs]).all()
    count = np.where(is_default, count, CUT_MONTH - months_between(0 * opened, opened))
    term = months_between(opened, until)
    owed = left_of(made["amount"].values, made["rate"].values, term, np.clip(count, 0, term))
    on_plan = np.abs(owed - made["balance"].values) < 0.011
    assert is_default.sum() > 150
    assert on_plan[is_default].mean() > 0.97
    assert on_plan[runs].mean() > 0.97


def test_dates_that_no_balance_stands_at_are_none():
    table = dated_loans()
    shift = np.random.default_rng(1).permutation(table.rows)
    turned = table.with_columns({"defaulted": table["defaulted"].take(shift)})
    assert [one.dated for one in find_plans(turned, ["balance"])] == [False]
    assert [one.dated for one in find_plans(dated_loans(part=0.008), ["balance"])] == [False]


def test_a_plan_at_no_interest_and_a_loan_that_has_ended():
    rule = Plan("left", ("made", "amount", "rate", "term"), 1 / 1_200, True, False)
    known = {"amount": np.full(3, 1_200.0), "rate": np.zeros(3), "term": np.full(3, 12.0)}
    made = np.array([3.0, 12.0, 40.0])
    assert rule.values({**known, "made": made}).tolist() == [900.0, 0.0, 0.0]
    assert rule.learned({**known, "left": np.array([900.0, 0.0, 1_200.0])}).tolist() == [3.0, 12.0, 0.0]


def _losses(share, rows=400, seed=4):
    """Return balances with what was recovered and written off; ``share`` of both is filled."""
    draw = np.random.default_rng(seed)
    balance = np.round(draw.lognormal(10, 0.8, rows), 2)
    there = draw.random(rows) < share
    recovered = np.where(there, np.floor(draw.beta(1, 2, rows) * balance), np.nan)
    lost = np.where(there, np.floor(draw.random(rows) * (balance - np.nan_to_num(recovered))), np.nan)
    return MixedTable(
        {"balance": amounts(balance), "recovered": amounts(recovered, 1.0), "lost": amounts(lost, 1.0),
         "kind": words(np.where(there, "bad", "good"))}, rows
    )  # fmt: skip


def test_two_amounts_of_few_rows_never_exceed_a_third_together():
    table = _losses(0.25)
    inner, found = reduce(table, Streams(1))
    rules = {name: one.rule for name, one in found.computed.items()}
    assert rules["recovered"] == Portion("recovered", ("recovered: share", "balance"))
    assert rules["lost"] == Portion("lost", ("lost: share", "balance", "recovered"), 1)
    back = found.restore(inner, Streams(2))
    assert np.array_equal(back["lost"].values, table["lost"].values, equal_nan=True)
    made = found.restore(shuffled(inner, times=20), Streams(2))
    recovered, lost = made["recovered"].values, made["lost"].values
    both = ~np.isnan(recovered) & ~np.isnan(lost)
    assert both.sum() > 50
    assert (recovered + lost <= made["balance"].values)[both].all()
    assert (recovered == made["balance"].values).mean() < 0.01


def test_a_few_rows_tell_an_order_and_fewer_do_not():
    assert isinstance(reduce(_losses(0.06, 1_600), Streams(1))[1].computed["recovered"].rule, Portion)
    assert "recovered" not in reduce(_losses(0.04), Streams(1))[1].computed


def test_a_cell_above_what_it_may_be_becomes_no_edge():
    high = np.full(50, 100.0)
    low = 100.0 + np.arange(50) * 3.0
    found = in_order([Order("low", "high", 0.5)], {"low": amounts(low, 0.5), "high": amounts(high)})
    values = found["low"].values
    assert (values <= high).all()
    assert (values == high).sum() == 1
    assert (values * 2 == np.round(values * 2)).all()
    assert (found["high"].values == high).all()


@pytest.mark.parametrize(("unit", "grain"), [(250.0, 250.0), (25.0, 25.0), (100.0, 100.0), (1.0, 1.0)])
def test_amounts_below_an_income_stay_on_their_grid(unit, grain):
    draw = np.random.default_rng(2)
    income = np.round(draw.lognormal(10.5, 0.4, 900) / 100) * 100
    amount = unit * np.floor(income * draw.uniform(0.15, 0.9, 900) / unit)
    table = MixedTable({"amount": amounts(amount, 1.0), "income": amounts(income, 1.0)}, 900)
    orders = find_orders(table)
    assert orders == [Order("amount", "income", 0.0 if unit == 100.0 else grain)]
    made = in_order(orders, dict(shuffled(table).columns))
    assert (made["amount"].values % unit == 0).all()
    assert (made["amount"].values <= made["income"].values).all()
