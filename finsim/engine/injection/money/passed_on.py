"""What a scheme passes on, tied to what was written: no more goes out of a pot than came into it (own).

Amounts move to sums that the ledger writes, to those of their relation and into parts, so what a mule got is
not what the story planned. Each payment that is a share of a pot is therefore made again, in their order, of
what the rows before it say.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from finsim.agents.payment_orders import Orders
from finsim.kernels.ledger import OF_POT, Plan
from finsim.notation import Bool1D, Cents1D, Float1D, Int1D

Writing = Callable[[Float1D, Int1D, float], Cents1D]
"""Sums of some rows, which rows of the scheme, the most that each may be: int64 sums as the ledger writes."""


def passed_on(orders: Orders, amounts: Cents1D, plan: Plan, written: Writing) -> tuple[Bool1D, Cents1D]:
    """Return which rows of a scheme have money, bool[m], and the amounts int64[m] of all.

    ``orders`` in order of time; rows of one payment are its equal parts, and it comes off with the last of
    them. Only payments that are a share of a pot change; one for which nothing is left is not made.
    """
    found, pots = np.array(amounts, dtype=np.int64), dict[int, int]()
    for row, rows in payments(orders.plan_row):
        source, target = int(plan.pot_from[row]), int(plan.pot_to[row])
        if plan.mode[row] == OF_POT and source >= 0:
            left = pots.get(source, 0)
            whole = int(plan.share[row] * left)
            found[rows] = 0
            rows = rows[max(len(rows) - whole, 0) :]
            if whole:
                most = max(whole, left) / len(rows)
                found[rows] = written(np.full(len(rows), whole / len(rows)), rows, most)
        total = int(found[rows].sum())
        if source >= 0:
            pots[source] = max(pots.get(source, 0) - total, 0)
        if target >= 0:
            pots[target] = pots.get(target, 0) + total
    return found > 0, found


def payments(plan_row: Int1D) -> list[tuple[int, Int1D]]:
    """Return the payments of a scheme in order of their last rows: the row of the plan, and their rows."""
    last: dict[int, list[int]] = {}
    for row, one in enumerate(plan_row.tolist()):
        last.setdefault(one, []).append(row)
    order = sorted(last, key=lambda one: last[one][-1])
    return [(one, np.array(last[one], dtype=np.int64)) for one in order]


def is_passed_on(orders: Orders, plan: Plan) -> Bool1D:
    """Return which rows are a share of what came in: bool[m]."""
    return np.asarray((plan.mode[orders.plan_row] == OF_POT) & (plan.pot_from[orders.plan_row] >= 0))
