"""Channels of schemes in statements: those that rows of the direction, the size and the account have."""

from __future__ import annotations

from collections import Counter
from dataclasses import fields, replace

import numpy as np
import pytest

from finsim.agents.payment_orders import Orders
from finsim.agents.statement_rows import SECOND, Middles, as_statements
from finsim.agents.vocabulary import CHANNEL, CHANNELS
from finsim.engine.learned_payments.statement_channels import StatementRows, statement_channels
from finsim.kernels.ledger import POSTED, Book, Rows

CARD, ACH, WIRE, CASH = (CHANNEL[name] for name in ("card_present", "ach", "wire", "cash"))
OWN, SHOP, FIRM, COUNTER = 10, 10, 11, 12  # ten own accounts, three outside


def orders(payer: int, payee: int, channel: int, amount: np.ndarray) -> Orders:
    size = len(amount)
    zero = np.zeros(size, dtype=np.int64)
    return Orders(
        ts=zero, payer=(zero + payer).astype(np.int32), payee=(zero + payee).astype(np.int32), amount=amount,
        channel=np.full(size, channel, np.int8), purpose=zero.astype(np.int8),
        merchant=(zero - 1).astype(np.int32), order_id=np.arange(size),
        plan_row=zero.astype(np.int32),
    )  # fmt: skip


def joined(parts: list[Orders]) -> Orders:
    whole = Orders(*(np.concatenate([getattr(one, name.name) for one in parts]) for name in fields(Orders)))
    return replace(whole, order_id=np.arange(len(whole)))


def as_rows(told: Orders, paid: np.ndarray, pays: np.ndarray) -> Orders:
    """Return the rows of payments that all come off, with receipts as ``rows`` has them."""
    zero = np.zeros(len(told), np.int64)
    book = Book(np.zeros(OWN + 3, np.int64), np.zeros(OWN + 3, np.int64), np.arange(OWN + 3) >= OWN)
    middles = Middles(np.arange(OWN, OWN + 3), np.full(3, -1), paid, pays, rows().law(is_out=False))
    posted = Rows(np.full(len(told), POSTED, np.uint8), told.amount, zero, zero)
    return as_statements(told, posted, book, np.zeros(OWN + 3, np.int64), middles)[0]


def rows() -> StatementRows:
    """Out: cards to shops, wires to firms, cash from counters; in: ach from firms, by card if small."""
    small, large = np.arange(1, 101), np.arange(101, 201)
    paid = [
        orders(1, SHOP, CARD, small), orders(1, FIRM, WIRE, large), orders(2, COUNTER, CASH, small),
        orders(FIRM, 3, ACH, large), orders(FIRM, 3, CARD, small),
    ]  # fmt: skip
    return StatementRows.from_orders(joined(paid), OWN, 3)


def shares(found: np.ndarray) -> dict[int, float]:
    return {one: count / len(found) for one, count in Counter(found.tolist()).items()}


def found(paid: Orders, size: int, kept: float = 0.0) -> dict[int, float]:
    draws = np.random.default_rng(1).random((2, len(paid)))
    sums = np.full(len(paid), size)
    return shares(statement_channels(paid, paid.channel, sums, rows(), OWN, draws, kept))


MANY = np.full(2_000, 1)


def test_rows_with_an_account_behind_lend_theirs() -> None:
    assert found(orders(1, SHOP, ACH, MANY), 50) == {CARD: 1}
    assert found(orders(1, FIRM, ACH, MANY), 50) == {WIRE: 1}
    assert found(orders(FIRM, 1, WIRE, MANY), 40) == {CARD: 1}
    assert found(orders(FIRM, 1, WIRE, MANY), 180) == {ACH: 1}
    assert found(orders(1, COUNTER, ACH, MANY), 50) == {CASH: 1}


def test_between_two_accounts_of_the_ledger_it_is_any_row_but_cash() -> None:
    assert found(orders(1, 2, ACH, MANY), 50) == {CARD: 1}
    assert found(orders(1, 2, ACH, MANY), 150) == {WIRE: 1}


def test_an_account_without_rows_of_the_direction_has_those_of_all() -> None:
    assert found(orders(SHOP, 1, WIRE, MANY), 40) == {CARD: 1}


def test_a_share_stays_but_never_cash() -> None:
    kept = found(orders(1, SHOP, ACH, MANY), 50, kept=0.1)
    assert kept == {CARD: pytest.approx(0.9, abs=0.02), ACH: pytest.approx(0.1, abs=0.02)}
    assert found(orders(1, SHOP, CASH, MANY), 50, kept=0.1) == {CARD: 1}


def test_who_stands_between_two_accounts_is_drawn_by_the_channel() -> None:
    told = joined([orders(1, 2, CARD, MANY * 20), orders(3, 4, WIRE, MANY * 20)])
    made = as_rows(told, *rows().counts())
    second = made.order_id >= SECOND
    assert set(made.payee[~second & (made.channel == CARD)]) == {SHOP}
    assert set(made.payee[~second & (made.channel == WIRE)]) == {FIRM}
    assert set(made.payer[second]) == {FIRM}
    assert set(made.channel[second]) == {CARD}


def test_a_channel_that_no_row_has_is_that_of_all_rows() -> None:
    assert StatementRows.from_orders(orders(1, SHOP, CARD, MANY), OWN, 3).counts()[0][0, CARD] == len(MANY)
    paid = np.zeros((3, len(CHANNELS)))
    paid[:, CARD] = [1, 3, 0]
    made = as_rows(orders(1, 2, WIRE, np.full(4_000, 5)), paid, paid * 0)
    first = made.order_id < SECOND
    assert shares(made.payee[first])[SHOP] == pytest.approx(0.25, abs=0.03)
    assert set(made.payee[first]) == {SHOP, FIRM}
    assert len(set(made.payer[~first])) == 3
