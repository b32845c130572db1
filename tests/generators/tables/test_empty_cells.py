"""Rules between columns hold where all of their columns are there, however many cells are empty."""

from __future__ import annotations

import json

import numpy as np
import pytest
from small_tables import fitted
from test_month_dates import dates, loans, numbers

from finsim.generators.generator import State
from finsim.generators.tables.bayes import Bayes
from finsim.generators.tables.given.asked import asked
from finsim.generators.tables.reduced_columns import Reduction
from finsim.generators.tables.reducing import reduce
from finsim.generators.tables.reduction.dates.month_dates import MonthDate, months_after
from finsim.generators.tables.reduction.empty_cells import without_cells
from finsim.generators.tables.reduction.identities import (
    ANNUITY,
    SUM,
    Identity,
    annuity_factor,
    find_identities,
)
from finsim.generators.tables.reduction.solving import solved
from finsim.notation import NANOS_PER_DAY
from finsim.randomness import Streams
from finsim.records.mixed_table import MixedTable

SETTINGS = {"batch": 1_024, "refining": 0}


def tape(rows=800, seed=0):
    """Return loans that end a term after their start, and what was paid of three kinds with its sum."""
    rng = np.random.default_rng(seed)
    parts = {"principal": np.round(rng.lognormal(8, 0.5, rows), 2),
             "interest": np.round(rng.lognormal(6, 0.7, rows), 2),
             "fees": np.where(rng.random(rows) < 0.3, np.round(50 * rng.random(rows), 2), 0.0)}  # fmt: skip
    columns = {name: numbers(one, 0.01) for name, one in parts.items()}
    return loans(rows, seed).with_columns(
        columns | {"total": numbers(np.round(sum(parts.values()), 2), 0.01)}
    )


def emptied(table, share, names, seed=5):
    rng = np.random.default_rng(seed)
    return table.with_columns(
        {name: without_cells(table[name], rng.random(table.rows) < share) for name in names}
    )


def days(table, name):
    return np.where(table[name].missing(), np.nan, table[name].values / NANOS_PER_DAY)


def sampled(table, seed=2):
    inner, found = reduce(table, Streams(1))
    model = fitted(Bayes, Streams(seed), inner, SETTINGS)
    return found, found.restore(model.sample(table.rows, Streams(3)), Streams(4))


@pytest.mark.parametrize("share", [0.01, 0.05, 0.4])
@pytest.mark.parametrize("names", [("term",), ("opened", "principal"), ("ends", "total", "fees")])
def test_rules_hold_wherever_their_columns_are_there(share, names):
    table = emptied(tape(), share, names)
    found, made = sampled(table)
    assert found.computed["ends"].rule == MonthDate("ends", ("opened", "term"), 1)
    assert [one.rule.kind for one in found.computed.values() if isinstance(one.rule, Identity)] == ["sum"]
    end = months_after(days(made, "opened"), made["term"].values)
    both = ~np.isnan(end) & ~made["ends"].missing()
    assert both.sum() > 0.3 * made.rows
    assert (end == days(made, "ends"))[both].all()
    cents = [made[name].values for name in ("principal", "interest", "fees", "total")]
    off = cents[0] + cents[1] + cents[2] - cents[3]
    assert (~np.isnan(off)).sum() > 0.3 * made.rows
    assert np.nanmax(np.abs(off)) < 1e-6
    late = days(made, "default") < days(made, "opened")
    assert not late.any()
    for name in table.columns:
        gone, real = made[name].missing().mean(), table[name].missing().mean()
        assert gone == pytest.approx(real, abs=0.02 if name != "default" else 0.06), name


@pytest.mark.parametrize("share", [0.01, 0.05, 0.4])
def test_dates_keep_their_order_though_the_first_is_empty_at_times(share):
    table = emptied(tape().without("term"), share, ["opened"])
    found, made = sampled(table)
    assert {(one.target, one.source) for one in found.gaps} == {("ends", "opened"), ("default", "opened")}
    start, end, default = (days(made, name) for name in ("opened", "ends", "default"))
    assert not (end < start).any()
    assert not (default < start).any()
    assert not (default > end).any()
    assert made["opened"].missing().mean() == pytest.approx(table["opened"].missing().mean(), abs=0.02)


def test_who_lacks_a_cell_stays_who_lacks_it():
    """Cells are missing where the amount is small: so they are in a sample, and nothing else is moved."""
    whole = tape(2_000)
    small = whole["amount"].values < np.median(whole["amount"].values)
    table = whole.with_columns({"term": without_cells(whole["term"], small)})
    _, made = sampled(table)
    gone = made["term"].missing()
    assert gone[made["amount"].values < np.median(whole["amount"].values)].mean() > 0.97
    assert gone.mean() == pytest.approx(small.mean(), abs=0.03)
    length = (days(made, "ends") - days(made, "opened"))[gone]
    real = (days(whole, "ends") - days(whole, "opened"))[small]
    assert np.mean(length) == pytest.approx(np.mean(real), rel=0.05)  # learned though the term is not there


def test_nothing_is_filled_where_cells_are_missing_together():
    whole = tape()
    gone = np.arange(whole.rows) % 7 == 0
    table = whole.with_columns(
        {name: without_cells(whole[name], gone) for name in ("ends", "term", "total", "fees")}
    )
    inner, found = reduce(table, Streams(1))
    assert found.empty == ()
    assert np.array_equal(inner["term"].missing(), gone)
    assert {"ends", "total"} <= set(found.computed)


def test_the_own_rows_come_back_and_survive_a_file():
    table = emptied(tape(), 0.05, ["opened", "ends", "fees", "total"])
    inner, found = reduce(table, Streams(1))
    assert (
        not inner["opened"].missing().any()
        or inner["opened"].missing().sum() < table["opened"].missing().sum()
    )
    again = Reduction.from_state(State({}, json.loads(json.dumps(found.state().facts, allow_nan=False))))
    assert again == found
    back = again.restore(inner, Streams(1))
    for name, column in table.columns.items():
        assert np.array_equal(back[name].missing(), column.missing()), name
        there = ~column.missing()
        assert back[name].values[there] == pytest.approx(column.values[there], abs=0.006), name


def test_a_rule_that_a_hundredth_of_the_rows_breaks_is_none():
    """Ends of irregular loans have no whole term: nothing solves them, so ends stay a column of their own."""
    whole = tape()
    odd = np.arange(whole.rows) % 20 == 0
    table = whole.with_columns({
        "term": without_cells(whole["term"], odd),
        "ends": dates(np.where(odd, days(whole, "ends") + 11.0, days(whole, "ends"))),
    })  # fmt: skip
    _, found = reduce(table, Streams(1))
    assert "ends" not in found.computed
    assert all("term" not in one.columns for one in found.empty)


def test_few_rows_that_agree_are_no_identity():
    rng = np.random.default_rng(0)
    a, b = np.round(rng.lognormal(5, 1, 1_000), 2), np.round(rng.lognormal(5, 1, 1_000), 2)
    some = np.arange(1_000) < 200  # the sum is known in a fifth of the rows that have both parts
    table = MixedTable({"a": numbers(a, 0.01), "b": numbers(b, 0.01),
                        "c": numbers(np.where(some, np.round(a + b, 2), np.nan), 0.01)}, 1_000)  # fmt: skip
    assert find_identities(table, np.random.default_rng(1)) == []


@pytest.mark.parametrize("place", [0, 1, 2])
def test_every_part_of_a_level_payment_is_solved(place):
    rng = np.random.default_rng(2)
    amount, rate, term = (
        100.0 * rng.integers(10, 400, 300),
        np.round(5 + 20 * rng.random(300), 2),
        rng.choice([24.0, 36.0, 60.0], 300),
    )
    known = {"amount": amount, "rate": rate, "term": term,
             "pay": np.round(amount * annuity_factor(rate / 1_200, term), 2)}  # fmt: skip
    rule = Identity(ANNUITY, "pay", ("amount", "rate", "term"), (1 / 1_200,))
    name = rule.operands[place]
    found = solved(rule, name, {**known, name: np.full(300, np.nan)}, np.unique(known[name]))
    near = {"amount": 0.3, "rate": 0.011, "term": 0.0}[name]
    assert np.abs(found - known[name]).max() <= near


@pytest.mark.parametrize(("kind", "values"), [("product", 24.0), ("ratio", 1.5)])
def test_factors_are_solved(kind, values):
    rule = Identity(kind, "c", ("a", "b"), (1.0,))
    known = {"a": np.array([6.0, 6.0]), "b": np.array([4.0, 4.0]), "c": np.array([values, np.nan])}
    for name in "ab":
        found = solved(rule, name, {**known, name: np.full(2, np.nan)}, known[name])
        assert found[0] == pytest.approx(known[name][0])
        assert np.isnan(found[1])


def test_parts_of_a_sum_with_an_offset_are_solved():
    rule = Identity(SUM, "c", ("a", "b"), (2.0, -1.0), offset=5.0)
    known = {"a": np.array([6.0, 1.5]), "b": np.array([4.0, 0.0])}
    known["c"] = rule.values(known)
    assert known["c"].tolist() == [13.0, 8.0]
    for name in "ab":
        found = solved(rule, name, {**known, name: np.full(2, np.nan)}, known[name])
        assert found.tolist() == known[name].tolist()


def test_a_cell_that_is_missing_may_be_given():
    table = emptied(tape(), 0.2, ["opened", "total"])
    inner, found = reduce(table, Streams(1))
    model = fitted(Bayes, Streams(2), inner, SETTINGS)
    for cells in ({"opened": None}, {"total": None}, {"total": None, "opened": None, "term": 36.0}):
        wanted = asked(found, cells)
        made = found.restore(model.sample(200, Streams(3), 0, wanted.inner), Streams(4), 0, wanted.inner)
        for name, cell in cells.items():
            assert made[name].missing().all() if cell is None else (made[name].values == cell).all()
    day = float(18_400 * NANOS_PER_DAY)
    wanted = asked(found, {"opened": day})
    made = found.restore(model.sample(200, Streams(3), 0, wanted.inner), Streams(4), 0, wanted.inner)
    assert (made["opened"].values == day).all()


@pytest.mark.parametrize("seed", range(3))
def test_nothing_is_found_in_noise_with_holes(seed):
    rng = np.random.default_rng(seed)
    columns = {f"n{size}": numbers(rng.integers(0, size, 300)) for size in (3, 10, 40, 1_000)}
    columns |= {f"m{k}": numbers(np.round(rng.lognormal(3, 1, 300), 2), 0.01) for k in range(3)}
    columns |= {f"d{k}": dates(9_000.0 + rng.integers(0, 400, 300)) for k in range(3)}
    table = emptied(MixedTable(columns, 300), (0.05, 0.3, 0.6)[seed], list(columns), seed)
    _, found = reduce(table, Streams(seed))
    assert not found.computed
    assert not found.empty
