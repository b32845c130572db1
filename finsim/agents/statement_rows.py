"""Payments of schemes as the statements of both accounts tell them: out to somebody, and in from somebody."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from finsim.agents.payment_orders import Orders
from finsim.kernels.ledger import POSTED, Book, Rows
from finsim.notation import Array

SECOND = 1 << 61
"""What the order id of the second row of a payment has more; no other order has it."""


def as_statements(orders: Orders, rows: Rows, book: Book, middle: int, before: int) -> tuple[Orders, Rows]:
    """Return the rows of a slice with each payment of a scheme between two inside accounts as two rows.

    A single-sided ledger knows one account of each row: the payment goes to the outside account ``middle``
    and, at the same instant, from there to its payee; a declined one has the first row alone. ``before`` is
    the balance of ``middle`` in front of the slice, which the two rows leave as it is.
    """
    payer, payee = orders.payer.astype(np.int64), orders.payee.astype(np.int64)
    inner = (orders.plan_row >= 0) & ~book.external[payer] & ~book.external[payee]
    posted = rows.status == POSTED
    own = np.where(payer == middle, rows.payer_after, rows.payee_after)
    told = posted & ~inner & ((payer == middle) | (payee == middle))
    last = np.maximum.accumulate(np.where(told, np.arange(len(told)), -1)) if len(told) else payer
    held = np.where(last >= 0, own[last], before)
    twice = np.where(inner & posted, 2, 1)
    at = np.repeat(np.arange(len(twice)), twice)
    second = np.zeros(len(at), dtype=np.bool_)
    second[1:] = at[1:] == at[:-1]
    first = inner[at] & ~second
    some = orders.take(at)
    made = replace(
        some,
        payer=_where(second, middle, some.payer),
        payee=_where(first, middle, some.payee),
        order_id=np.where(second, some.order_id + SECOND, some.order_id),
    )
    amount = rows.amount[at]
    kept = np.where(posted[at], amount, 0)
    return made, Rows(
        rows.status[at], amount,
        np.where(second, held[at], rows.payer_after[at]),
        np.where(first, held[at] + kept, rows.payee_after[at]),
    )  # fmt: skip


def _where(chosen: Array, value: int, others: Array) -> Array:
    return np.where(chosen, value, others).astype(others.dtype)
