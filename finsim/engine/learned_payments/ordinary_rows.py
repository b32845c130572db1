"""The ledger's own payments as examples of schemes: who is paid by purchases, which rows are free (own).

A landlord, a phone company and a cash machine have names as shops have, and are paid by standing orders at
hours of a batch: a scheme that buys there by card, or at such an hour, is told by one row.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

import numpy as np

from finsim.agents.payment_orders import Orders
from finsim.agents.vocabulary import CHANNEL
from finsim.engine.injection.accounts.cash_words import machine_words
from finsim.engine.injection.accounts.purchase_payees import MONTHLY, Sales, Word, paid_by_purchases
from finsim.engine.injection.accounts.transfer_words import RHYTHMS, near_in_rhythm
from finsim.engine.injection.entity_histories import cash_words
from finsim.engine.learned_payments.life_orders import Places, life_orders
from finsim.engine.learned_payments.training_ledger import PaymentLedger
from finsim.notation import NANOS_PER_DAY, Bool1D, Int1D, minor_units
from finsim.records.mixed_table import WORD

_MOSTLY = 0.6  # assumption: share of rows in a rhythm from which on they are all of what an account does
_MOST_WORDS = 64  # assumption: more are names or remarks


@dataclass(frozen=True)
class OrdinaryRows:
    """Payments of a ledger, and of its counterparties which are paid by purchases or standing orders.

    ``bought`` bool[M]: merchants paid by purchases, all where none is; ``standing`` bool[K]: counterparties
    outside, by place among them, that are no merchants and pay or are paid in a rhythm alone.
    """

    orders: Orders
    places: Places
    bought: Bool1D
    standing: Bool1D

    @classmethod
    def of(cls, ledger: PaymentLedger) -> OrdinaryRows:
        """Return the rows of a ledger, made once for each that is held."""
        return _made(_Held(ledger))

    def free(self, orders: Orders, places: Places) -> Bool1D:
        """Return bool[m], payments whose time somebody chooses: purchases, and transfers but standing ones.

        All where none is.
        """
        at_shop = orders.merchant >= 0
        held = np.zeros(len(orders), dtype=np.bool_)
        for side in (orders.payer, orders.payee):
            held |= np.append(self.standing, False)[_outer(side, places, len(self.standing))]
        found = np.where(at_shop, np.append(self.bought, False)[orders.merchant], ~held)
        return found if found.any() else np.ones(len(orders), dtype=np.bool_)


@dataclass(frozen=True, eq=False)
class _Held:
    """A ledger as the key of a cache: itself, and no other one."""

    ledger: PaymentLedger

    def __eq__(self, other: object) -> bool:
        return isinstance(other, _Held) and other.ledger is self.ledger

    def __hash__(self) -> int:
        return id(self.ledger)


@lru_cache(maxsize=2)
def _made(held: _Held) -> OrdinaryRows:
    ledger = held.ledger
    places = Places.of(ledger, ledger.log.count)
    orders = life_orders(ledger.log, ledger, places, 0)
    return OrdinaryRows(orders, places, _bought(ledger, orders), _standing(ledger, orders, places))


def _days(ledger: PaymentLedger) -> int:
    return int((ledger.log.end - ledger.log.begin) // NANOS_PER_DAY)


def _bought(ledger: PaymentLedger, orders: Orders) -> Bool1D:
    shops = int(ledger.shops.sum())
    shop = orders.merchant.astype(np.int64)
    sold = (shop >= 0) & (orders.payer < ledger.log.count)
    if not sold.any():
        return np.ones(shops, dtype=np.bool_)
    monthly = np.zeros(len(orders), dtype=np.bool_)
    if _days(ledger) >= 2 * RHYTHMS[2][1]:
        keys = (orders.payer.astype(np.int64), shop, sold.astype(np.int64))
        monthly = near_in_rhythm(keys, orders.ts // NANOS_PER_DAY, MONTHLY) & sold
    sales = Sales(shop, sold, orders.amount, monthly, shops)
    found = paid_by_purchases(sales, _words(ledger, orders), minor_units(ledger.currency))
    return found if found.any() else np.ones(shops, dtype=np.bool_)


def _words(ledger: PaymentLedger, orders: Orders) -> list[Word]:
    """Return the columns of few words but those of the parties, and the channels as finsim says them."""
    log, rows = ledger.log, orders.order_id
    roles = log.roles
    taken = {roles.time, roles.amount, roles.partner, roles.direction, roles.currency, ledger.name}
    found = []
    for name, column in log.events.columns.items():
        if name in taken or column.kind != WORD or not 2 <= len(column.words) <= _MOST_WORDS:
            continue
        codes = column.values[rows].astype(np.int64)
        cash, machine = (np.append(one(column.words), False)[codes] for one in (cash_words, machine_words))
        found.append(Word(codes, cash, machine, np.zeros(len(rows), dtype=np.bool_)))
    channel = orders.channel.astype(np.int64)
    debit = channel == CHANNEL["direct_debit"]
    return [*found, Word(channel, channel == CHANNEL["cash"], np.zeros_like(debit), debit)]


def _standing(ledger: PaymentLedger, orders: Orders, places: Places) -> Bool1D:
    """Return bool[K], counterparties outside that pay, or are paid, the same sums in a rhythm alone."""
    count = len(ledger.outside)
    payer, payee = orders.payer.astype(np.int64), orders.payee.astype(np.int64)
    outer = np.maximum(_outer(payer, places, count), _outer(payee, places, count))
    rows = np.flatnonzero((outer >= 0) & (orders.merchant < 0))
    if _days(ledger) < 2 * RHYTHMS[2][1] or not len(rows):
        return np.zeros(count, dtype=np.bool_)
    keys = (payer[rows], payee[rows], orders.amount[rows])
    held = near_in_rhythm(keys, orders.ts[rows] // NANOS_PER_DAY)
    total = np.bincount(outer[rows], minlength=count)
    found: Bool1D = (total > 0) & (np.bincount(outer[rows][held], minlength=count) >= _MOSTLY * total)
    return found


def _outer(side: Int1D, places: Places, count: int) -> Int1D:
    """Return the place of accounts among the ``count`` counterparties outside, -1 for any other."""
    found = side.astype(np.int64) - places.named
    return np.where((found >= 0) & (found < count), found, -1)
