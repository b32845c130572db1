"""Merchants of a scheme that are paid as others pay them: at hours and in amounts that they know (own)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

import numpy as np

from finsim.agents.payment_orders import Orders
from finsim.agents.schemes.role_casting import Candidates, Member
from finsim.engine.injection.entity_histories import Histories
from finsim.engine.injection.ledger_sample import LedgerSample
from finsim.notation import NANOS_PER_DAY, Cents1D, Float1D, Int1D

_HOUR = NANOS_PER_DAY // 24
_LEAST = 30  # rows of a merchant that tell its hours and amounts
_ALIKE = 2.0  # how many times more or fewer rows another may have: how often it is paid tells nothing then
_RARE = 0.01  # share of its rows within an hour before and after, below which it is never paid then
_BEYOND = 1.25  # how far outside its own amounts one may lie
_TRIES = 20


@dataclass(frozen=True)
class ShopHabits:
    """Of M merchants: ``near`` float64[M, 24] share of rows within an hour of each hour, ``rows`` int64[M].

    ``low`` and ``high`` are their smallest and largest amounts; ``start`` ns the first midnight.
    """

    near: Float1D
    rows: Int1D
    low: Float1D
    high: Float1D
    start: int

    @classmethod
    def of(cls, sample: LedgerSample, past: Histories) -> ShopHabits | None:
        """Return the habits of the merchants of a ledger by its clock, None where it has none."""
        paid = past.outgoing & (past.shop >= 0)
        if past.is_log or not paid.any():
            return None
        shop, hour = past.shop[paid], sample.time[paid] % NANOS_PER_DAY // _HOUR
        counts = np.bincount(shop * 24 + hour, minlength=past.shops * 24).reshape(-1, 24)
        rows = counts.sum(axis=1)
        around = counts + np.roll(counts, 1, axis=1) + np.roll(counts, -1, axis=1)
        low, high = np.full(past.shops, np.inf), np.zeros(past.shops)
        np.minimum.at(low, shop, past.size[paid])
        np.maximum.at(high, shop, past.size[paid])
        return cls(around / np.maximum(rows, 1)[:, None], rows, low, high, sample.begin)

    def fit(self, shop: int, ts: Int1D, amounts: Cents1D) -> float:
        """Return the share of such payments that a merchant knows; one of fewer rows knows any."""
        if self.rows[shop] < _LEAST:
            return 1.0
        hour = (ts - self.start) % NANOS_PER_DAY // _HOUR
        inside = (amounts <= self.high[shop] * _BEYOND) & (amounts >= self.low[shop] / _BEYOND)
        return float((inside & (self.near[shop][hour] >= _RARE)).mean())

    def is_alike(self, shop: int, other: int) -> bool:
        """Whether two merchants are paid about as often."""
        low, high = sorted((int(self.rows[shop]), int(self.rows[other])))
        return high <= _ALIKE * low


def with_fitting_shops(
    orders: Orders, amounts: Cents1D, cast: tuple[Mapping[str, Candidates], Mapping[str, list[Member]]],
    known: tuple[ShopHabits, Int1D], rng: np.random.Generator,
) -> Orders:  # fmt: skip
    """Return the payments of a scheme with other merchants of their role where one does not know them.

    ``cast``: who may play each role, and who does; ``known``: habits, and the merchant of each account.
    """
    who, members = cast
    payee = orders.payee.copy()
    taken = set(payee.tolist())
    for name, group in members.items():
        for account in {one.account for one in group if known[1][one.account] >= 0}:
            mine = np.flatnonzero(orders.payee == account)
            paid_back = (orders.payer == account).any()  # who pays back is who was paid
            if len(mine) and not paid_back:
                payee[mine] = _best(who[name], account, taken, (orders.ts[mine], amounts[mine]), known, rng)
                taken.add(int(payee[mine[0]]))
    return replace(orders, payee=payee)


def _best(
    who: Candidates, account: int, taken: set[int], paid: tuple[Int1D, Cents1D],
    known: tuple[ShopHabits, Int1D], rng: np.random.Generator,
) -> int:  # fmt: skip
    """Return the account of a merchant that knows all payments, or the most of them among some drawn.

    Those of the role come first; where none does, any merchant is drawn, as often as it is paid.
    """
    habits, shop_of = known
    best, most = account, habits.fit(int(shop_of[account]), *paid)
    shops = np.flatnonzero(shop_of >= 0)
    for able, running in (
        (who.account, who.running), (shops, np.cumsum(habits.rows[shop_of[shops]]).astype(np.float64))
    ):  # fmt: skip
        for u in rng.random(_TRIES):
            if most == 1.0:
                return best
            at = int(able[np.searchsorted(running, u * running[-1], side="right")])
            free = at not in taken and shop_of[at] >= 0 and habits.is_alike(shop_of[at], shop_of[account])
            share = habits.fit(int(shop_of[at]), *paid) if free else 0.0
            if share > most:
                best, most = at, share
    return best
