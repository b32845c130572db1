"""Given cells that no row can have are refused with place, found, expected range and remedy."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from test_month_dates import dates, loans, numbers

from finsim.errors import FitError
from finsim.generators.tables.given.asked import asked
from finsim.generators.tables.reduced_columns import Reduction
from finsim.generators.tables.reducing import reduce
from finsim.generators.tables.reduction.words_of_empty import WordsOfEmpty
from finsim.notation import NANOS_PER_DAY
from finsim.randomness import Streams
from finsim.records.mixed_table import WORD, MixedColumn, MixedTable


def day(number):
    return float(number * NANOS_PER_DAY)


def told(found, cells):
    with pytest.raises(FitError) as bad:
        asked(found, cells)
    (one,) = bad.value.problems
    assert one.place
    assert one.expected
    assert one.remedy
    return f"{one.place}: {one.found}; {one.expected}; {one.remedy}"


@pytest.fixture(scope="module")
def sums():
    """Amounts lent of 1,000 to 2,000, paid of 0 to 900, balances; lines used of lines there are; one end."""
    rng = np.random.default_rng(0)
    amount = np.append(np.round(rng.uniform(1_000, 2_000, 1_998), 2), [1_000.0, 2_000.0])
    paid = np.append(np.round(rng.uniform(0, 900, 1_998), 2), [0.0, 900.0])
    lines = rng.integers(5, 31, 2_000)
    used = np.minimum(rng.integers(0, 21, 2_000), lines)
    start, days_ = 15_000.0 + rng.integers(0, 1_000, 2_000), 400.0 + rng.integers(0, 100, 2_000)
    start[:2], days_[:2] = (15_000.0, 15_999.0), (400.0, 499.0)
    columns = {"amount": numbers(amount, 0.01), "paid": numbers(paid, 0.01),
               "balance": numbers(np.round(amount - paid, 2), 0.01), "lines": numbers(lines),
               "used": numbers(used), "start": dates(start), "days": numbers(days_),
               "end": dates(start + days_)}  # fmt: skip
    return reduce(MixedTable(columns, 2_000), Streams(1))[1]


def test_a_number_beyond_what_was_seen(sums):
    assert told(sums, {"paid": 5_000.0}) == (
        "given paid: 5000 was never seen; 0 to 900; give one of this range"
    )
    assert told(sums, {"start": day(10_000)}).startswith(
        "given start: 1997-05-19 was never seen; 2011-01-26 to 2013-10-21"
    )


def test_an_order_that_is_given_the_wrong_way_round(sums):
    assert [(one.low, one.high) for one in sums.orders] == [("used", "lines")]
    assert told(sums, {"used": 12.0, "lines": 8.0}) in (
        "given lines: 8 is below the 12 given for used; 12 to 30; leave out used",
    )
    assert asked(sums, {"used": 12.0, "lines": 12.0}).inner == {"used": 12.0, "lines": 12.0}
    assert asked(sums, {"used": 12.0}).inner == {"used": 12.0}


def test_cells_that_take_a_computed_column_out_of_its_range(sums):
    (target,) = {"amount", "paid", "balance"} & set(sums.computed)
    assert target == "amount" or target == "balance"
    rest = [name for name in ("amount", "paid", "balance") if name != target]
    values = {"amount": 1_000.0, "paid": 900.0, "balance": 1_990.0}
    text = told(sums, {name: values[name] for name in rest})
    assert f"makes {target}" in text
    assert f"leave out {rest[0]}" in text
    (dated,) = {"start", "end", "days"} & set(sums.computed)
    span = {"start": (15_000, 15_999), "end": (15_400, 16_498)}
    if dated == "days":  # every start is after the end, or far before it
        assert "makes days" in told(sums, {"start": day(15_900), "end": day(15_950)})
        assert asked(sums, {"start": day(15_900), "end": day(16_350)}).inner
    else:
        other = "end" if dated == "start" else "start"
        bad = {other: day(span[other][0]), "days": 499.0 if dated == "start" else 400.0}
        asked(sums, bad)


def test_an_end_before_every_start():
    """The end was learned beside the start, for days between are no column of few values."""
    rng = np.random.default_rng(1)
    start, length = 15_000.0 + rng.integers(0, 400, 600), 900.0 + rng.integers(0, 1_000, 600)
    table = MixedTable({"start": dates(start), "end": dates(start + length), "days": numbers(length)}, 600)
    _, found = reduce(table, Streams(1))
    free = [name for name in ("start", "end", "days") if name not in found.computed]
    for name, low, high in (("end", 15_900, 17_300), ("start", 15_000, 15_399)):
        if name in free:
            for wrong in (low - 800, high + 800):
                assert f"given {name}" in told(found, {name: day(wrong)})
    pair = {"start": day(15_390), "end": day(15_950)}
    if set(pair) <= set(free):
        text = told(found, pair)
        assert "makes days 560" in text
        assert "leave out start" in text


def test_days_that_stand_too_near_or_too_far():
    table = loans()
    _, found = reduce(table, Streams(1))
    start = float(np.median(table["opened"].values))
    low, high = (
        cell / NANOS_PER_DAY for cell in (table["default"].values[~table["default"].missing()].min(), start)
    )
    if low < high - 1:
        text = told(found, {"opened": start, "default": day(round(low))})
        assert "is before the" in text
        assert "leave out opened" in text
    assert asked(found, {"opened": start, "default": start + day(100)}).inner == {
        "opened": start,
        "default": 100,
    }
    assert asked(found, {"default": start + day(100)}).sought == {"default": start + day(100)}


def test_a_default_after_a_given_end():
    table = loans(800).without("term")
    _, found = reduce(table, Streams(1))
    assert [(one.target, one.until) for one in found.bounds] == [("default", "ends")]
    late, early = (day(one) for one in (19_000, 18_900))
    text = told(found, {"default": late, "ends": early})
    assert "given ends: 2021-09-30 is before the 2022-01-08 given for default" in text
    assert "is after the" in told(found, {"ends": early, "default": late})


def test_a_model_of_an_earlier_version_has_no_ranges():
    from finsim.generators.generator import State
    from finsim.generators.tables.reduced_columns import Reduction

    _, found = reduce(loans(), Streams(1))
    facts = {key: one for key, one in found.state().facts.items() if key not in ("ranges", "days", "empty")}
    old = Reduction.from_state(State({}, facts))
    assert asked(old, {"amount": -5.0}).inner == {"amount": -5.0}  # its generator refuses it


def test_a_default_after_the_end_that_follows_from_what_is_given():
    _, found = reduce(loans(800), Streams(1))
    cells = {"opened": day(18_100), "term": 12.0, "default": day(18_700)}
    text = told(found, cells)
    assert "given default: 2021-03-14 is after the 2020-07-23 that follows for ends" in text
    assert "leave out opened, term" in text
    assert asked(found, {**cells, "term": 36.0}).inner["default"] == 600


def closed_loans(odd=0, share=0.0, rows=2_000):
    """Loans whose end is there for the 400 of status closed, and ``odd`` others; a word of no such law."""
    rng = np.random.default_rng(4)
    codes = np.repeat([0, 1, 2], [1_200, 400, 400]).astype(np.int32)
    end = np.where((codes == 2) & (rng.random(rows) >= share), rng.normal(0.0, 1.0, rows), np.nan)
    end[:odd] = 1.0
    few = (np.arange(rows) % 100 == 0).astype(np.int32)  # 20 rows of 1, all of them open
    few[codes == 2] = 0
    return MixedTable({
        "status": MixedColumn(WORD, codes, ("open", "late", "closed"), 1.0), "end": numbers(end, 0.001),
        "few": MixedColumn(WORD, few, ("many", "few"), 1.0),
    }, rows)  # fmt: skip


def test_a_word_for_which_a_column_is_always_or_never_empty():
    found = reduce(closed_loans(), Streams(1))[1]
    assert found.words_of_empty == (
        WordsOfEmpty("status", "end", ("open", "late"), ("closed",), ("open", "late")),
    )
    assert Reduction.from_state(found.state()) == found
    assert told(found, {"status": "open", "end": 1.0}) == (
        "given end: is there beside the 'open' given for status; "
        "an empty cell, as the data have for 'open'; leave out status, or end"
    )
    assert "is empty beside the 'closed'" in told(found, {"status": "closed", "end": None})
    for good in ({"status": "open", "end": None}, {"status": "closed", "end": 1.0}, {"end": 1.0}):
        asked(found, good)


@pytest.mark.parametrize(("odd", "share", "empty", "there", "exact"), [
    (1, 0.0, ("open", "late"), ("closed",), ("late",)), (2, 0.0, ("late",), ("closed",), ("late",)),
    (0, 0.02, ("open", "late"), (), ("open", "late")),
])  # fmt: skip
def test_exceptions_weaken_what_a_word_says(odd, share, empty, there, exact):
    """One row of 1,200 open loans is within 99.9 %, but then no cell is emptied; two are not."""
    (law,) = reduce(closed_loans(odd, share), Streams(1))[1].words_of_empty
    assert (law.empty, law.there, law.exact) == (empty, there, exact)


def test_chance_says_nothing():
    rng = np.random.default_rng(7)
    rare = np.where(rng.random(2_000) < 0.01, 1.0, np.nan)
    word = MixedColumn(WORD, rng.integers(0, 40, 2_000).astype(np.int32), tuple(map(str, range(40))), 1.0)
    assert (
        reduce(MixedTable({"word": word, "rare": numbers(rare)}, 2_000), Streams(1))[1].words_of_empty == ()
    )


def test_a_sample_has_no_cell_for_a_word_that_never_has_one():
    inner, found = reduce(closed_loans(), Streams(1))
    made = inner.with_columns({"end": numbers(np.ones(inner.rows))})
    whole = found.restore(made, Streams(2))
    assert np.array_equal(whole["end"].missing(), whole["status"].values != 2)
    assert not found.restore(made, Streams(2), given=["end"])["end"].missing().any()


def recovered():
    """Return loans of which the defaulted recover less than they owe, and the repaid owe nothing."""
    draw = np.random.default_rng(6)
    code = draw.integers(0, 3, 900).astype(np.int32)
    owed = np.where(code == 1, 0.0, np.round(draw.uniform(500, 9_000, 900), 2))
    back = np.where(code == 2, np.maximum(np.round(owed * draw.beta(2, 3, 900), 2), 90.0), np.nan)
    state = MixedColumn(WORD, code, ("runs", "repaid", "default"))
    return MixedTable({"state": state, "owed": numbers(owed, 0.01), "back": numbers(back, 0.01)}, 900)


def test_what_few_rows_have_is_no_bound_of_the_others():
    """Nothing owed is below every recovery, and those who owe nothing have none."""
    _, found = reduce(recovered(), Streams(1))
    assert found.lacking == ("back",)
    assert Reduction.from_state(found.state()) == found
    for cells in (
        {"owed": 0.0},
        {"owed": 0.0, "state": "repaid"},
        {"owed": 10.0},
        {"owed": 0.0, "back": None},
    ):
        asked(found, cells)
    assert "0 is below every back" in str(refused(found, {"owed": 0.0, "state": "default"}))
    assert "200 is above the 100 given for owed" in str(refused(found, {"owed": 100.0, "back": 200.0}))
    bounded = replace(found, lacking=())
    assert "0 is below every back" in str(refused(bounded, {"owed": 0.0}))  # no cell of it is ever missing


def refused(found, cells):
    with pytest.raises(FitError) as bad:
        asked(found, cells)
    return bad.value
