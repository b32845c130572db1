"""A date that is learned as days, and an amount of which a part is learned, may be given: rows are sought."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from small_tables import fitted
from test_columns_by_part import _tape
from test_month_dates import loans, months_after

import finsim
from finsim.errors import FinsimError, FitError
from finsim.generators.tables.bayes import Bayes
from finsim.generators.tables.given.asked import asked
from finsim.generators.tables.given.sought_rows import GROUP, SoughtRows
from finsim.generators.tables.given.words import PlainWords
from finsim.generators.tables.reducing import reduce
from finsim.generators.tables.reduction.schedules import Schedule
from finsim.notation import NANOS_PER_DAY
from finsim.randomness import Streams


def model_of(table, **settings):
    inner, found = reduce(table, Streams(1))
    return fitted(Bayes, Streams(2), inner, {"refining": 0, **settings}), found


def rows_with(model, found, cells, count, first=0):
    wanted = asked(found, cells)
    assert wanted.sought
    return SoughtRows(model, found, wanted, PlainWords()).rows(count, Streams(3), first)


@pytest.fixture(scope="module")
def book():
    return model_of(loans(2_000))


def days(table, name):
    return np.where(table[name].missing(), np.nan, table[name].values / NANOS_PER_DAY)


@pytest.mark.parametrize("others", [{}, {"term": 60.0}])
def test_defaults_of_one_day_have_the_law_of_loans_that_default_about_then(book, others):
    model, found = book
    made = rows_with(model, found, {"default": 18_800.0 * NANOS_PER_DAY, **others}, 600)
    assert (days(made, "default") == 18_800).all()
    opened, ends = days(made, "opened"), days(made, "ends")
    assert (opened <= 18_800).all()
    assert (ends >= 18_800).all()
    assert (months_after(opened, made["term"].values) == ends).all()
    assert len(np.unique(made["amount"].values + 1e9 * opened)) > 500
    free = found.restore(model.sample(60_000, Streams(9)), Streams(9))
    near = np.abs(days(free, "default") - 18_800) < 20
    near &= np.all([free[name].values == cell for name, cell in others.items()], axis=0)
    for name in ("opened", "ends", "term"):
        mine, other = (days(one, name) if name != "term" else one[name].values for one in (made, free))
        wide = max(np.std(other[near]), 1.0)
        assert abs(mine.mean() - other[near].mean()) < 0.25 * wide, name
    for cell in others:
        assert (made[cell].values == others[cell]).all()


def test_rows_do_not_depend_on_how_many_are_asked_for(book):
    model, found = book
    cells = {"default": 18_800.0 * NANOS_PER_DAY}
    whole = rows_with(model, found, cells, GROUP + 40)
    part = rows_with(model, found, cells, 60, GROUP - 20)
    for name in whole.columns:
        assert np.array_equal(
            whole[name].values[GROUP - 20 :], part[name].values, equal_nan=name in ("amount", "term")
        )


def test_an_origination_and_a_default_are_given(book):
    model, found = book
    cells = {"opened": 18_500.0 * NANOS_PER_DAY, "default": 18_800.0 * NANOS_PER_DAY}
    wanted = asked(found, cells)
    assert not wanted.sought
    made = found.restore(model.sample(200, Streams(3), 0, wanted.inner), Streams(4), 0, wanted.inner)
    assert (days(made, "opened") == 18_500).all()
    assert (days(made, "default") == 18_800).all()


def test_no_default_may_be_given_too(book):
    model, found = book
    wanted = asked(found, {"default": None})
    made = found.restore(model.sample(200, Streams(3), 0, wanted.inner), Streams(4), 0, wanted.inner)
    assert made["default"].missing().all()


def test_rows_that_there_are_not_are_refused_by_name(book):
    model, found = book
    # All loans of a year have ended by then.
    cells = {"default": 21_000.0 * NANOS_PER_DAY, "term": 12.0}
    with pytest.raises(
        FitError, match=r"given default: no row with default 2027-07-01.*(?s:.*)leave out term"
    ):
        rows_with(model, found, cells, 10)


def test_what_was_repaid_is_given():
    model, found = model_of(_tape()[0])
    rule = found.computed["paid"].rule
    assert isinstance(rule, Schedule)
    made = rows_with(model, found, {"paid": 500.0}, 200)
    assert (made["paid"].values == 500.0).all()
    assert (made["amount"].values >= 500.0).all()
    payments = rule.learned({name: one.values for name, one in made.columns.items()})
    assert np.isfinite(payments).all()
    assert 1 <= np.quantile(payments, 0.1) <= np.quantile(payments, 0.9) <= 7


def test_a_grade_that_bands_of_a_score_say_is_given():
    """Rows of the grade have scores of its band, in the shares that all rows of the band have."""
    rng = np.random.default_rng(8)
    score = rng.integers(500, 800, 3_000)
    grade = np.select([score < 560, score < 660], ["sub", "near"], "prime")
    rows = pd.DataFrame(
        {"score": score, "grade": grade, "sum": rng.integers(1, 99, 3_000) * 10 + (800 - score)}
    )
    model = finsim.fit(rows, kind="table", generator="bayes", seed=1, progress=False)
    assert "grade" in model.reduction.computed
    few = finsim.sample(model, rows=500, given="grade=sub", seed=2, progress=False).to_pandas()
    assert set(few["grade"]) == {"sub"}
    assert few["score"].between(500, 559).all()
    assert few["score"].mean() == pytest.approx(rows["score"][rows["grade"] == "sub"].mean(), abs=4)
    both = finsim.sample(model, rows=50, given="grade=near,sum=700", seed=2, progress=False)
    assert set(both.to_pandas()["grade"]) == {"near"}
    with pytest.raises(FinsimError, match=r"780 was never seen beside the .near. given for grade"):
        finsim.sample(model, rows=50, given="grade=near,score=780", seed=2, progress=False)
