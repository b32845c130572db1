"""Merchants of schemes in a learned world that are open when they are paid, and paid such sums (own)."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from finsim.agents.payment_orders import Orders
from finsim.agents.population.merchants import Merchants
from finsim.agents.schemes.scheme_plan import SchemePlan
from finsim.engine.learned_payments.ordinary_hours import is_open
from finsim.engine.learned_payments.ordinary_rows import OrdinaryRows
from finsim.notation import NANOS_PER_DAY, Array, Bool1D, Cents1D, Int1D
from finsim.randomness import Streams

_LEAST = 30  # rows of a merchant that tell its hours and sums
_BEYOND = 1.25  # how far outside its own sums one may lie
_TRIES = 20


@dataclass(frozen=True)
class _Shops:
    """Purchases by merchant: sorted times of the day ``late[starts[m]:starts[m + 1]]``, sums, category."""

    starts: Int1D
    late: Int1D
    low: Cents1D
    high: Cents1D
    category: Int1D

    @classmethod
    def of(cls, known: OrdinaryRows, category: Array) -> _Shops:
        rows, count = known.orders, len(known.bought)
        sold = np.flatnonzero((rows.merchant >= 0) & (rows.payer < known.places.entities))
        shop, late = rows.merchant[sold].astype(np.int64), rows.ts[sold] % NANOS_PER_DAY
        order = np.lexsort((late, shop))
        low, high = np.full(count, 2**62), np.zeros(count, dtype=np.int64)
        np.minimum.at(low, shop, rows.amount[sold])
        np.maximum.at(high, shop, rows.amount[sold])
        starts = np.searchsorted(shop[order], np.arange(count + 1))
        return cls(starts, late[order], low, high, category.astype(np.int64))

    @property
    def rows(self) -> Int1D:
        """Purchases of each merchant."""
        return np.asarray(np.diff(self.starts))

    def fit(self, shop: int, late: Int1D, sums: Cents1D) -> float:
        """Return the share of payments that a merchant knows; one of few rows knows any."""
        times = self.late[self.starts[shop] : self.starts[shop + 1]]
        if len(times) < _LEAST:
            return 1.0
        inside = (sums <= 0) | ((sums <= self.high[shop] * _BEYOND) & (sums >= self.low[shop] / _BEYOND))
        return float(np.mean([is_open(times, one) for one in late.tolist()] & inside))


def with_open_shops(
    orders: Orders, sums: Cents1D, plan: SchemePlan, world: tuple[Merchants, OrdinaryRows], streams: Streams
) -> Orders:
    """Return planned payments with other merchants of the category where one does not know all of them.

    A merchant is drawn as often as it is paid, and taken where it knows more. ``sums`` int64[m] as expected,
    0 for unknown. Who pays back stays: buyers get money of who was paid.
    """
    merchants, known = world
    if not (orders.merchant >= 0).any():
        return orders
    shops = _Shops.of(known, merchants.category)
    scheme = plan.steps.scheme[orders.plan_row].astype(np.int64)
    merchant = orders.merchant.astype(np.int64)
    gives_back = np.append(merchants.account, -1)[merchant] == orders.payer
    for one in np.unique(scheme[merchant >= 0]).tolist():
        mine = scheme == one
        rng = streams.at("learned", "shops", int(plan.id[one]))
        cast = np.unique(orders.merchant[mine & (merchant >= 0)]).tolist()
        taken = set(cast)
        for shop in cast:
            rows = np.flatnonzero(mine & (orders.merchant == shop))
            if gives_back[rows].any():
                continue
            paid = orders.ts[rows] % NANOS_PER_DAY, sums[rows]
            merchant[rows] = _best(shop, taken, paid, (shops, known.bought), rng)
            taken.add(int(merchant[rows[0]]))
    payee = np.where(merchant != orders.merchant, merchants.account[merchant], orders.payee)
    return replace(orders, merchant=merchant.astype(np.int32), payee=payee.astype(np.int32))


def _best(
    shop: int, taken: set[int], paid: tuple[Int1D, Cents1D], ledger: tuple[_Shops, Bool1D],
    rng: np.random.Generator,
) -> int:  # fmt: skip
    """Return the merchant of the category that knows all payments, or the most of them among some drawn."""
    shops, bought = ledger
    best, most = shop, shops.fit(shop, *paid)
    able = np.flatnonzero(bought & (shops.category == shops.category[shop]) & (shops.rows > 0))
    if most == 1.0 or not len(able):
        return best
    running = np.cumsum(shops.rows[able])
    for u in rng.random(_TRIES).tolist():
        other = int(able[np.searchsorted(running, u * running[-1], side="right")])
        share = shops.fit(other, *paid) if other not in taken else 0.0
        if share > most:
            best, most = other, share
        if most == 1.0:
            break
    return best
