"""Payments above what a ledger pays, made in several parts (own).

Where many are paid of the money of one, the one has to pay much more than each of them gets: in a ledger
whose amounts lie close together such a sum would stand out, and were it cut, more would go out than came in.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from finsim.agents.payment_orders import Orders
from finsim.notation import Array, Bool1D, Cents1D, Float1D, Int1D

MOST_PARTS = 8
_SPAN_NS = 2 * 3_600_000_000_000  # assumption: the parts of a payment are paid within two hours


def parts(amounts: Array, limit: Array, sizes: Array) -> Int1D:
    """Return in how many parts each amount is paid: of about the size asked for it where it is above a limit.

    No part is above the limit, unless it took more than 8.
    """
    number = np.maximum(np.ceil(amounts / limit), np.rint(amounts / sizes))
    return np.where(amounts > limit, np.clip(number, 1, MOST_PARTS), 1).astype(np.int64)


def in_parts(
    orders: Orders, amounts: Cents1D, number: Int1D, first: int, rng: np.random.Generator
) -> tuple[Orders, Float1D, Bool1D]:
    """Return the payments of one scheme in ``number`` equal parts each, and which rows are parts.

    Rows come in order of time.
    The last part is paid when the whole was, the others in the two hours before, not before the money that
    the payer was paid last, nor before ``first`` (ns).
    """
    whole = np.repeat(np.arange(len(orders)), number)
    is_last = np.append(whole[1:] != whole[:-1], True) if len(whole) else np.zeros(0, dtype=np.bool_)
    begin = np.maximum(_paid_before(orders), np.maximum(orders.ts - _SPAN_NS, first))
    room = np.maximum(orders.ts - begin, 0)[whole]
    back = np.where(is_last, 0, (room * rng.random(len(whole))).astype(np.int64))
    made = replace(orders.take(whole), ts=orders.ts[whole] - back)
    order = np.argsort(made.ts, kind="stable")
    return made.take(order), (amounts / number)[whole][order], (number > 1)[whole][order]


def _paid_before(orders: Orders) -> Int1D:
    """Return when each payer was paid last before its payment, very early where it was not."""
    found = np.full(len(orders), -(2**62))
    last: dict[int, int] = {}
    for row, (payer, payee, ts) in enumerate(
        zip(orders.payer.tolist(), orders.payee.tolist(), orders.ts.tolist(), strict=True)
    ):
        found[row] = last.get(payer, -(2**62))
        last[payee] = ts
    return found
