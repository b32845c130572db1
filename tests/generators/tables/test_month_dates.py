"""Dates so many months after another, and dates that never come after one: they still do in a sample."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from finsim.errors import FitError
from finsim.generators.tables.given.asked import asked
from finsim.generators.tables.reduced_columns import Reduction
from finsim.generators.tables.reducing import reduce
from finsim.generators.tables.reduction.dates.month_dates import (
    DateBound,
    MonthDate,
    find_month_dates,
    months_after,
)
from finsim.notation import NANOS_PER_DAY
from finsim.randomness import Streams
from finsim.records.mixed_table import MISSING_TIME, NUMBER, TIME, MixedColumn, MixedTable


def dates(days):
    there = np.isfinite(days)
    values = np.where(there, np.nan_to_num(days).astype(np.int64) * NANOS_PER_DAY, MISSING_TIME)
    return MixedColumn(TIME, values, (), float(NANOS_PER_DAY))


def numbers(values, step=1.0):
    return MixedColumn(NUMBER, np.asarray(values, dtype=np.float64), (), step)


def loans(rows=400, seed=0, per=1):
    """Loans of 12 to 60 months (or so many years) that end so long after; a third default before the end."""
    rng = np.random.default_rng(seed)
    opened = 18_000.0 + rng.integers(0, 1_500, rows)
    term = rng.choice([12, 24, 36, 60], rows) / per
    ends = months_after(opened, term * per)
    default = np.where(rng.random(rows) < 0.4, opened + np.floor(rng.random(rows) * (ends - opened)), np.nan)
    return MixedTable(
        {
            "opened": dates(opened),
            "term": numbers(term),
            "ends": dates(ends),
            "default": dates(default),
            "amount": numbers(rng.gamma(2.0, 5_000.0, rows).round(-2)),
        },
        rows,
    )


def test_months_after_a_day_are_those_of_the_calendar():
    rng = np.random.default_rng(1)
    days, months = rng.integers(-9_000, 40_000, 500), rng.integers(-200, 400, 500)
    found = months_after(days.astype(float), months.astype(float))
    start = pd.Timestamp("1970-01-01") + pd.to_timedelta(days, unit="D")
    wanted = [day + pd.DateOffset(months=int(count)) for day, count in zip(start, months, strict=True)]
    assert found.tolist() == [(day - pd.Timestamp("1970-01-01")).days for day in wanted]
    assert np.isnan(months_after(np.array([1.0, np.nan]), np.array([np.nan, 1.0]))).all()


@pytest.mark.parametrize("per", [1, 12])
def test_an_end_is_computed_from_the_term(per):
    table = loans(per=per)
    inner, reduction = reduce(table, Streams(1))
    assert "ends" not in inner
    assert reduction.computed["ends"].rule == MonthDate("ends", ("opened", "term"), per)
    shuffled = inner.with_columns({"term": inner["term"].take(np.random.default_rng(2).permutation(400))})
    whole = Reduction.from_state(reduction.state()).restore(shuffled, Streams(2))
    day = whole["opened"].values / NANOS_PER_DAY
    assert (whole["ends"].values / NANOS_PER_DAY == months_after(day, whole["term"].values * per)).all()
    with pytest.raises(FitError, match="is computed"):
        asked(reduction, {"ends": 0.0})


def test_one_other_row_is_no_rule():
    table = loans()
    moved = table["ends"].values.copy()
    moved[7] += NANOS_PER_DAY
    assert not list(find_month_dates(table.with_columns({"ends": table["ends"].with_values(moved)})))


def test_a_default_does_not_come_after_the_end():
    table = loans()
    inner, reduction = reduce(table, Streams(1))
    assert reduction.bounds == (DateBound("default", "opened", "ends", 2.0),)
    rng = np.random.default_rng(3)
    mixed = inner.with_columns({"default": inner["default"].take(rng.permutation(400))})
    unbounded = Reduction(
        reduction.names, reduction.computed, reduction.pools, reduction.ties, reduction.gaps
    )
    late = _after_the_end(unbounded.restore(mixed, Streams(2)))
    assert late.sum() > 20
    found = Reduction.from_state(reduction.state()).restore(mixed, Streams(2))
    assert not _after_the_end(found).any()
    there = ~found["default"].missing()
    assert (found["default"].values[there] >= found["opened"].values[there]).all()
    at_the_end = (found["default"].values == found["ends"].values)[late]
    assert at_the_end.mean() < 0.2  # and no day on which all of them default
    kept = ~late & there
    assert (found["default"].values == unbounded.restore(mixed, Streams(2))["default"].values)[kept].all()


def test_dates_in_no_order_have_no_bound():
    rng = np.random.default_rng(4)
    table = loans()
    opened = table["opened"].values / NANOS_PER_DAY
    free = table.with_columns({"ends": dates(opened + rng.integers(0, 2_000, 400))})
    assert not reduce(free, Streams(1))[1].bounds


def test_a_bound_needs_every_row_and_more_than_chance():
    table = loans()
    late = table["default"].values.copy()
    row = int(np.flatnonzero(~table["default"].missing())[0])
    late[row] = table["ends"].values[row] + NANOS_PER_DAY
    assert not reduce(table.with_columns({"default": table["default"].with_values(late)}), Streams(1))[
        1
    ].bounds
    far = table["ends"].with_values(table["ends"].values + 9_000 * NANOS_PER_DAY)
    assert not reduce(table.with_columns({"ends": far}), Streams(1))[1].bounds


def test_a_date_on_the_bound_stays():
    columns = {"a": dates(np.array([30.0, 31.0])), "b": dates(np.zeros(2)), "c": dates(np.full(2, 30.0))}
    found = DateBound("a", "b", "c").bounded(columns)["a"].values / NANOS_PER_DAY
    assert found.tolist() == [30, 0]


def _after_the_end(table):
    return ~table["default"].missing() & (table["default"].values > table["ends"].values)
