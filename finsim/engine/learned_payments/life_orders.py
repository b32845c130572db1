"""Events of learned entities as payment orders on the study's days."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from finsim.agents.everyday.ordinary_payments import ORDER_BLOCK
from finsim.agents.payment_orders import Orders, by_time
from finsim.agents.settings import Settings
from finsim.agents.vocabulary import CATEGORY, CHANNEL, OUTSIDE, PURPOSE
from finsim.engine.learned_payments.counted_once import answering_sides, second_rows, turned_twice
from finsim.engine.learned_payments.payment_words import (
    AT_SHOPS,
    BETWEEN_ACCOUNTS,
    OTHER_CATEGORY,
    OTHER_PURPOSE,
    REFUND,
)
from finsim.engine.learned_payments.training_ledger import PaymentLedger
from finsim.generators.events.habits.echoes.side_fees import EQUAL
from finsim.notation import NANOS_PER_DAY, Array, Bool1D, Int1D, minor_units
from finsim.records.event_log import NAME_ONLY, EventLog
from finsim.records.mixed_table import MISSING_TIME

NOBODY = -1
_WEEK, _YEAR = 7, 364
# Who stands behind a payment of a statement that names no counterparty, by what it is for.
_BEHIND: Mapping[str, str] = {
    "salary": "employer", "pension": "government", "benefit": "government", "tax": "government",
    "rent": "landlord", "utilities": "utility", "insurance": "insurer", "loan": "lender", "cash": "cash",
    "supplier": "supplier", "invoice": "supplier", "investment": "broker", "fee": "fees",
}  # fmt: skip
SOMEBODY = "person"


@dataclass(frozen=True)
class Places:
    """Positions of the accounts of a learned world: entities first, then named counterparties, then sorts.

    ``named`` is the position of the first outside counterparty, ``sorts`` the position of each sort of
    outside account without a name.
    """

    entities: int
    named: int
    sorts: Mapping[str, int]
    total: int

    @classmethod
    def of(cls, ledger: PaymentLedger, entities: int) -> Places:
        """Return the positions of a world of so many entities."""
        after = entities + len(ledger.outside)
        sorts = {name: after + k for k, name in enumerate(OUTSIDE)}
        return cls(entities, entities, sorts, after + len(OUTSIDE))


@dataclass(frozen=True)
class Window:
    """The days of a study in those of the model: ``days`` are sampled, the first ``lead`` cut.

    The weekdays stay; in a ledger of a year or more the time of the year too, where it is long enough.
    """

    origin: int
    lead: int
    days: int
    start: int

    @classmethod
    def of(cls, log: EventLog, settings: Settings) -> Window:
        """Return where the study's days lie in those of a ledger."""
        origin = log.begin // NANOS_PER_DAY
        gap = settings.start_ns // NANOS_PER_DAY - origin
        known = -(-log.end // NANOS_PER_DAY) - origin
        lead = gap % _YEAR
        if lead + settings.days > known:
            lead = gap % _WEEK
        return cls(int(origin), int(lead), int(lead + settings.days), settings.start_ns)

    @property
    def later(self) -> int:
        """Days by which the study lies behind the days of the model."""
        return int(self.start // NANOS_PER_DAY - self.origin - self.lead)

    def moved(self, times: Int1D) -> Int1D:
        """Return instants of the model as instants of the study; those of the cut days lie before it."""
        return np.asarray(times + (self.start - (self.origin + self.lead) * NANOS_PER_DAY))


def life_orders(
    log: EventLog, ledger: PaymentLedger, places: Places, first: int, numbers: Int1D | None = None
) -> Orders:
    """Return the payments of sampled entities, the first of which is entity ``first`` of the world.

    Times are those of the log; rows keep their order, and ``order_id`` is the row. What moves nothing, has no
    amount or no time, or goes from an account to itself is left out. ``numbers``: the entities of the log,
    where they are no run of places.
    """
    entity = (first + log.entity()) if numbers is None else numbers[log.entity()]
    cents = ledger.cents(log)
    paid_out = ledger.direction.paid_out(log)
    purpose = _coded(log, "category", ledger.words.purpose)
    other, shop = _others(log, ledger, places, purpose, paid_out)
    at_shop = shop >= 0
    payer, payee = np.where(paid_out, entity, other), np.where(paid_out, other, entity)
    if log.turned is not None:  # rows of the partner, to whom the entity is the other side
        payer, payee = np.where(log.turned, payee, payer), np.where(log.turned, payer, payee)
    channel = _coded(log, "channel", ledger.words.channel)
    fallback = np.where(at_shop, CHANNEL[AT_SHOPS], CHANNEL[BETWEEN_ACCOUNTS])
    usual = np.where(at_shop, shop_categories(ledger)[shop], PURPOSE[OTHER_PURPOSE])
    usual = np.where(at_shop & ~paid_out, PURPOSE[REFUND], usual)
    keep = (cents > 0) & (payer != payee) & (log.times != MISSING_TIME)
    keep &= ~_second_sides(log, ledger, (payer, payee, entity), cents, places.entities)
    rows = np.flatnonzero(keep)
    return Orders(
        ts=log.times[rows],
        payer=payer[rows].astype(np.int32),
        payee=payee[rows].astype(np.int32),
        amount=cents[rows].astype(np.int64),
        channel=np.where(channel >= 0, channel, fallback)[rows].astype(np.int8),
        purpose=np.where((purpose >= 0) & ~at_shop, purpose, usual)[rows].astype(np.int8),
        merchant=shop[rows].astype(np.int32),
        order_id=rows.astype(np.int64),
        plan_row=np.full(len(rows), -1, dtype=np.int32),
    )


def _second_sides(
    log: EventLog, ledger: PaymentLedger, parties: tuple[Int1D, Int1D, Int1D], cents: Array, entities: int
) -> Bool1D:
    """Return bool[n], rows of a payment that another row is too: it is one payment.

    ``parties``: payer, payee, and the entity of each row.
    """
    payer, payee, entity = parties
    pairs = ledger.pairs
    if log.turned is not None:
        pays = payer == entity
        parties_of = (entity, np.where(pays, payee, payer), pays)
        units = cents / minor_units(ledger.currency)
        reach, laws = (0, (EQUAL,)) if pairs is None else (pairs.reach, pairs.laws)
        return turned_twice(log.turned, parties_of, units, log.times, reach, laws)
    if pairs is None:
        return np.zeros(log.events.rows, dtype=np.bool_)
    if log is ledger.log:
        return second_rows(pairs, log)
    return answering_sides(pairs, log, entities, entity)


def shop_categories(ledger: PaymentLedger) -> Array:
    """Return the category code of each shop, int64[M + 1]: the last for none."""
    known = ledger.words.category[ledger.shops]
    return np.append(np.where(known >= 0, known, CATEGORY[OTHER_CATEGORY]), CATEGORY[OTHER_CATEGORY])


def in_study(orders: Orders, window: Window, settings: Settings, shard: int) -> Orders:
    """Return the orders of a shard that lie in the study, with its ids, sorted by (ts, order_id)."""
    ts = window.moved(orders.ts)
    rows = np.flatnonzero((ts >= settings.start_ns) & (ts < settings.end_ns))
    kept = orders.take(rows)
    return by_time(
        Orders(
            ts[rows],
            kept.payer,
            kept.payee,
            kept.amount,
            kept.channel,
            kept.purpose,
            kept.merchant,
            shard * ORDER_BLOCK + kept.order_id,
            kept.plan_row,
        )
    )


def _coded(log: EventLog, part: str, codes: Array) -> Array:
    """Return the code of every event, -1 where its word is not known."""
    values = log.part(part)
    if values is None or len(codes) == 1:
        return np.full(log.events.rows, NOBODY)
    return np.asarray(codes[values])


def _others(
    log: EventLog, ledger: PaymentLedger, places: Places, purpose: Array, paid_out: Bool1D
) -> tuple[Int1D, Int1D]:
    """Return the account on the other side of every event, and its shop or -1."""
    behind = np.array(
        [places.sorts[_BEHIND.get(name, SOMEBODY)] for name in PURPOSE] + [places.sorts[SOMEBODY]]
    )
    unnamed = behind[purpose]
    codes = log.part("partner")
    none = np.full(log.events.rows, NOBODY)
    if codes is None:
        return unnamed, none
    codes = codes.astype(np.int64)
    inside = places.entities if ledger.log.partner_is_entity else 0
    outer = _learned_ones(log, ledger, codes - inside)
    other = np.where(codes < 0, unnamed, np.where(outer >= 0, places.named + outer, codes))
    number = np.append(np.where(ledger.shops, np.cumsum(ledger.shops) - 1, NOBODY), NOBODY)
    return other, np.where(outer >= 0, number[np.maximum(outer, NOBODY)], NOBODY)


def _learned_ones(log: EventLog, ledger: PaymentLedger, outer: Int1D) -> Int1D:
    """Return the counterparties outside, those that a model made anew as learned ones of one entity.

    Where a payee of one entity would be met by a second, the model makes a twin of it behind the learned
    words; a world has places for learned ones alone.
    """
    known = len(ledger.shops)
    if not (outer >= known).any():
        return outer
    partner = ledger.log.part("partner")
    assert partner is not None
    pairs = np.unique(np.stack([ledger.log.entity(), partner.astype(np.int64)]), axis=1)[1]
    alone = np.bincount(pairs[pairs >= 0], minlength=known) == 1
    words = log.events[str(log.roles.partner)].words
    named = np.array([word.startswith(NAME_ONLY) for word in words])
    found = outer.copy()
    for sort in (False, True):
        rows = np.flatnonzero(outer >= known)
        rows = rows[named[outer[rows]] == sort]
        alike = np.flatnonzero(named[:known] == sort)
        chosen = alike[alone[alike]] if alone[alike].any() else alike
        if len(rows):
            found[rows] = chosen[(outer[rows] - known) % len(chosen)]
    return found
