"""Columns learned by a part: payments made of a loan, multiples of interest, shares of a count, orders."""

from __future__ import annotations

import json

import numpy as np
import pytest

from finsim.errors import FitError
from finsim.generators.generator import State
from finsim.generators.tables.given.asked import asked
from finsim.generators.tables.reduced_columns import Reduction
from finsim.generators.tables.reducing import reduce
from finsim.generators.tables.reduction.identities import annuity_factor
from finsim.generators.tables.reduction.orders import Order, find_orders, in_order
from finsim.generators.tables.reduction.schedules import Multiple, Schedule
from finsim.generators.tables.reduction.shares import Share
from finsim.randomness import Streams
from finsim.records.mixed_table import NUMBER, MixedColumn, MixedTable

STREAMS = Streams(3)


def _number(values, step=1.0):
    return MixedColumn(NUMBER, np.asarray(values, dtype=float), (), step)


def _amortized(amount, rate, term, made):
    """Return what is repaid after ``made`` whole payments: month by month."""
    payment, left = amount * annuity_factor(np.array([rate]), np.array([term]))[0], amount
    for _ in range(made):
        left -= payment - left * rate
    return amount - left


def _tape(rows=900, seed=1, left=False):
    """Return loans of which 2 to 5 payments were made, a tenth repaid in full, interest by the month."""
    draw = np.random.default_rng(seed)
    amount, term = 100.0 * draw.integers(10, 400, rows), draw.choice([36.0, 60.0], rows)
    rate = np.round(5 + 20 * draw.random(rows), 2)
    made = draw.integers(2, 6, rows)
    paid = np.array([
        _amortized(*loan) for loan in zip(amount, rate / 1_200, term, made.tolist(), strict=True)
    ])  # fmt: skip
    paid = np.where(draw.random(rows) < 0.1, amount, np.round(paid, 2))
    months = made - 0.15 + 0.01 * draw.standard_normal(rows)
    columns = {
        "amount": _number(amount), "term": _number(term), "rate": _number(rate, 0.01),
        "payment": _number(np.round(amount * annuity_factor(rate / 1_200, term), 2), 0.01),
        "paid": _number(amount - paid if left else paid, 0.01),
        "interest": _number(np.round(amount * rate / 1_200 * months, 2), 0.01),
        "noise": _number(np.round(amount * draw.random(rows), 2), 0.01),
    }  # fmt: skip
    return MixedTable(columns, rows), made


@pytest.mark.parametrize("left", [False, True])
def test_what_is_repaid_is_learned_as_payments(left):
    table, made = _tape(left=left)
    inner, found = reduce(table, STREAMS)
    rule = found.computed["paid"].rule
    assert isinstance(rule, Schedule)
    assert rule.left == left
    assert isinstance(found.computed["interest"].rule, Multiple)
    assert "noise" in inner
    assert "paid" not in inner
    hidden = inner["paid: payments made"].values
    full = table["paid"].values == (0 if left else 1) * table["amount"].values
    assert np.array_equal(hidden[~full], made[~full])
    assert hidden[full] == pytest.approx(table["term"].values[full])
    back = found.restore(inner, STREAMS)
    for name in ("paid", "interest"):
        assert back[name].values == pytest.approx(table[name].values, abs=0.011)
    again = Reduction.from_state(State({}, json.loads(json.dumps(found.state().facts))))
    assert again == found
    assert asked(found, {"paid": 100.0}).sought == {"paid": 100.0}  # such rows are sought: test_sought_rows
    with pytest.raises(FitError, match="never seen"):
        asked(found, {"paid": -100.0})


def test_a_share_beside_a_loan_is_nothing_repaid():
    table, _ = _tape()
    draw = np.random.default_rng(5)
    share = np.round(100 * draw.beta(8, 1, table.rows), 1) / 100
    inner, found = reduce(
        MixedTable({**table.columns, "on time": _number(share, 0.001)}, table.rows), STREAMS
    )
    assert "on time" not in found.computed
    assert np.array_equal(inner["on time"].values, share)


def test_a_schedule_without_a_rate_and_beyond_its_end():
    rule = Schedule("paid", ("made", "amount", "rate", "term"), 1 / 1_200, False)
    columns = {"made": np.array([3.0, 50.0, -1.0]), "amount": np.full(3, 1_200.0),
               "rate": np.array([0.0, 6.0, 6.0]), "term": np.full(3, 12.0)}  # fmt: skip
    assert rule.values(columns) == pytest.approx([300.0, 1_200.0, 0.0])
    assert rule.learned(columns | {"paid": np.array([300.0, 1_200.0, 0.0])}) == pytest.approx([3, 12, 0])


def _shares(rows=900, seed=2):
    """Return a share of lines that were never late, to a tenth, and a share of few values beside counts."""
    draw = np.random.default_rng(seed)
    lines = draw.integers(3, 40, rows)
    late = draw.binomial(lines, 0.1)
    columns = {
        "lines": _number(lines), "never": _number(np.round(100 * (1 - late / lines), 1), 0.1),
        "part": _number(draw.choice([0.5, 0.75, 0.8], rows), 0.01), "even": _number(2 * lines),
        "other": _number(draw.integers(1, 30, rows)),
    }  # fmt: skip
    return MixedTable(columns, rows), late


def test_a_share_of_a_count_is_learned_as_the_part():
    table, late = _shares()
    inner, found = reduce(table, STREAMS)
    rule = found.computed["never"].rule
    assert isinstance(rule, Share)
    assert (rule.left, rule.whole) == (True, 100.0)
    assert "part" in inner  # a half of any even count is no sign of a count
    assert np.array_equal(inner["never: part"].values, late)
    assert np.array_equal(found.restore(inner, STREAMS)["never"].values, table["never"].values)
    drawn = dict(inner.columns) | {"never: part": _number(np.full(table.rows, 1_000.0))}
    assert (
        found.restore(MixedTable(drawn, table.rows), STREAMS)["never"].values == 50.0
    ).all()  # the least seen


def test_orders_are_found_and_kept():
    draw = np.random.default_rng(3)
    three = np.sort(draw.integers(0, 50, (2_000, 3)), axis=1)
    table = MixedTable(
        {name: _number(three[:, at]) for name, at in (("all", 2), ("some", 1), ("few", 0))}
        | {"far": _number(draw.integers(1_000, 2_000, 2_000)), "free": _number(draw.integers(0, 50, 2_000))},
        2_000,
    )
    _, found = reduce(table, STREAMS)
    told = {(one.low, one.high) for one in found.orders}
    assert told == {("few", "some"), ("few", "all"), ("some", "all")}
    mixed = {name: _number(draw.permutation(one.values)) for name, one in table.columns.items()}
    kept = found.restore(MixedTable(mixed, 2_000), STREAMS)
    got = np.stack([kept[name].values for name in ("few", "some", "all")], axis=1)
    wanted = np.sort(np.stack([mixed[name].values for name in ("few", "some", "all")], axis=1), axis=1)
    assert np.array_equal(got, wanted)
    assert find_orders(table.without("some", "all", "few")) == []
    mixed["few"] = _number(np.full(2_000, 40.0))
    stays = found.restore(MixedTable(mixed, 2_000), STREAMS, given=("few",))
    assert (stays["few"].values == 40.0).all()
    assert (stays["all"].values >= stays["some"].values).all()
    assert (stays["some"].values >= 40.0).all()


def test_the_rounder_column_stays_round():
    columns = {"limit": _number([500.0, 900.0, np.nan]), "used": _number([433.0, 1_000.0, 5.0])}
    found = in_order([Order("limit", "used", 100.0)], columns)
    assert found["limit"].values[:2].tolist() == [300.0, 900.0]  # 433 is .866 of 500, so is 375 of 433
    assert np.isnan(found["limit"].values[2])
    assert found["used"].values.tolist() == [433.0, 1_000.0, 5.0]


def test_a_part_is_within_its_count_and_of_nothing_there_is_no_share():
    columns = {"part": np.array([9.0, -1.0, 1.0, 0.0]), "count": np.array([3.0, 3.0, 4.0, 0.0])}
    for left, wanted in ((False, [100.0, 0.0, 25.0]), (True, [0.0, 100.0, 75.0])):
        found = Share("share", ("part", "count"), 100.0, left).values(columns)
        assert found[:3] == pytest.approx(wanted)
        assert np.isnan(found[3])
