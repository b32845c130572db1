"""Compounded rates, dates so many days a month on, and days past due: planted, found, computed again."""

from __future__ import annotations

import json

import numpy as np
import pytest

from finsim.generators.tables.level_payments import compounded, nominal
from finsim.generators.tables.reducing import reduce
from finsim.generators.tables.reduction.arithmetic.cases import Cases
from finsim.generators.tables.reduction.arithmetic.compounded import find_compounded
from finsim.generators.tables.reduction.computed import Computed
from finsim.generators.tables.reduction.dates.day_dates import find_day_dates
from finsim.generators.tables.reduction.identities import COMPOUND, Identity
from finsim.generators.tables.reduction.solving import solved
from finsim.notation import NANOS_PER_DAY
from finsim.randomness import Streams
from finsim.records.mixed_table import MISSING_TIME, NUMBER, TIME, WORD, MixedColumn, MixedTable

CUT = 20_450.0


def numbers(values, step=1.0):
    return MixedColumn(NUMBER, np.asarray(values, dtype=np.float64), (), step)


def dates(days):
    there = np.isfinite(days)
    values = np.where(there, np.nan_to_num(days).astype(np.int64) * NANOS_PER_DAY, MISSING_TIME)
    return MixedColumn(TIME, values, (), float(NANOS_PER_DAY))


def loans(rows=900, seed=3, *, times=12.0, fee=0.25, each=30.4375, begins=90, cut=True):
    """Return loans, of which a tenth defaulted; running ones are 0 to 60 days past due."""
    rng = np.random.default_rng(seed)
    rate, term = rng.uniform(1, 12, rows).round(2), rng.choice([12.0, 24, 36, 48, 60], rows)
    opened = 18_000.0 + rng.integers(0, 1_500, rows)
    status = rng.choice(3, rows, p=[0.5, 0.4, 0.1])
    default = np.where(status == 2, opened + rng.integers(90, 900, rows), np.nan)
    seen = np.full(rows, CUT) if cut else CUT + rng.integers(0, 300, rows)
    late = np.where(rng.random(rows) < 0.1, rng.integers(1, 60, rows), 0)
    past = np.where(status == 2, begins + seen - np.nan_to_num(default), np.where(status == 0, late, 0))
    return MixedTable({
        "rate": numbers(rate, 0.01),
        "effective": numbers((compounded(rate, 100.0, times) + fee).round(2), 0.01),
        "term": numbers(term), "opened": dates(opened), "due": dates(opened + np.round(each * term)),
        "seen": dates(seen), "default": dates(default), "past": numbers(past),
        "status": MixedColumn(WORD, status.astype(np.int32), ("runs", "repaid", "defaulted"), 0.0),
        "noise": numbers(rng.normal(0, 1, rows).round(3), 0.001),
    }, rows)  # fmt: skip


@pytest.mark.parametrize(("times", "fee"), [(12.0, 0.25), (4.0, 0.0), (365.0, 0.1), (0.0, 0.5)])
def test_a_compounded_rate_is_found_with_its_fee(times, fee):
    table = loans(times=times, fee=fee)
    (rule,) = find_compounded(table)
    assert (rule.kind, rule.target, rule.operands) == (COMPOUND, "effective", ("rate",))
    made = rule.values({"rate": table["rate"].values})
    assert (np.abs(made - table["effective"].values) <= 0.005 + 1e-9).mean() >= 0.999
    assert rule.offset == pytest.approx(fee, abs=0.006)


def test_a_rate_that_is_drawn_beside_another_is_no_rule():
    table = loans()
    noisy = numbers(table["effective"].values + np.where(np.arange(table.rows) % 20 == 0, 0.05, 0.0), 0.01)
    assert not [*find_compounded(MixedTable({**table.columns, "effective": noisy}, table.rows))]


@pytest.mark.parametrize("times", [12.0, 1.0, 0.0])
def test_nominal_rates_undo_compounded_ones(times):
    rates = np.array([0.5, 3.0, 12.0])
    assert nominal(compounded(rates, 100.0, times), 100.0, times) == pytest.approx(rates, rel=1e-12)
    assert compounded(np.array([12.0]), 100.0, 12.0)[0] == pytest.approx(100 * (1.01**12 - 1), rel=1e-12)
    rule = Identity(COMPOUND, "effective", ("rate",), (100.0, times, 1.0), 0.25)
    known = {"effective": compounded(rates, 100.0, times) + 0.25, "rate": np.full(3, np.nan)}
    assert solved(rule, "rate", known, rates) == pytest.approx(rates, rel=1e-12)


@pytest.mark.parametrize("each", [30.4375, 30.0, 365.0 / 12])
@pytest.mark.parametrize("way", [np.round, np.floor, np.ceil])
def test_dates_so_many_days_a_month_on_are_found_however_they_are_rounded(each, way):
    table = loans()
    opened, term = table["opened"].values / NANOS_PER_DAY, table["term"].values
    due = opened + way(each * term)
    table = MixedTable({**table.columns, "due": dates(due)}, table.rows)
    (rule,) = find_day_dates(table)
    assert (rule.target, rule.operands) == ("due", ("opened", "term"))
    assert (np.round(rule.values({"opened": opened, "term": term})) == due).all()


def test_an_end_a_day_off_in_some_rows_is_no_rule():
    table = loans()
    due = table["due"].values / NANOS_PER_DAY + (np.arange(table.rows) % 9 == 0)
    assert not [*find_day_dates(MixedTable({**table.columns, "due": dates(due)}, table.rows))]


@pytest.mark.parametrize("cut", [True, False])
@pytest.mark.parametrize("begins", [0, 90])
def test_days_past_due_of_defaults_are_counted_and_those_of_others_learned(cut, begins):
    table = loans(cut=cut, begins=begins)
    learned, found = reduce(table, Streams(1))
    rule = Computed.from_dict(json.loads(json.dumps(found.computed["past"].to_dict()))).rule
    assert isinstance(rule, Cases)
    values, bad = table["past"].values, table["status"].values == 2
    made = rule.values({**table.columns, rule.own: learned[rule.own]})
    assert (made == values).all()
    own = learned[rule.own].values
    assert own.max() < 60
    assert (own[bad] == 0).all()
    assert {"effective", "due"} <= set(found.computed)


def test_rows_that_count_days_have_the_commonest_number_of_the_rows_without_a_rule():
    table = loans()
    repaid = table["status"].values == 1
    past = numbers(np.where(repaid, 7.0, table["past"].values))
    table = MixedTable({**table.columns, "past": past}, table.rows)
    learned, found = reduce(table, Streams(1))
    own = learned[found.computed["past"].rule.own].values
    assert (own[table["status"].values == 2] == 0).all()


@pytest.mark.parametrize("scale", [100.0, 0.01])
def test_a_rate_in_percent_may_stand_beside_one_as_a_share(scale):
    table = loans()
    share = table["rate" if scale > 1 else "effective"]
    name = "rate" if scale > 1 else "effective"
    other = numbers((share.values / 100).round(4), 0.0001)
    table = MixedTable({**table.columns, name: other}, table.rows)
    (rule,) = find_compounded(table)
    assert (rule.target, rule.operands, rule.factors[2]) == ("effective", ("rate",), scale)
    made = rule.values({"rate": table["rate"].values})
    assert (np.abs(made - table["effective"].values) <= 0.5 * table["effective"].step + 1e-9).mean() > 0.999
    again = solved(rule, "rate", {"effective": made, "rate": made}, made)
    assert again == pytest.approx(table["rate"].values, rel=1e-9)
