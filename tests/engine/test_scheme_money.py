"""Ranks of amounts in a ledger, and where schemes stand in it."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from finsim.engine.injection.ledger_population import least_rows
from finsim.engine.injection.money.scheme_money import Money
from finsim.engine.injection.money.split_payments import Parting

SMALL, LARGE = np.arange(1, 101), np.arange(1_001, 1_301)  # what persons and firms pay
PERSON, FIRM, SILENT = 0, 1, 2
BOTH = np.array([True, True])


def money(receipts: np.ndarray | None = None) -> Money:
    amounts = np.concatenate([SMALL, LARGE])
    edges = np.array([0, len(SMALL), len(amounts), len(amounts)])
    came = np.zeros(0, np.int64) if receipts is None else receipts
    kinds = np.array([3, 4, 4], np.int8)
    return Money(amounts, came, edges, amounts, kinds, {3: SMALL, 4: LARGE}, 1.0, 1_200.0, 10.0, 1)


@pytest.mark.parametrize("account", [PERSON, FIRM, SILENT])
def test_places_are_even_among_payers_of_a_kind(account: int) -> None:
    rng = np.random.default_rng(1)
    found = np.array([money().place(account, part, rng) for part in np.arange(2_000) / 2_000])
    counts = np.histogram(found, bins=4, range=(0, 1))[0] / len(found)
    assert counts == pytest.approx(0.25, abs=0.04)


def test_ranks_are_those_of_the_side_and_of_the_parts() -> None:
    ledger = money(receipts=np.arange(1, 11))
    no_parts = Parting(np.array([10**9, 10**9]), np.array([1, 1]))
    amounts = np.array([50.0, 8.0])
    found = ledger.ranks(amounts, (np.array([True, False]), np.array([False, True])), no_parts)
    assert found == pytest.approx([49.5 / 400, 7.5 / 10])
    assert len(ledger.ranks(amounts, (BOTH, BOTH), no_parts)) == 4
    two = money().ranks(np.array([2_400.0, 50.0]), (BOTH, ~BOTH), no_parts)
    assert two == pytest.approx([299.5 / 400, 299.5 / 400, 49.5 / 400])


def test_parts_are_told_by_the_share_of_receipts_among_all_rows() -> None:
    """Half of the rows are receipts, so of nine that come in and one that goes out one is made four."""
    ledger = money(receipts=np.arange(1, 401))
    out, into = np.arange(10) == 9, np.arange(10) < 9
    assert ledger.parting((out, into), np.random.default_rng(0)).least.tolist() == [1] * 9 + [4]
    assert money().parting((out, into), np.random.default_rng(0)).least.tolist() == [1] * 10


def test_a_row_counts_as_much_as_its_direction_in_the_ledger() -> None:
    """A sum between two accounts is high among 400 payments and low among 100 receipts: 4 to 1."""
    ledger = money(receipts=np.arange(1_000, 1_100))
    no_parts = Parting(np.array([10**9]), np.array([1]))
    high, low = 99.5 / 400, 0.0  # of a sum of 100
    found = ledger.standing(np.array([100.0]), (BOTH[:1], BOTH[:1]), no_parts)
    mean = 0.8 * high + 0.2 * low
    assert found == pytest.approx((mean, 0.8 * (high - mean) ** 2 + 0.2 * (low - mean) ** 2))
    plain = money().standing(np.array([100.0, 1_001.0]), (BOTH, BOTH), Parting(np.full(2, 10**9), BOTH * 1))
    assert plain == pytest.approx((0.25, 0.125**2 / 400**2 * 0 + ((100.5 - 99.5) / 800) ** 2), abs=1e-12)


def test_what_is_passed_on_is_one_of_few_sums_and_no_more_than_came_in() -> None:
    fives = np.repeat([500, 1_000, 2_000, 5_000], 50)
    law = replace(money(), amounts=fives, top=6_000.0, grain=500, room=0.25)
    ends = np.array([True]), np.array([True])
    rng = np.random.default_rng(0)
    asked, came = np.array([1_800.0]), 2_000.0
    assert law.at_most(asked, ends, came, rng).tolist() == [2_000]
    assert law.at_most(asked, ends, 1_900.0, rng).tolist() == [1_500]  # not more than is there
    assert replace(law, room=0.03).at_most(asked, ends, came, rng).tolist() == [1_500]


@pytest.mark.parametrize(
    ("rows", "least"),
    [([3] * 30, 3), ([1] * 30 + [3] * 30, 1), ([2] * 30 + [5] * 30, 2), ([1] * 3 + [5] * 30, 3),
     ([1] * 900 + [3] * 19, 3)],
)  # fmt: skip
def test_schemes_are_cast_from_customers_who_make_the_ledger(rows: list[int], least: int) -> None:
    assert least_rows(np.array(rows)) == least
