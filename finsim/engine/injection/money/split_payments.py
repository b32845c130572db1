"""Payments above what a ledger pays, and those of money that many bring, made in several parts (own).

Where many are paid of the money of one, the one has to pay much more than each of them gets: in a ledger
whose amounts lie close together such a sum would stand out, and were it cut, more would go out than came in.
In a statement with few receipts a story of receipts would be told by their direction alone: what came in goes
out again in as many payments as hide it.
"""

from __future__ import annotations

from dataclasses import replace
from typing import NamedTuple

import numpy as np

from finsim.agents.payment_orders import Orders
from finsim.notation import NANOS_PER_DAY, Array, Bool1D, Cents1D, Float1D, Int1D

MOST_PARTS = 8
MOST_ABOVE = 0.2  # assumption: receipts beyond their share in the ledger; alone they reach an AUC of .6
_SPAN_NS = 2 * 3_600_000_000_000  # assumption: the parts of a payment are paid within two hours of a day
_MOST_DAYS = 3  # assumption: or as many days earlier


class Parting(NamedTuple):
    """How payments [m] are parted: of about what size parts are, and in how many one is paid at least."""

    sizes: Array
    least: Int1D


def parts(amounts: Array, limit: Array, parting: Parting) -> Int1D:
    """Return in how many parts each amount is paid: of about the size asked for it where it is above a limit.

    No part is above the limit, unless it took more than 8, and none is less than a cent.
    """
    number = np.maximum(np.ceil(amounts / limit), np.rint(amounts / parting.sizes))
    above = np.where(amounts > limit, np.clip(number, 1, MOST_PARTS), 1)
    found = np.minimum(np.maximum(above, parting.least), np.maximum(amounts, 1))
    return np.asarray(found).astype(np.int64)


def least_parts(sides: tuple[Array, Array], share_in: float) -> Int1D:
    """Return in how many parts each payment of a scheme is made at least, 1 but for those that go outside.

    sides : whether payer and payee [m] are of the statement; ``share_in`` the receipts of its rows. Receipts
    of the scheme have at most .2 of its rows more than that, where 8 parts of a payment allow it.
    """
    out, into = sides
    found = np.ones(len(out), dtype=np.int64)
    most = share_in + MOST_ABOVE
    free = np.flatnonzero(out & ~into)
    if not 0.0 < most < 1.0 or not len(free):
        return found
    lacking = np.ceil(into.sum() * (1.0 - most) / most) - out.sum()
    if lacking > 0:
        more = np.full(len(free), lacking // len(free)) + (np.arange(len(free)) < lacking % len(free))
        found[free] = np.minimum(1 + more, MOST_PARTS)
    return found


def in_parts(
    orders: Orders, amounts: Cents1D, number: Int1D, over_days: Bool1D, first: int, rng: np.random.Generator
) -> tuple[Orders, Float1D, Bool1D]:
    """Return the payments of one scheme in ``number`` equal parts each, and which rows are parts.

    Rows come in order of time.
    The last part is paid when the whole was, the others in the two hours before, where ``over_days`` bool[m]
    of that day or of up to three days earlier; not before the money that the payer was paid last, nor before
    ``first`` (ns).
    """
    whole = np.repeat(np.arange(len(orders)), number)
    is_last = np.append(whole[1:] != whole[:-1], True) if len(whole) else np.zeros(0, dtype=np.bool_)
    begin = np.maximum(_paid_before(orders), first)
    room = np.maximum(orders.ts - begin, 0)[whole]
    days = np.where(over_days[whole], np.minimum(room // NANOS_PER_DAY, _MOST_DAYS), 0)
    day = (rng.random(len(whole)) * (days + 1)).astype(np.int64) * NANOS_PER_DAY
    span = np.minimum(room - day, _SPAN_NS)
    back = np.where(is_last, 0, day + (span * rng.random(len(whole))).astype(np.int64))
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
