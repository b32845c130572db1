"""Merchants of schemes that are where their payer is: another of the town instead of one of another (own)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

import numpy as np

from finsim.agents.payment_orders import Orders
from finsim.agents.schemes.role_casting import Candidates
from finsim.engine.injection.fitting_shops import ShopHabits
from finsim.engine.injection.places.local_shops import NOWHERE, LocalShops, weights
from finsim.notation import Cents1D, Float1D, Int1D

_TRIES = 20


def with_payees_nearby(
    orders: Orders, amounts: Cents1D, who: Mapping[str, Candidates], known: tuple[LocalShops, ShopHabits],
    sides: tuple[Int1D, Int1D], rng: np.random.Generator,
) -> Orders:  # fmt: skip
    """Return the payments of a scheme with merchants of the town where their payer is then.

    ``sides``: the entity and the merchant of each account, -1 for none. A merchant online stays, and one that
    several pay is of the town of most of them. A merchant of the same role (and so currency) is drawn as
    often as it is paid, one that knows the hours and amounts first; at home where the role has none in the
    town.
    """
    entity, shop_of = sides
    local, habits = known
    payer, payee = orders.payer.copy(), orders.payee.copy()
    place = np.where(shop_of >= 0, np.append(local.place, NOWHERE)[shop_of], NOWHERE)
    taken = set(payee.tolist())
    for account in dict.fromkeys(payee[place[payee] >= 0].tolist()):
        mine = np.flatnonzero(orders.payee == account)
        ends = [
            (int(entity[one]), int(ts))
            for one, ts in zip(orders.payer[mine].tolist(), orders.ts[mine].tolist(), strict=True)
            if entity[one] >= 0
        ]
        able = _able(who, account)
        for towns in ([local.of(*one) for one in ends], [int(local.home[one]) for one, _ in ends]):
            told, many = np.unique([one for one in towns if one >= 0], return_counts=True)
            if not len(told) or place[account] in told[many == many.max()]:
                break
            there = able[place[able] == told[many.argmax()]]
            free = there[~np.isin(there, list(taken))]
            if len(free):
                paid = orders.ts[mine], amounts[mine]
                chosen = _fitting(free, weights(local, shop_of[free]), (habits, shop_of), paid, rng)
                payee[mine], payer[orders.payer == account] = chosen, chosen
                taken.add(chosen)
                break
    return replace(orders, payer=payer, payee=payee)


def _able(who: Mapping[str, Candidates], account: int) -> Int1D:
    """Return the accounts of the first role that an account may play, none where it may play none."""
    for one in who.values():
        if account in one.account:
            return one.account
    return np.zeros(0, np.int64)


def _fitting(
    free: Int1D, often: Float1D, known: tuple[ShopHabits, Int1D], paid: tuple[Int1D, Cents1D],
    rng: np.random.Generator,
) -> int:  # fmt: skip
    """Return the first of some drawn that knows all payments, or the one that knows most."""
    habits, shop_of = known
    running = np.cumsum(often)
    best, most = NOWHERE, -1.0
    for u in rng.random(_TRIES):
        at = int(free[np.searchsorted(running, u * running[-1], side="right")])
        share = habits.fit(int(shop_of[at]), *paid)
        if share > most:
            best, most = at, share
        if most == 1.0:
            break
    return best
