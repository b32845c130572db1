"""Tapes of few starts, and of starts on ends, firsts or fifteenths of months: days and terms stay so."""

from __future__ import annotations

import numpy as np
import pytest
from test_month_dates import dates, numbers
from test_tape_dates import days, sampled

from finsim.generators.tables.reducing import reduce
from finsim.generators.tables.reduction.dates.date_ranges import shuffled_out
from finsim.generators.tables.reduction.dates.find_gaps import find_gaps
from finsim.generators.tables.reduction.dates.fixed_days import END, FixedDays, find_fixed_days
from finsim.generators.tables.reduction.dates.months_after import (
    are_whole,
    is_month_end,
    keep_ends,
    months_after,
)
from finsim.randomness import Streams
from finsim.records.mixed_table import MixedTable


def day(text):
    return float(np.datetime64(text, "D").astype(int))


def first_days(months, into=0.0):
    """Return a day of months since 1970, ``into`` days after their first."""
    return np.asarray(months).astype("datetime64[M]").astype("datetime64[D]").astype(float) + into


def tape(starts, rows, seed=0, ends=False):
    """Loans of some starts, a first payment after 20 to 59 days, and ends after a term."""
    rng = np.random.default_rng(seed)
    opened = rng.choice(starts, rows)
    term = rng.choice([12.0, 24.0, 36.0], rows)
    return MixedTable(
        {
            "opened": dates(opened), "first": dates(opened + rng.integers(20, 60, rows)),
            "term": numbers(term), "ends": dates(months_after(opened, term, ends)),
        },
        rows,
    )  # fmt: skip


QUARTERS = first_days(506 + 3 * np.arange(8))
FEW = {
    "quarters": QUARTERS, "many quarters": first_days(506 + 3 * np.arange(28)),
    "leap days": np.array([day(f"{year}-02-29") for year in (2012, 2016, 2020)]),
    "days": QUARTERS[0] + np.arange(12),
}  # fmt: skip


@pytest.mark.parametrize("starts", FEW.values(), ids=FEW)
def test_days_after_few_starts_stay_in_their_range(starts):
    made = sampled(tape(starts, 600), 1_000)
    between = days(made, "first") - days(made, "opened")
    assert between.min() >= 20
    assert between.max() <= 59
    assert set(days(made, "opened")) == set(starts)
    assert 34 < between.mean() < 45


def test_quarters_of_dates_are_still_a_function_of_these():
    rng = np.random.default_rng(4)
    opened = QUARTERS[0] + np.floor(rng.random(900) * (QUARTERS[-1] - QUARTERS[0]))
    quarter = QUARTERS[np.searchsorted(QUARTERS, opened, side="right") - 1]
    _, reduction = reduce(MixedTable({"opened": dates(opened), "quarter": dates(quarter)}, 900), Streams(1))
    assert reduction.computed["quarter"].sources() == ("opened",)


def test_a_calendar_of_payments_is_still_a_function():
    rng = np.random.default_rng(5)
    starts = rng.choice(8, 400)
    paid = first_days(507 + 3 * starts, 4.0)  # the fifth of the next month, whatever its length
    table = MixedTable({"opened": dates(QUARTERS[starts]), "paid": dates(paid)}, 400)
    _, reduction = reduce(table, Streams(1))
    assert set(reduction.computed) == {"opened"}
    assert not reduction.gaps


@pytest.mark.parametrize("rows", [100, 400])
def test_starts_at_ends_of_months_stay_there_and_ends_follow_the_term(rows):
    starts = first_days(541 + np.arange(80)) - 1
    made = sampled(tape(starts, rows, ends=True), 1_000)
    opened, ends = days(made, "opened"), days(made, "ends")
    assert is_month_end(opened).all()
    assert is_month_end(ends).all()
    assert (months_after(opened, made["term"].values, True) == ends).all()
    assert len(np.unique(opened)) > 60


@pytest.mark.parametrize("into", [0.0, 14.0])
def test_starts_on_one_day_of_the_month_stay_there(into):
    made = sampled(tape(first_days(541 + np.arange(80), into), 100), 500)
    opened = days(made, "opened").astype("datetime64[D]")
    assert ((opened - opened.astype("datetime64[M]")).astype(int) == into).all()


def test_ends_come_after_ends():
    start = np.array([day("2015-02-28"), day("2015-02-27"), day("2016-02-29"), day("2015-04-30")])
    months = np.array([12.0, 12.0, 12.0, 1.0])
    found = months_after(start, months, True)
    assert found.tolist() == [day("2016-02-29"), day("2016-02-27"), day("2017-02-28"), day("2015-05-31")]
    assert months_after(np.array([np.nan, start[0]]), np.array([1.0, 1.0]), True)[1] == day("2015-03-31")
    many = np.tile(start, 20)
    assert keep_ends(many, np.tile(found, 20))
    assert are_whole(many, np.tile(found, 20))
    assert not keep_ends(many, months_after(many, np.tile(months, 20)))


def test_ends_without_a_term_come_after_ends():
    starts = np.random.default_rng(1).choice(first_days(541 + np.arange(80)) - 1, 300)
    ends = months_after(starts, np.random.default_rng(2).choice([12.0, 36.0], 300), True)
    (gap,) = find_gaps(MixedTable({"opened": dates(starts), "ends": dates(ends)}, 300))
    assert (gap.is_months, gap.ends, gap.terms) == (True, True, (12, 36))


def test_few_days_of_the_month_are_found():
    rng = np.random.default_rng(3)
    months = rng.integers(500, 600, 200)
    ends = first_days(months + 1) - 1
    assert find_fixed_days("a", ends).days == (END,)
    assert find_fixed_days("a", first_days(months, 14.0)).days == (15,)
    both = np.where(rng.random(200) < 0.5, ends, first_days(months, 14.0))
    assert find_fixed_days("a", both).days == (15, END)
    found = find_fixed_days("a", first_days(months // 3 * 3 + 3) - 1)
    assert (found.days, found.months) == ((END,), (3, 6, 9, 12))
    assert find_fixed_days("a", 18_000.0 + rng.integers(0, 900, 200)) is None
    assert find_fixed_days("a", ends[:19]) is None


def test_the_nearest_fixed_day_is_inside_its_span():
    fixed = FixedDays("a", (1, 15), (), day("2020-01-01"), day("2020-03-15"))
    asked = np.array([day("2020-01-09"), day("2020-01-31"), day("2020-01-09"), day("2020-01-20"), np.nan])
    low = np.array([-np.inf, day("2020-02-02"), day("2020-01-05"), day("2020-01-16"), 0.0])
    high = np.array([np.inf, np.inf, day("2020-01-14"), day("2020-01-30"), 9e9])
    found = fixed.nearest(asked, low, high)
    assert found[:4].tolist() == [day(f"2020-{one}") for one in ("01-15", "02-15", "01-09", "01-20")]
    assert np.isnan(found[4])


def test_pairs_out_of_the_range_are_counted():
    rng = np.random.default_rng(7)
    mine, other = rng.integers(0, 90, 60).astype(float), rng.integers(0, 40, 60).astype(float)
    mine = other + mine % 20
    pairs = mine[:, None] - other
    between = mine - other
    naive = ((pairs < between.min()) | (pairs > between.max())).mean()
    assert shuffled_out(mine, other) == pytest.approx(naive)
