"""How much of each posted payment is illicit money: proportional mixing, one payment after the other.

An account's money is one pool: what it pays has the illicit share of the pool ("haircut"; Möser, Böhme and
Breuker 2014, "Towards risk scoring of Bitcoin transactions", compare it with poison).
"""

from __future__ import annotations

from typing import NamedTuple

from finsim.kernels.kernel import kernel
from finsim.kernels.ledger import POSTED, Moves, Rows
from finsim.notation import Array, Bool1D, Float1D

CLEAN, MIXED, SOURCE = range(3)


class Pools(NamedTuple):
    """Illicit cents in each account, float64 [A], changed in place; external accounts hold none."""

    held: Array
    external: Bool1D


@kernel
def follow_taint(moves: Moves, rows: Rows, mark: Array, pools: Pools, share: Float1D) -> None:
    """Fill ``share`` with the illicit share of every order's money, 0 for what was not posted.

    ``mark`` uint8[N]: SOURCE brings illicit money in, whoever pays; MIXED does where an account outside pays;
    else the row has the share of the payer's balance before it. What lies above the balance is borrowed and
    clean. Money that repays an overdraft or a card is gone: no account holds more illicit money than its
    balance.
    """
    held, external = pools
    for i in range(len(moves.amount)):
        share[i] = 0.0
        if rows.status[i] != POSTED:
            continue
        payer, payee, amount = moves.payer[i], moves.payee[i], rows.amount[i]
        if not external[payer]:
            if held[payer] > 0.0:
                share[i] = held[payer] / max(rows.payer_after[i] + amount, amount)
                held[payer] -= share[i] * amount
            if rows.payer_after[i] <= 0 or held[payer] < 0.0:
                held[payer] = 0.0
        if mark[i] == SOURCE or (mark[i] == MIXED and external[payer]):
            share[i] = 1.0
        if not external[payee] and share[i] > 0.0:
            after = rows.payee_after[i]
            held[payee] += share[i] * (max(after, 0) - max(after - amount, 0))
