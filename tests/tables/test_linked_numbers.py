"""Numbers linked to another one within words: found as they were made, computed so, and told when broken."""

from __future__ import annotations

import json

import numpy as np
import pytest

from finsim.tables.links.finder import links_of
from finsim.tables.links.ledger_cells import Context, LedgerCells
from finsim.tables.links.link import Link
from finsim.tables.links.rates import _rates

CURRENCIES, ANSWERS, KINDS = ("EUR", "JPY", "USD"), ("00", "05"), ("food", "inn", "tools")


def ledger(rows: int = 6_000, seed: int = 1) -> LedgerCells:
    """Payments: billed at a rate of the currency-month, booked with a tip at inns, 0 where declined."""
    rng = np.random.default_rng(seed)
    day = 20_000 + rng.integers(0, 120, rows)
    currency, answer = rng.choice(3, rows, p=[0.1, 0.1, 0.8]), (rng.random(rows) < 0.1).astype(np.int64)
    kind = rng.integers(0, 3, rows)
    amount = np.exp(rng.normal(3.5, 0.8, rows)).round(2)
    month = day.astype("datetime64[D]").astype("datetime64[M]").astype(np.int64)
    rate = np.array([1.08, 0.0066, 1.0])[currency] * np.where(currency == 2, 1.0, 1 + 0.01 * (month % 5))
    billed = (amount * np.where(currency == 1, 100, 1) * rate).round(2)
    amount = (amount * np.where(currency == 1, 100, 1)).round(2)
    tip = np.where((kind == 1) & (currency == 2), rng.choice([0.0, 0.15, 0.2], rows), 0.0)
    booked = np.where(answer == 1, 0.0, (billed * (1 + tip)).round(2))
    fee = np.where(kind == 2, (amount * 0.0175).round(2), np.nan)
    free, items = rng.normal(50, 9, rows).round(2), rng.integers(1, 4, rows).astype(float)
    numbers = {
        "booked": booked, "amount": amount, "fee": fee, "billed": billed, "free": free, "items": items,
    }  # fmt: skip
    words = {"currency": (currency, CURRENCIES), "answer": (answer, ANSWERS), "kind": (kind, KINDS)}
    return LedgerCells(numbers, words, day)


def shuffled(cells: LedgerCells, name: str) -> LedgerCells:
    moved = np.random.default_rng(9).permutation(cells.numbers[name])
    return LedgerCells({**cells.numbers, name: moved}, cells.words, cells.day)


def test_a_chain_of_links_is_found_as_it_was_made() -> None:
    found = {one.name: one for one in links_of(ledger(), "amount")}
    assert set(found) == {"billed", "booked", "fee"}
    billed, booked, fee = found["billed"], found["booked"], found["fee"]
    assert (billed.source, billed.factors, billed.constants) == ("amount", (1.0,), ())
    assert billed.rates is not None
    assert (billed.rates.context.name, billed.rates.daily) == ("currency", False)
    assert sorted(np.array(billed.rates.context.words)[list(billed.rates.is_rate[:3])]) == ["EUR", "JPY"]
    assert (booked.source, set(booked.factors), booked.constants) == ("billed", {1.0, 1.15, 1.2}, (0.0,))
    assert {one.name for one in booked.contexts} == {"answer", "kind", "currency"}
    assert (fee.source, fee.factors, [one.name for one in fee.contexts]) == ("amount", (0.0175,), ["kind"])


def test_unseen_rows_keep_the_links_and_a_shuffled_column_breaks_them() -> None:
    fresh = ledger(seed=2)
    for link in links_of(ledger(), "amount"):
        asked, broken = link.broken(fresh)
        assert asked.mean() > 0.99
        assert broken.sum() <= 0.002 * asked.sum()
        asked, broken = link.broken(shuffled(fresh, link.name))
        assert broken.sum() > 0.5 * asked.sum()


def test_what_is_computed_of_other_numbers_is_what_the_words_say() -> None:
    fresh = ledger(seed=3)
    cells = LedgerCells(
        {**fresh.numbers, **{one: np.full(fresh.rows, 7.77) for one in ("billed", "booked", "fee")}},
        fresh.words, fresh.day,
    )  # fmt: skip
    rng = np.random.default_rng(4)
    for link in links_of(ledger(), "amount"):
        restored = Link.restored(json.loads(json.dumps(link.facts(), allow_nan=False)))
        made = restored.computed(cells, rng.random(cells.rows))
        cells = LedgerCells({**cells.numbers, link.name: made}, cells.words, cells.day)
    currency, answer, kind = (cells.words[name][0] for name in ("currency", "answer", "kind"))
    home, declined = currency == 2, answer == 1
    assert (cells.numbers["billed"][home] == cells.numbers["amount"][home]).all()
    np.testing.assert_allclose(cells.numbers["billed"], fresh.numbers["billed"], rtol=6e-4, atol=0.011)
    assert (cells.numbers["booked"][declined] == 0).all()
    tip = (cells.numbers["booked"] / cells.numbers["billed"])[~declined & home & (kind == 1)]
    shares = [float((np.abs(tip - one) < 0.005).mean()) for one in (1.0, 1.15, 1.2)]
    assert shares == pytest.approx([1 / 3] * 3, abs=0.05)
    plain = ~declined & ~(home & (kind == 1))
    assert (cells.numbers["booked"][plain] == cells.numbers["billed"][plain]).all()
    np.testing.assert_allclose(cells.numbers["fee"], fresh.numbers["fee"], atol=0.011)


def test_words_that_were_not_seen_together_have_what_each_allows() -> None:
    cells = ledger()
    kept = ~((cells.words["answer"][0] == 1) & (cells.words["kind"][0] == 1))
    booked = next(one for one in links_of(cells.taken(kept), "amount") if one.name == "booked")
    unseen = cells.taken(~kept)
    assert (booked.computed(unseen, np.linspace(0, 0.999, unseen.rows)) == 0).all()


def test_what_holds_in_some_words_alone_leaves_the_other_rows() -> None:
    cells = ledger()
    loose = cells.words["kind"][0] == 0
    mixed = np.where(loose, cells.numbers["free"], cells.numbers["amount"])
    mixed = np.where(np.arange(len(mixed)) % 150 == 0, 3.33, mixed)  # exceptions below one in a hundred
    some = LedgerCells({"amount": cells.numbers["amount"], "mixed": mixed}, cells.words, cells.day)
    (link,) = links_of(some, "amount")
    made = link.computed(some, np.random.default_rng(5).random(some.rows))
    assert (made[loose] == mixed[loose]).all()
    assert (made[~loose] == cells.numbers["amount"][~loose]).all()
    asked, broken = link.broken(some)
    assert (asked == ~loose).all()
    assert 0 < broken.sum() < 0.01 * len(mixed)


@pytest.mark.parametrize("most", [3, 30])
def test_small_numbers_that_are_multiples_by_chance_are_no_link(most: int) -> None:
    rng = np.random.default_rng(6)
    pieces, price = rng.integers(1, most, 4_000).astype(float), np.exp(rng.normal(3, 1, 4_000)).round(2)
    words = {"kind": (rng.integers(0, 3, 4_000), KINDS)}
    more, owner = rng.integers(1, most, 4_000).astype(float), rng.integers(1_000, 1_040, 4_000).astype(float)
    place = np.array([381.0, 600.0, 200.0])[words["kind"][0]]  # a number of the word, of few owners
    numbers = {"amount": (pieces * price).round(2), "pieces": pieces, "more": more}
    assert links_of(LedgerCells(numbers, words, None), "amount") == ()
    assert links_of(LedgerCells({"owner": owner, "place": place}, words, None), "owner") == ()
    assert links_of(LedgerCells({"amount": price}, words, None), "amount") == ()


def test_a_number_without_signs_follows_the_size_of_its_source() -> None:
    rng = np.random.default_rng(2)
    amount = np.exp(rng.normal(4, 1, 3_000)).round(2) * np.where(rng.random(3_000) < 0.3, -1, 1)
    cells = LedgerCells({"amount": amount, "fee": (np.abs(amount) * 0.02).round(2)}, {}, None)
    (link,) = links_of(cells, "amount")
    assert (link.unsigned, link.factors) == (True, (0.02,))
    made = link.computed(LedgerCells({"amount": amount, "fee": np.zeros(3_000)}, {}, None), np.zeros(3_000))
    assert np.abs(made - cells.numbers["fee"]).max() < 0.0101


def test_numbers_that_are_nearly_equal_are_no_link() -> None:
    rng = np.random.default_rng(2)
    source = np.exp(rng.normal(4, 1, 2_000)).round(2)
    near = (source + rng.choice([-0.3, -0.1, 0.1, 0.3], 2_000)).round(2)
    assert links_of(LedgerCells({"x": source, "y": near}, {}, None), "x") == ()
    assert len(links_of(LedgerCells({"x": source, "y": source}, {}, None), "x")) == 1


def test_a_wild_number_does_not_move_a_rate() -> None:
    base = np.linspace(10.0, 500.0, 40)
    target = base * 1.5
    target[7] = 900_000.0
    assert _rates(np.zeros(40, np.int64), target, base, 2)[0] == pytest.approx(1.5, rel=1e-9)


def test_a_missing_word_is_one_of_its_own() -> None:
    cells = LedgerCells({"x": np.zeros(3)}, {"w": (np.array([0, 1, -1]), ("a", "b"))}, None)
    assert Context("w", ("a",)).codes(cells).tolist() == [0, 1, 2]  # known, any other, none


def test_counts_that_are_equal_by_chance_are_no_link() -> None:
    rng = np.random.default_rng(5)
    one, two = (rng.integers(1, 7, 4_000).astype(float) for _ in range(2))
    assert links_of(LedgerCells({"one": one, "two": two}, {}, None), "one") == ()
