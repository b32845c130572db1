"""The row that each payment answers, found as payments are posted; source: own."""

from __future__ import annotations

import numpy as np

from finsim.agents.originals.refund_links import RefundLinks
from finsim.agents.originals.scheme_refunds import SchemeRefunds
from finsim.agents.payment_orders import STORED_NS, Orders
from finsim.agents.schemes.scheme_plan import SchemePlan
from finsim.agents.vocabulary import PURPOSE
from finsim.kernels.ledger import DECLINED, POSTED, Rows
from finsim.kernels.payments.tried_again import NOTHING, Declines, Tries, follow_declines
from finsim.notation import NANOS_PER_DAY, Int1D

WITHIN = NANOS_PER_DAY
"""assumption: what is ordered a day after a decline is a new payment."""
_REFUND = PURPOSE["refund"]


class RowOriginals:
    """Goes through rows in the order of time and tells which earlier row each answers.

    A refund of ordinary life answers the sale of ``links``, one of a scheme a sale of the same scheme that
    covers it; any other payment may try a declined one again. A refund whose sale has no row, or was
    declined, answers none. ``accounts`` is their number, ``planned`` the payments of schemes and the plan
    behind them.
    """

    def __init__(self, links: RefundLinks, planned: tuple[Orders, SchemePlan], accounts: int) -> None:
        ts = links.ts - links.ts % STORED_NS
        order = np.lexsort((links.sale, ts))
        self._ts, self._sale = ts[order], links.sale[order]
        self._place = np.argsort(links.refund[order])
        self._refund = links.refund[order][self._place]
        self._row = np.full(len(links), NOTHING, dtype=np.int64)
        self._schemes = SchemeRefunds(planned)
        self._kept = Declines(
            np.full(accounts, NOTHING, dtype=np.int64),
            np.zeros(accounts, dtype=np.int32),
            np.zeros(accounts, dtype=np.int8),
            np.zeros(accounts, dtype=np.int64),
            np.zeros(accounts, dtype=np.int64),
        )

    def of(self, orders: Orders, rows: Rows, first: int) -> Int1D:
        """Return the ``tx_id`` of the row that each row answers, int64[N], -1 without.

        ``first`` is that of the first row. Calls come in the order of time, with the written rows alone.
        """
        found = np.empty(len(orders), dtype=np.int64)
        tries = Tries(
            orders.payer, orders.payee, orders.channel, orders.ts, rows.amount, rows.status == DECLINED
        )
        follow_declines(tries, first, WITHIN, self._kept, found)
        self._note_sales(orders, rows, first)
        back = np.flatnonzero(orders.purpose == _REFUND)
        found[back] = self._sale_of(orders.order_id[back])
        self._schemes.of(orders, rows, first, found)
        return found

    def _note_sales(self, orders: Orders, rows: Rows, first: int) -> None:
        """Remember the rows of posted sales that are given back later."""
        if not len(orders) or not len(self._ts):
            return
        low = int(np.searchsorted(self._ts, orders.ts[0], side="left"))
        wanted = np.arange(low, np.searchsorted(self._ts, orders.ts[-1], side="right"))
        at = np.searchsorted(orders.ts, self._ts[wanted], side="left")
        while len(wanted):  # several orders may have one instant
            inside = at < len(orders)
            wanted, at = wanted[inside], at[inside]
            same = orders.ts[at] == self._ts[wanted]
            wanted, at = wanted[same], at[same]
            hit = orders.order_id[at] == self._sale[wanted]
            sold = hit & (rows.status[at] == POSTED)
            self._row[wanted[sold]] = first + at[sold]
            wanted, at = wanted[~hit], at[~hit] + 1

    def _sale_of(self, refund: Int1D) -> Int1D:
        if not len(self._refund):
            return np.full(len(refund), NOTHING, dtype=np.int64)
        near = np.minimum(np.searchsorted(self._refund, refund), len(self._refund) - 1)
        row = self._row[self._place[near]]
        return np.where(self._refund[near] == refund, row, NOTHING)
