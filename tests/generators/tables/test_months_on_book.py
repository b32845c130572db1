"""Months since an opening, and level payments with a balloon: found, computed again, and not by chance."""

import json

import numpy as np
import pytest
from running_loans import amounts, days, words

from finsim.generators.tables.reduced_columns import Reduction
from finsim.generators.tables.reducing import reduce
from finsim.generators.tables.reduction.computed import Computed
from finsim.generators.tables.reduction.dates.months_after import months_after
from finsim.generators.tables.reduction.elapsed import Elapsed, find_elapsed
from finsim.generators.tables.reduction.identities import BALLOON, Identity
from finsim.generators.tables.reduction.solving import solved
from finsim.randomness import Streams
from finsim.records.mixed_table import MixedTable

TAPE = 660  # January 2025, in months since 1970


def _months(day):
    return day.astype("datetime64[D]").astype("datetime64[M]").astype(np.int64)


def book(rows=900, seed=5, odd=0.0):
    """Return auto loans: months on book run to the tape, the end, or the repayment some days later."""
    draw = np.random.default_rng(seed)
    opened = draw.integers(18_000, 20_080, rows)
    term = draw.choice([24.0, 36, 48, 60], rows)
    end = months_after(opened.astype(float), term)
    to_tape = TAPE - _months(opened)
    repaid = draw.random(rows) < 0.3
    count = np.minimum(to_tape, term)
    early = np.floor(draw.random(rows) * count)
    on_book = np.where(repaid, early, count)
    gone = months_after(opened.astype(float), early) + draw.integers(0, 27, rows)
    gone = np.where(repaid, gone, np.nan)
    on_book = np.where(draw.random(rows) < odd, np.maximum(on_book - 2, 0), on_book)
    amount = draw.integers(20, 400, rows) * 100.0
    rate = np.round(draw.uniform(3, 18, rows) * 4) / 4
    balloon = np.where(draw.random(rows) < 0.25, np.round(amount * 0.35 / 100) * 100, np.nan)
    r = rate / 1_200
    owed = amount - np.nan_to_num(balloon) * (1 + r) ** -term
    payment = np.round(owed * r / (1 - (1 + r) ** -term), 2)
    return MixedTable({
        "opened": days(opened * 1.0), "term": amounts(term, 1.0), "end": days(end), "repaid": days(gone),
        "months": amounts(on_book, 1.0), "amount": amounts(amount), "rate": amounts(rate, 0.01),
        "balloon": amounts(balloon), "payment": amounts(payment),
        "colour": words(draw.choice(["red", "blue", "grey"], rows).tolist()),
    }, rows)  # fmt: skip


def test_months_on_book_run_to_the_first_of_the_dates():
    (rule,) = find_elapsed(book(), ["months", "amount"])
    assert rule.operands[:2] == ("months: months less", "opened")
    assert set(rule.operands[2:]) == {"end", "repaid"}
    assert (rule.target, rule.month, rule.complete) == ("months", TAPE, True)


def test_some_loans_may_have_counted_less():
    table = book(odd=0.2)
    (rule,) = find_elapsed(table, ["months"])
    _, found = reduce(table, Streams(1))
    assert isinstance(found.computed["months"].rule, Elapsed)
    numbers = {name: _numbers(table, name) for name in (*rule.operands[1:], "months")}
    less = rule.learned(numbers)
    assert set(np.unique(less)) <= {0.0, 1.0, 2.0}
    assert np.array_equal(rule.values({**numbers, rule.operands[0]: less}), numbers["months"])


def _numbers(table, name):
    from finsim.generators.tables.reduction.computed import numbers_of

    return numbers_of(table[name])


def test_a_count_that_dates_do_not_say_is_none():
    table = book()
    mixed = np.random.default_rng(2).permutation(table.rows)
    columns = {**table.columns, "months": table["months"].take(mixed)}
    assert list(find_elapsed(MixedTable(columns, table.rows), ["months"])) == []


def test_a_tape_month_is_the_bound_of_new_loans():
    rule = Elapsed("months", ("less", "opened"), TAPE, False)
    opened = np.array([0.0, 20_075.0, 20_500.0, np.nan])  # 1970, 18 December 2024, 2026
    said = rule.said({"opened": opened})
    assert said[:3].tolist() == [660.0, 1.0, 0.0]
    assert np.isnan(said[3])
    assert rule.values({"opened": opened, "less": np.array([700.0, 0, 5, 0])})[:3].tolist() == [0.0, 1.0, 0.0]


def test_complete_months_end_on_the_day_of_the_opening():
    rule = Elapsed("months", ("less", "opened", "repaid"), TAPE, True)
    opened = np.full(4, 19_738.0)  # 16 January 2024
    repaid = np.array([19_768.0, 19_769.0, 19_797.0, np.nan])  # 15 and 16 February, 15 March
    assert rule.said({"opened": opened, "repaid": repaid}).tolist() == [0.0, 1.0, 1.0, 12.0]


def test_a_payment_with_a_balloon_is_found_and_computed_again():
    table = book()
    _, found = reduce(table, Streams(1))
    rule = found.computed["payment"].rule
    assert isinstance(rule, Identity)
    assert (rule.kind, rule.operands) == (BALLOON, ("amount", "rate", "term", "balloon"))
    left, kept = reduce(table, Streams(1))
    again = Reduction.from_state(type(kept.state())({}, json.loads(json.dumps(dict(kept.state().facts)))))
    assert again == kept
    whole = kept.restore(left, Streams(2))
    for name in ("payment", "months", "balloon"):
        assert np.array_equal(whole[name].values, table[name].values, equal_nan=True), name


def test_a_balloon_is_due_at_the_end():
    """By the closed form: 10,000 at 12 % over 12 months; with 2,000 at the end 8,225.10 are paid off."""
    rule = Identity(BALLOON, "payment", ("amount", "rate", "term", "balloon"), (1 / 1200,))
    columns = {"amount": np.full(3, 10_000.0), "rate": np.array([12.0, 12, 0]), "term": np.full(3, 12.0),
               "balloon": np.array([np.nan, 2_000.0, 1_000.0])}  # fmt: skip
    paid = rule.values(columns)
    assert paid == pytest.approx([888.4879, 888.4879 * 0.8225101549, 750.0], rel=1e-6)
    known = {**columns, "payment": paid}
    for operand in ("amount", "rate", "term"):
        seen = np.unique(np.append(columns[operand], [6.0, 24.0]))
        found = solved(rule, operand, {**known, operand: np.full(3, np.nan)}, seen)
        assert found == pytest.approx(columns[operand], rel=1e-6)


def test_a_payment_without_balloons_has_none():
    table = book()
    plain = table.without("balloon", "payment")
    amount, rate, term = (_numbers(table, name) for name in ("amount", "rate", "term"))
    r = rate / 1_200
    level = np.round(amount * r / (1 - (1 + r) ** -term), 2)
    seldom = np.where(np.arange(table.rows) % 9 == 0, 500.0, 0.0)
    _, found = reduce(
        MixedTable({**plain.columns, "payment": amounts(level), "fee": amounts(seldom)}, table.rows),
        Streams(1),
    )
    assert found.computed["payment"].rule.kind == "annuity"


def test_months_outlive_a_file():
    one = Computed.of(book()["months"], Elapsed("months", ("less", "opened", "end"), TAPE, True))
    assert Computed.from_dict(json.loads(json.dumps(one.to_dict()))) == one


def test_openings_of_one_month_say_nothing():
    """Most loans are of one month: their counts agree with the tape whosever they are."""
    draw = np.random.default_rng(3)
    opened = np.where(draw.random(900) < 0.8, 19_000.0, draw.integers(18_000, 19_900, 900) * 1.0)
    table = MixedTable({"opened": days(opened), "months": amounts(TAPE - _months(opened) * 1.0, 1.0)}, 900)
    assert list(find_elapsed(table, ["months"])) == []
    spread = days(draw.integers(18_000, 19_900, 900) * 1.0)
    counts = amounts(TAPE - _months(_numbers(MixedTable({"o": spread}, 900), "o")) * 1.0, 1.0)
    assert len(list(find_elapsed(MixedTable({"opened": spread, "months": counts}, 900), ["months"]))) == 1


def test_more_months_than_dates_say_are_no_such_count():
    table = book()
    months = table["months"].values + np.where(np.arange(table.rows) % 50 == 0, 1.0, 0.0)
    columns = {**table.columns, "months": table["months"].with_values(months)}
    assert list(find_elapsed(MixedTable(columns, table.rows), ["months"])) == []


def test_what_dates_say_may_be_beyond_what_was_seen():
    rule = Elapsed("months", ("less", "opened"), TAPE, False)
    column = Computed.of(amounts([3.0, 4.0, 5.0], 1.0), rule)
    found = {"opened": days(np.array([18_000.0, 20_075.0])), "less": amounts([0.0, 0.0], 1.0)}
    assert column.restored(found, (0, 2), None).values.tolist() == [TAPE - 591.0, 1.0]


def test_a_rate_that_is_missing_is_solved_beside_a_balloon():
    table = book()
    gone = np.arange(table.rows) % 30 == 0
    rate = table["rate"].with_values(np.where(gone, np.nan, table["rate"].values))
    left, found = reduce(MixedTable({**table.columns, "rate": rate}, table.rows), Streams(1))
    assert found.computed["payment"].rule.kind == BALLOON
    assert np.nanmax(np.abs(left["rate"].values - table["rate"].values)) < 0.05
    assert np.isnan(found.restore(left, Streams(2))["rate"].values).sum() == gone.sum()


def test_a_payment_counts_no_balloon_that_the_words_of_its_row_empty():
    table = book()
    may = ~np.isnan(table["balloon"].values) | (np.arange(table.rows) % 3 == 0)
    kind = words(np.where(may, "new", "used").tolist())
    left, found = reduce(MixedTable({**table.columns, "vehicle": kind}, table.rows), Streams(1))
    assert any(law.target == "balloon" for law in found.words_of_empty)
    drawn = left.with_columns({"balloon: share": amounts(np.full(table.rows, 0.35), 0.0)})
    whole = found.restore(drawn, Streams(2))
    numbers = {name: _numbers(whole, name) for name in found.computed["payment"].rule.operands}
    assert np.isnan(numbers["balloon"][~may]).all()
    assert np.allclose(found.computed["payment"].rule.values(numbers), whole["payment"].values, atol=0.0051)
