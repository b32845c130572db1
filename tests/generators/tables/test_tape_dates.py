"""Dates of loan tapes in a sample: whole months, lags, ranges and times of a crisis stay as they are."""

from __future__ import annotations

import numpy as np
import pytest
from test_month_dates import dates, numbers

from finsim.errors import FitError
from finsim.generators.generator import Budget
from finsim.generators.tables.bayes import Bayes
from finsim.generators.tables.given.asked import asked
from finsim.generators.tables.given.sought_rows import SoughtRows
from finsim.generators.tables.given.words import PlainWords
from finsim.generators.tables.reduced_columns import Reduction
from finsim.generators.tables.reducing import reduce
from finsim.generators.tables.reduction.dates.date_gaps import DateGap
from finsim.generators.tables.reduction.dates.date_ranges import ranges_to, spans, within
from finsim.generators.tables.reduction.dates.filling import filled_before
from finsim.generators.tables.reduction.dates.find_gaps import find_gaps
from finsim.generators.tables.reduction.dates.month_dates import DateBound
from finsim.generators.tables.reduction.dates.months_after import (
    are_whole,
    months_after,
    months_between,
    nearest_terms,
    terms_of,
)
from finsim.notation import NANOS_PER_DAY
from finsim.randomness import Streams
from finsim.records.mixed_table import MixedTable

DAY = float(NANOS_PER_DAY)


def tape(rows=300, seed=0):
    """Loans of 36 or 60 months without a term; first payment after 20 to 59 days; defaults from day 90 on."""
    rng = np.random.default_rng(seed)
    opened = 18_000.0 + rng.integers(0, 1_500, rows)
    ends = months_after(opened, rng.choice([36.0, 60.0], rows, p=[0.7, 0.3]))
    first = opened + rng.integers(20, 60, rows)
    lag = np.floor(90 + rng.beta(1.0, 2.0, rows) * (ends - opened - 90))
    default = np.where(rng.random(rows) < 0.3, opened + lag, np.nan)
    return MixedTable(
        {
            "opened": dates(opened), "ends": dates(ends), "first": dates(first), "default": dates(default),
            "amount": numbers(rng.integers(4, 200, rows) * 250.0),
        },
        rows,
    )  # fmt: skip


def learned(table, seed=1):
    inner, reduction = reduce(table, Streams(seed))
    model = Bayes.fit(inner, Bayes.Settings(), Streams(seed), Budget(), lambda done, text: None)
    return model, Reduction.from_state(reduction.state())


def sampled(table, rows=2_000):
    model, reduction = learned(table)
    return reduction.restore(model.sample(rows, Streams(5)), Streams(6))


def days(table, name):
    column = table[name]
    return np.where(column.missing(), np.nan, column.values / DAY)


@pytest.fixture(scope="module")
def made():
    return sampled(tape())


def test_an_end_without_a_term_stays_whole_months_of_the_terms(made):
    between = months_between(days(made, "opened"), days(made, "ends"))
    assert set(between.tolist()) == {36.0, 60.0}
    assert (months_after(days(made, "opened"), between) == days(made, "ends")).all()
    assert (between == 36.0).mean() == pytest.approx(0.7, abs=0.06)


def test_days_between_dates_stay_in_the_range_seen(made):
    first = days(made, "first") - days(made, "opened")
    assert first.min() >= 20
    assert first.max() <= 59
    lag = (days(made, "default") - days(made, "opened"))[~np.isnan(days(made, "default"))]
    assert len(lag) > 400
    assert lag.min() >= 90
    assert not (days(made, "default") > days(made, "ends")).any()


def test_ranges_hold_where_dates_are_empty_by_themselves():
    table = tape(400, seed=3)
    rng = np.random.default_rng(4)
    for name in ("opened", "first", "ends"):
        lacks = rng.random(table.rows) < 0.35
        table = table.with_columns({name: dates(np.where(lacks, np.nan, days(table, name)))})
    whole = sampled(table)
    opened = days(whole, "opened")
    first = days(whole, "first") - opened
    there = np.isfinite(first)
    assert first[there].min() >= 20
    assert first[there].max() <= 59
    between = months_between(opened, days(whole, "ends"))
    there = np.isfinite(between)
    assert np.isin(between[there], [36.0, 60.0]).all()
    assert (months_after(opened, between) == days(whole, "ends"))[there].mean() > 0.999


def test_few_defaults_keep_their_order_too():
    table = tape(250, seed=8)
    few = np.flatnonzero(np.isfinite(days(table, "default")))[:14]
    default = np.full(250, np.nan)
    default[few] = days(table, "default")[few]
    whole = sampled(table.with_columns({"default": dates(default)}), 1_500)
    lag = days(whole, "default") - days(whole, "opened")
    there = np.isfinite(lag)
    assert there.sum() > 20
    assert (lag[there] >= np.nanmin(default - days(table, "opened"))).all()
    assert not (days(whole, "default") > days(whole, "ends")).any()


def test_the_time_of_a_crisis_is_kept():
    """Defaults lie in two years whenever a loan began: days between alone would spread them over many."""
    rng = np.random.default_rng(2)
    opened = 14_000.0 + rng.integers(0, 3_000, 900)
    crisis = np.floor(rng.normal(16_600.0, 200.0, 900))
    default = np.where(rng.random(900) < 0.6, np.maximum(crisis, opened + 30), np.nan)
    table = MixedTable({"opened": dates(opened), "default": dates(default)}, 900)
    (gap,) = find_gaps(table)
    assert gap.part
    assert 4 <= len(gap.cuts) + 1 <= 12
    whole = days(sampled(table, 4_000), "default")
    real, own = default[np.isfinite(default)], whole[np.isfinite(whole)]
    assert own.min() >= real.min()
    assert own.max() <= real.max()
    edges = np.quantile(real, np.linspace(0, 1, 9)[1:-1])
    shares = np.bincount(np.searchsorted(edges, own), minlength=8) / len(own)
    assert np.abs(shares - 1 / 8).max() < 0.035
    assert np.nanmin(whole - days(sampled(table, 4_000), "opened")) >= 30


def test_days_that_say_more_than_the_calendar_have_no_part():
    (gap, *_) = (one for one in find_gaps(tape(900)) if one.target == "first")
    assert not gap.part


def test_terms_are_those_met_again():
    months = np.repeat([12.0, 24.0, 36.0], [50, 40, 3])
    assert terms_of(months) == (12, 24)
    assert terms_of(np.arange(90.0)) == ()
    assert nearest_terms(np.array([13.0, 30.0, np.nan]), (12, 24))[:2].tolist() == [12.0, 24.0]
    assert nearest_terms(np.array([13.4]), ()).tolist() == [13.0]


def test_whole_months_are_no_chance():
    rng = np.random.default_rng(1)
    start = 18_000.0 + rng.integers(0, 900, 400)
    assert are_whole(start, months_after(start, np.full(400, 7.0)))
    assert not are_whole(start, start + rng.integers(0, 900, 400))
    assert not are_whole(start[:19], months_after(start[:19], np.full(19, 7.0)))


def test_a_span_is_what_all_ranges_leave():
    placed = {"a": np.array([100.0, 500.0]), "b": np.array([90.0, np.nan])}
    low, high = spans((("a", 0.0, 20.0), ("", 0.0, 115.0), ("b", 15.0, 50.0)), placed, 2)
    assert low.tolist() == [105.0, 500.0]
    assert high.tolist() == [115.0, 520.0]  # beyond day 115 the first range stands alone
    found = within(np.array([116.0, 499.0]), low, high)
    assert found.tolist() == [105.0, 520.0]
    mine = np.array([1.0, 5.0, np.nan])
    assert ranges_to(mine, "a", {"a": np.array([0.0, 2.0, 3.0]), "z": np.zeros(3)}) == (
        ("a", 1.0, 3.0), ("", 1.0, 5.0),
    )  # fmt: skip


def test_a_missing_date_is_filled_near_the_one_that_says_it_best():
    rng = np.random.default_rng(6)
    opened = 18_000.0 + rng.integers(0, 900, 500)
    first = opened + 20 + rng.binomial(39, 0.2, 500)
    last = first + rng.integers(0, 1_000, 500)
    lacks = rng.random(500) < 0.4
    filled = filled_before(
        {"opened": opened, "first": np.where(lacks, np.nan, first), "last": last}, "first", "last", rng
    )
    assert np.isfinite(filled).all()
    assert (filled - opened)[lacks].min() >= 20
    assert (filled - opened)[lacks].max() <= 59
    assert (filled <= last).all()
    assert (filled - opened)[lacks].mean() == pytest.approx(27.8, abs=1.0)
    assert (filled - opened)[lacks].std() == pytest.approx(2.5, abs=0.5)


def test_given_ends_are_whole_months_after_given_starts():
    model, reduction = learned(tape())
    start = 18_262.0  # 2020-01-01
    good = float(months_after(np.array([start]), np.array([36.0]))[0])
    assert asked(reduction, {"opened": start * DAY, "ends": good * DAY}).inner["ends"] == 36
    with pytest.raises(FitError, match="no whole number of months after"):
        asked(reduction, {"opened": start * DAY, "ends": (good + 1) * DAY})
    later = float(months_after(np.array([start]), np.array([48.0]))[0])
    with pytest.raises(FitError, match=r"48 months after .*36, 60 months after it"):
        asked(reduction, {"opened": start * DAY, "ends": later * DAY})
    wanted = asked(reduction, {"ends": good * DAY})
    rows = SoughtRows(model, reduction, wanted, PlainWords()).rows(250, Streams(2))
    assert (days(rows, "ends") == good).all()
    between = months_between(days(rows, "opened"), days(rows, "ends"))
    assert set(between.tolist()) <= {36.0, 60.0}
    assert (months_after(days(rows, "opened"), between) == good).all()


def test_a_date_is_set_into_its_part_of_the_calendar():
    gap = DateGap("b", "a", "", False, ranges=(("a", 0.0, 900.0),), part="b: part", cuts=(1_000.0, 1_200.0))
    start = np.full(5, 700.0)
    drawn = {
        "a": dates(start), "b": numbers([100.0, 450.0, 350.0, 20.0, 700.0]),
        "b: part": numbers([0.0, 0.0, 1.0, 2.0, np.nan]),
    }  # fmt: skip
    found = gap.closed(drawn)["b"].values / DAY
    assert found[0] == 800  # where it is
    assert 700 <= found[1] < 1_000
    assert found[2] == 1_050
    assert 1_200 <= found[3] <= 1_600
    assert found[4] == 1_400  # no part is known
    assert gap.closed(drawn, exact=True)["b"].values[1] / DAY == 1_150


def test_a_bound_keeps_the_least_lag():
    opened, ends = np.full(400, 18_000.0), np.full(400, 18_365.0)
    drawn = {"a": dates(opened), "b": dates(ends + 1 + np.arange(400)), "c": dates(ends)}
    found = DateBound("b", "a", "c", 90.0).bounded(drawn)["b"].values / DAY
    assert found.min() == 18_090
    assert found.max() == 18_365


def test_ends_of_loans_of_one_month_are_whole_months_after_them():
    rng = np.random.default_rng(9)
    opened = 18_000.0 + rng.integers(0, 30, 300)
    ends = months_after(opened, rng.choice([12.0, 24.0, 48.0, 84.0], 300))
    (gap,) = find_gaps(MixedTable({"opened": dates(opened), "ends": dates(ends)}, 300))
    assert (gap.source, gap.is_months, gap.terms) == ("opened", True, (12, 24, 48, 84))


def test_gaps_of_older_models_are_read():
    old = {"target": "b", "source": "a", "flag": "", "working": True}
    assert DateGap.from_dict(old) == DateGap("b", "a", "", True)
