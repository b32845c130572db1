"""What a scheme passes on and spends, tied to what was written: no more goes out than came in (own).

Amounts move to sums that the ledger writes, to those of their relation and into parts, so what a mule got is
not what the story planned. Each payment that is a share of a pot is therefore made again, in their order, of
what the rows before it say; what an account that was paid in the scheme spends in shops is bounded by what is
left of that, and what a transfer costs comes out of it too.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

import numpy as np

from finsim.agents.payment_orders import Orders
from finsim.kernels.ledger import OF_POT, Plan
from finsim.notation import Bool1D, Cents1D, Float1D, Int1D

Writing = Callable[[Float1D, Int1D, float], Cents1D]
"""Sums of some rows, which rows of the scheme, the most that each may be: int64 sums as the ledger writes."""


def no_fees(amount: int) -> tuple[int, int]:
    """Return that a transfer costs neither side anything."""
    return 0, 0


class Bounds(NamedTuple):
    """What bounds m payments: ``spends`` bool[m] those in shops of what an account was paid in the scheme.

    ``least``: the smallest sum that is spent; ``moves`` bool[m] transfers, whose ``fees`` say by how much
    more the payer's row may say of a sum, and by how much less the payee's.
    """

    spends: Bool1D
    least: int
    moves: Bool1D
    fees: Callable[[int], tuple[int, int]] = no_fees


def passed_on(
    orders: Orders, amounts: Cents1D, plan: Plan, written: Writing, bounds: Bounds
) -> tuple[Bool1D, Cents1D]:
    """Return which rows of a scheme have money, bool[m], and the amounts int64[m] of all.

    ``orders`` in order of time; rows of one payment are its equal parts, and it comes off with the last of
    them. Only payments that are a share of a pot change, and those spent; one for which nothing is left is
    not made.
    """
    found = np.array(amounts, dtype=np.int64)
    pots, held, spent = dict[int, int](), dict[int, int](), set[int]()
    for row, rows in payments(orders.plan_row):
        source, target = int(plan.pot_from[row]), int(plan.pot_to[row])
        payer, payee = int(orders.payer[rows[0]]), int(orders.payee[rows[0]])
        moves = bool(bounds.moves[rows[0]])
        if plan.mode[row] == OF_POT and source >= 0:
            left = pots.get(source, 0)
            if payer in spent:
                left = min(left, max(held.get(payer, 0), 0))
            whole = int(plan.share[row] * left)
            found[rows] = 0
            rows = rows[max(len(rows) - whole, 0) :]
            if whole:
                most = max(whole, left) / len(rows)
                most -= bounds.fees(int(most))[0] if moves else 0
                if most >= 1.0:
                    found[rows] = written(np.full(len(rows), min(whole / len(rows), most)), rows, most)
        elif bounds.spends[rows].any():
            most = max(held.get(payer, 0), 0) / len(rows)
            if (found[rows] > most).any():
                asked = np.minimum(found[rows], most)
                found[rows] = written(asked, rows, most) if most >= bounds.least else 0
            spent.add(payer)
        fees = [bounds.fees(one) if moves else (0, 0) for one in found[rows].tolist() if one]
        total = int(found[rows].sum())
        given, got = total + sum(one for one, _ in fees), total - sum(one for _, one in fees)
        if source >= 0:
            pots[source] = max(pots.get(source, 0) - given, 0)
        if target >= 0:
            pots[target] = pots.get(target, 0) + got
        held[payer] = held.get(payer, 0) - given
        held[payee] = held.get(payee, 0) + got
    return found > 0, found


def is_spent(orders: Orders, plan: Plan, shop: Int1D) -> Bool1D:
    """Return which rows are paid to a shop by an account that the scheme pays, and are no share of a pot.

    ``shop`` int64[m, 2] the merchants of payer and payee, -1 for none. A refund is no money of a scheme.
    """
    paid = orders.payee[shop[:, 0] < 0]
    return np.asarray((shop[:, 1] >= 0) & np.isin(orders.payer, paid) & ~is_passed_on(orders, plan))


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
