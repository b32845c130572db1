"""How much of each posted payment is illicit money: proportional mixing, one payment after the other.

An account's money is one pool: what it pays has the illicit share of the pool ("haircut"; Möser, Böhme and
Breuker 2014, "Towards risk scoring of Bitcoin transactions", compare it with poison).
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from finsim.kernels.kernel import kernel
from finsim.kernels.ledger import POSTED, Moves, Rows
from finsim.notation import Array, Bool1D

CLEAN, MIXED, SOURCE = range(3)


class Pools(NamedTuple):
    """Illicit cents in each account, float64 [A], changed in place; external accounts hold none."""

    held: Array
    external: Bool1D


@kernel
def follow_taint(moves: Moves, rows: Rows, mark: Array, pools: Pools, share: Array) -> None:
    """Fill ``share`` with the illicit share of every order's money in thousandths, 0 for what was not posted.

    ``mark`` uint8[N]: SOURCE brings illicit money in, whoever pays; MIXED does where an account outside pays;
    else the row has the share of the payer's balance before it. What lies above the balance is borrowed and
    clean. Money that repays an overdraft or a card is gone: no account holds more illicit money than its
    balance. What is booked is not rounded.
    """
    held, external = pools
    for i in range(len(moves.amount)):
        part = 0.0
        if rows.status[i] == POSTED:
            payer, payee, amount = moves.payer[i], moves.payee[i], rows.amount[i]
            if held[payer] > 0.0:
                part = held[payer] / max(rows.payer_after[i] + amount, amount)
                held[payer] -= part * amount
                if rows.payer_after[i] <= 0 or held[payer] < 0.0:
                    held[payer] = 0.0
            if mark[i] == SOURCE or (mark[i] == MIXED and external[payer]):
                part = 1.0
            if part > 0.0 and not external[payee]:
                after = rows.payee_after[i]
                held[payee] += part * (max(after, 0) - max(after - amount, 0))
        share[i] = np.floor(part * 1_000.0 + 0.5) / 1_000.0
