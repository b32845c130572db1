"""Refunds within a scheme: each answers a sale of the same scheme, if one covers it."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass

import numpy as np

from finsim.agents.payment_orders import Orders
from finsim.agents.schemes.scheme_plan import SchemePlan
from finsim.agents.vocabulary import PURPOSE
from finsim.kernels.ledger import POSTED, Rows
from finsim.notation import Int1D

_REFUND = PURPOSE["refund"]


@dataclass
class _Sale:
    """A posted payment of a scheme: its row, both accounts, and the cents that nothing has given back."""

    row: int
    payer: int
    payee: int
    left: int


class SchemeRefunds:
    """Remembers the payments of schemes that refund something; ``planned``: their orders and the plan."""

    def __init__(self, planned: tuple[Orders, SchemePlan]) -> None:
        orders, plan = planned
        self._scheme = plan.steps.scheme
        self._refunds = np.zeros(len(plan), dtype=np.bool_)
        self._refunds[self._scheme[orders.plan_row[orders.purpose == _REFUND]]] = True
        self._sales: dict[int, list[_Sale]] = defaultdict(list)

    def of(self, orders: Orders, rows: Rows, first: int, found: Int1D) -> None:
        """Put the latest sale that covers it into ``found`` int64[N] for each refund of a scheme."""
        mine = np.flatnonzero((orders.plan_row >= 0) & (rows.status == POSTED))
        scheme = self._scheme[orders.plan_row[mine]]
        for at, number in zip(mine.tolist(), scheme.tolist(), strict=True):
            if not self._refunds[number]:
                continue
            payer, payee, cents = int(orders.payer[at]), int(orders.payee[at]), int(rows.amount[at])
            if orders.purpose[at] != _REFUND:
                self._sales[number].append(_Sale(first + at, payer, payee, cents))
                continue
            for sale in reversed(self._sales[number]):
                if (sale.payer, sale.payee) == (payee, payer) and sale.left >= cents:
                    sale.left -= cents
                    found[at] = sale.row
                    break
