"""Payments of schemes as the statements of both accounts tell them: out to somebody, and in from somebody."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from finsim.agents.channels_by_amount import ChannelsByAmount
from finsim.agents.payment_orders import Orders, public_id
from finsim.kernels.ledger import POSTED, Book, Rows
from finsim.notation import Array, Bool1D, Cents1D, Float2D, Int1D

SECOND = 1 << 61
"""What the order id of the second row of a payment has more; no other order has it."""


@dataclass(frozen=True)
class Middles:
    """Outside accounts that stand between two inside ones: positions int64[K], their shops (-1 for none).

    ``paid`` and ``pays`` float64[K, C]: how many ordinary rows go to each by each channel, and come from it.
    ``receipts``: by what channels ordinary rows come in, which the second row of a payment has; without rows
    it has the first one's.
    """

    account: Int1D
    shop: Int1D
    paid: Float2D
    pays: Float2D
    receipts: ChannelsByAmount


def as_statements(
    orders: Orders, rows: Rows, book: Book, before: Cents1D, middles: Middles
) -> tuple[Orders, Rows]:
    """Return the rows of a slice with each payment of a scheme between two inside accounts as two rows.

    A single-sided ledger knows one account of each row: the payment goes to an outside account and, at the
    same instant, comes from one to its payee; a declined one has the first row alone. Both are drawn as often
    as ordinary rows of the row's channel have them. ``before``: balances in front of the slice; those of
    outside accounts in ``book`` are changed to what the rows leave.
    """
    payer, payee = orders.payer.astype(np.int64), orders.payee.astype(np.int64)
    inner = (orders.plan_row >= 0) & ~book.external[payer] & ~book.external[payee]
    at = np.repeat(np.arange(len(inner)), np.where(inner & (rows.status == POSTED), 2, 1))
    second = np.zeros(len(at), dtype=np.bool_)
    second[1:] = at[1:] == at[:-1]
    first = inner[at] & ~second
    some = orders.take(at)
    order_id = np.where(second, some.order_id + SECOND, some.order_id)
    channel = _channels(some.channel, second, rows.amount[at], order_id, middles.receipts)
    to, of = (_drawn(order_id, channel, weights) for weights in (middles.paid, middles.pays))
    made = replace(
        some,
        payer=np.where(second, middles.account[of], some.payer).astype(some.payer.dtype),
        payee=np.where(first, middles.account[to], some.payee).astype(some.payee.dtype),
        merchant=np.where(first, middles.shop[to], np.where(second, middles.shop[of], some.merchant)).astype(
            some.merchant.dtype
        ),
        order_id=order_id,
        channel=channel,
    )
    told = Rows(rows.status[at], rows.amount[at], rows.payer_after[at], rows.payee_after[at])
    return made, _with_outside(made, told, book, before)


def _channels(
    channel: Array, second: Bool1D, amount: Cents1D, order_id: Int1D, receipts: ChannelsByAmount
) -> Array:
    """Return the channels of rows, those of second rows as the ledger's receipts of such sums have them."""
    found = channel.copy()
    if len(receipts):
        u = public_id(public_id(order_id[second])) / 2.0**63  # the first id has drawn the account
        found[second] = receipts.near(amount[second], u)
    return found


def _drawn(order_id: Int1D, channel: Array, weights: Float2D) -> Int1D:
    """Return places drawn by the weights of a row's channel, from the order ids alone.

    A channel without weight has the weights of all channels.
    """
    whole = weights.sum(axis=1)
    whole = whole if whole.any() else np.ones(len(whole))
    running = np.cumsum(np.where(weights.any(axis=0), weights, whole[:, None]), axis=0)
    u = public_id(order_id) / 2.0**63
    found = np.zeros(len(channel), dtype=np.int64)
    for code in np.unique(channel):
        here = channel == code
        found[here] = np.searchsorted(running[:, code], u[here] * running[-1, code], side="right")
    return np.minimum(found, len(weights) - 1)


def _with_outside(orders: Orders, rows: Rows, book: Book, before: Cents1D) -> Rows:
    """Return the rows with the balances of outside accounts run again."""
    size = len(orders)
    side = np.concatenate([orders.payer, orders.payee]).astype(np.int64)
    moved = np.where(rows.status == POSTED, rows.amount, 0)
    flow = np.concatenate([-moved, moved])
    mine = np.flatnonzero(book.external[side])
    mine = mine[np.lexsort((mine % max(size, 1), side[mine]))]
    account, total = side[mine], np.cumsum(flow[mine])
    begins = np.flatnonzero(np.diff(account, prepend=-1))
    ahead = np.repeat(np.concatenate([[0], total])[begins], np.diff(np.append(begins, len(mine))))
    after = np.concatenate([rows.payer_after, rows.payee_after])
    after[mine] = before[account] + total - ahead
    ends = np.append(begins[1:], len(mine)) - 1
    book.balance[account[ends]] = after[mine[ends]]
    return Rows(rows.status, rows.amount, after[:size], after[size:])
