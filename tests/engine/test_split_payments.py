"""Sums above what a ledger pays are paid in parts, before they are passed on and after they came in."""

from __future__ import annotations

import numpy as np
import pytest

from finsim.agents.payment_orders import Orders
from finsim.engine.injection.split_payments import MOST_PARTS, in_parts, parts

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
    assert parts(np.array([amount]), np.array([600.0]), np.array([size])).tolist() == [number]


def test_parts_make_the_sum_and_come_between_receipt_and_payment() -> None:
    """1 pays 2 in three parts, 2 passes it on half an hour later in four, 3 is paid at once by 4."""
    day = 24 * HOUR
    paid = orders([day, day + HOUR // 2, day + HOUR], [1, 2, 4], [2, 3, 3])
    number, amounts = np.array([3, 4, 1]), np.array([900, 900, 50])
    for seed in range(20):
        made, sums, is_part = in_parts(paid, amounts, number, 0, np.random.default_rng(seed))
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
    made, _, _ = in_parts(paid, np.array([900]), np.array([8]), HOUR - 1_000, np.random.default_rng(0))
    assert len(made) == 8
    assert made.ts.min() >= HOUR - 1_000
