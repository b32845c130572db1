"""Sums above what a ledger pays are paid in parts, before they are passed on and after they came in."""

from __future__ import annotations

import numpy as np
import pytest

from finsim.agents.payment_orders import Orders
from finsim.engine.injection.money.split_payments import (
    MOST_ABOVE,
    MOST_PARTS,
    Parting,
    in_parts,
    least_parts,
    parts,
)

HOUR = 3_600_000_000_000


def orders(ts: list[int], payer: list[int], payee: list[int]) -> Orders:
    size = len(ts)
    zero = np.zeros(size, dtype=np.int64)
    return Orders(
        ts=np.array(ts, dtype=np.int64), payer=np.array(payer, np.int32), payee=np.array(payee, np.int32),
        amount=zero, channel=zero.astype(np.int8), purpose=zero.astype(np.int8),
        merchant=(zero - 1).astype(np.int32), order_id=np.arange(size),
        plan_row=np.arange(size, dtype=np.int32),
    )  # fmt: skip


@pytest.mark.parametrize(
    ("amount", "size", "number"),
    [
        (600, 100, 1),
        (601, 600, 2),
        (1_300, 600, 3),
        (1_300, 250, 5),
        (1_300, 1, MOST_PARTS),
        (10**6, 600, MOST_PARTS),
    ],
)
def test_so_many_parts(amount: int, size: int, number: int) -> None:
    one, limit, size_of = np.array([amount]), np.array([600.0]), np.array([size])
    assert parts(one, limit, Parting(size_of, np.array([1]))).tolist() == [number]
    assert parts(one, limit, Parting(size_of, np.array([4]))).tolist() == [max(number, 4)]
    assert parts(np.array([2]), limit, Parting(size_of, np.array([4]))).tolist() == [2]  # of a cent each


def test_parts_make_the_sum_and_come_between_receipt_and_payment() -> None:
    """1 pays 2 in three parts, 2 passes it on half an hour later in four, 3 is paid at once by 4."""
    day = 24 * HOUR
    paid = orders([day, day + HOUR // 2, day + HOUR], [1, 2, 4], [2, 3, 3])
    number, amounts = np.array([3, 4, 1]), np.array([900, 900, 50])
    is_slow = np.zeros(3, dtype=np.bool_)
    for seed in range(20):
        made, sums, is_part = in_parts(paid, amounts, number, is_slow, 0, np.random.default_rng(seed))
        assert (np.diff(made.ts) >= 0).all()
        assert np.bincount(made.plan_row).tolist() == number.tolist()
        assert np.bincount(made.plan_row, sums).tolist() == amounts.tolist()
        assert is_part.tolist() == (made.plan_row < 2).tolist()
        first, second = made.ts[made.plan_row == 0], made.ts[made.plan_row == 1]
        assert first.max() == day
        assert first.min() >= day - 2 * HOUR
        assert second.max() == day + HOUR // 2
        assert second.min() >= day  # not before it had come in
        assert made.ts[made.plan_row == 2].tolist() == [day + HOUR]
        assert len(set(first.tolist())) == 3


def test_no_part_is_paid_before_the_table_begins() -> None:
    paid = orders([HOUR], [1], [2])
    for is_slow in (np.array([False]), np.array([True])):
        rng = np.random.default_rng(0)
        made, _, _ = in_parts(paid, np.array([900]), np.array([8]), is_slow, HOUR - 1_000, rng)
        assert len(made) == 8
        assert made.ts.min() >= HOUR - 1_000


def test_slow_parts_keep_the_hour_on_earlier_days() -> None:
    paid, yes = orders([240 * HOUR], [1], [2]), np.array([True])
    made, _, _ = in_parts(paid, np.array([8_000]), np.array([200]), yes, 0, np.random.default_rng(3))
    back = 240 * HOUR - made.ts
    assert set((back // (24 * HOUR)).tolist()) == {0, 1, 2, 3}
    assert (back % (24 * HOUR)).max() <= 2 * HOUR


def test_what_came_in_goes_out_in_as_many_payments_as_hide_it() -> None:
    """9 receipts and 2 payments in a statement with three tenths of receipts; and what cannot be helped."""
    out, into = np.arange(11) >= 9, np.arange(11) < 9
    found = least_parts((out, into), 0.3)
    assert found[:9].tolist() == [1] * 9
    assert 9 / (9 + found[9:].sum()) <= 0.3 + MOST_ABOVE < 9 / (8 + found[9:].sum())
    assert abs(found[9] - found[10]) <= 1
    assert least_parts((out, into), 0.7).tolist() == [1] * 11  # as many as the ledger has, nearly
    assert least_parts((np.arange(11) == 0, into), 0.001)[0] == 1  # the one payment stays within the ledger
    assert least_parts((out[8:10], into[8:10]), 0.0001).tolist() == [1, 4]
    assert least_parts((out, np.full(11, True)), 0.1).tolist() == [1] * 11
    many = least_parts((np.arange(40) == 39, np.arange(40) < 39), 0.1)
    assert many[39] == MOST_PARTS
