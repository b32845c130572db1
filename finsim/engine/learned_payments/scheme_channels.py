"""Channels of schemes in a learned world: those by which the ledger pays such sums."""

from __future__ import annotations

import numpy as np

from finsim.agents.channels_by_amount import ChannelsByAmount
from finsim.agents.payment_orders import Orders, public_id
from finsim.agents.vocabulary import CHANNEL, CHANNELS
from finsim.engine.injection.ledger_columns import SINGLE
from finsim.engine.learned_payments.ordinary_rows import OrdinaryRows
from finsim.engine.learned_payments.payment_words import AT_SHOPS, BETWEEN_ACCOUNTS
from finsim.engine.learned_payments.statement_channels import StatementRows, statement_channels
from finsim.engine.learned_payments.training_ledger import PaymentLedger
from finsim.notation import Array, Bool1D, Cents1D, Float1D
from finsim.randomness import Streams

_AT_SHOPS = ("card_present", "card_not_present")
_TRANSFERS = ("instant", "ach", "wire", "internal")
_BUT_CASH = tuple(name for name in CHANNELS if name != "cash")
_KEPT = 0.1
"""Share of payments that keep the channel of the narrative (assumption).

A narrative that always pays by a channel that the ledger hardly uses would be told by it, alone or beside
another column: with a tenth kept, the area under the curve of the channel is at most 0.55 among payments of
its sort.
"""


def scheme_channels(
    orders: Orders, sums: Cents1D, entities: int, ledger: PaymentLedger, streams: Streams
) -> Array:
    """Return the channels of planned payments, int8[m].

    ``sums`` int64[m] is what they are expected to move, 0 for unknown; the first ``entities`` accounts are
    the ledger's. Channels that the ledger does not have become its fallback, or its first. Of card payments
    at shops and of transfers nine tenths are drawn from the ledger's rows of that sort with amounts near;
    cash, cheques and direct debits stay. Where rows do not say whether they are at a shop (ledgers without
    shops), all but cash are drawn so; statements have a law of their own (``statement_channels``). A channel
    by which a merchant is never paid becomes one by which it is.
    """
    channel = _known(orders, ledger)
    draws = _draws(orders, streams)
    if ledger.layout == SINGLE:
        rows = StatementRows.of(ledger)
        channel = statement_channels(orders, channel, sums, rows, entities, draws, _KEPT)
        return _of_merchants(orders, channel, sums, (entities, ledger), draws[1])
    at_shop = orders.merchant >= 0
    whole = np.ones(len(orders), dtype=np.bool_)
    sorts: list[tuple[tuple[str, ...], Bool1D]] = [(_AT_SHOPS, at_shop), (_TRANSFERS, ~at_shop)]
    if not ledger.has_shops:
        sorts = [(_BUT_CASH, whole)]
    for names, here in sorts:
        law = _law(ledger, names)
        if len(law):
            moved = here & _among(channel, names) & (draws[0] >= _KEPT)
            channel[moved] = law.near(sums[moved], draws[1][moved])
    return _of_merchants(orders, channel, sums, (entities, ledger), draws[1])


def _of_merchants(
    orders: Orders, channel: Array, sums: Cents1D, known: tuple[int, PaymentLedger], u: Float1D
) -> Array:
    """Return the channels, where the ledger never pays a merchant so those of its rows with amounts near.

    ``known``: the number of entities, and the ledger; ``u`` float64[m] chooses among the rows.
    """
    entities, ledger = known
    rows = OrdinaryRows.of(ledger).orders
    found = channel.copy()
    by_shop = np.argsort(rows.merchant, kind="stable")
    shops = rows.merchant[by_shop]
    for shop in np.unique(orders.merchant[orders.merchant >= 0]).tolist():
        first, last = np.searchsorted(shops, [shop, shop + 1])
        at_shop = by_shop[first:last]
        for is_sold in (True, False):
            here = (orders.merchant == shop) & ((orders.payer < entities) == is_sold)
            own = at_shop[(rows.payer[at_shop] < ledger.log.count) == is_sold]
            law = ChannelsByAmount.of(rows.amount[own], rows.channel[own])
            odd = here & ~np.isin(channel, law.channels)
            if len(law) and odd.any():
                found[odd] = law.near(sums[odd], u[odd])
    return found


def _draws(orders: Orders, streams: Streams) -> Float1D:
    """Return two draws of every payment from its id alone, so that other schemes leave them: [2, m]."""
    shift = streams.at("learned", "channels").random((2, 1))
    ids = public_id(orders.order_id)
    return np.asarray((np.stack([ids, public_id(ids)]) / 2.0**63 + shift) % 1.0)


def _known(orders: Orders, ledger: PaymentLedger) -> Array:
    has = sorted(CHANNEL[name] for name in ledger.words.channels)
    shop, other = (has[0], has[0]) if has else (CHANNEL[AT_SHOPS], CHANNEL[BETWEEN_ACCOUNTS])
    if CHANNEL[BETWEEN_ACCOUNTS] in has:
        other = CHANNEL[BETWEEN_ACCOUNTS]
    if CHANNEL[AT_SHOPS] in has:
        shop = CHANNEL[AT_SHOPS]
    usual = np.where(orders.merchant >= 0, shop, other)
    if not has and not ledger.has_shops:
        usual = np.full(len(orders), other)
    return np.where(np.isin(orders.channel, has), orders.channel, usual).astype(np.int8)


def _law(ledger: PaymentLedger, names: tuple[str, ...]) -> ChannelsByAmount:
    """Return the rows of the ledger that have one of the channels."""
    values = ledger.log.part("channel")
    if values is None or not ledger.words.channels:
        return ChannelsByAmount.of(np.zeros(0, np.int64), np.zeros(0, np.int8))
    codes = ledger.words.channel[values]
    cents = ledger.cents(ledger.log)
    kept = (cents > 0) & _among(codes, names)
    return ChannelsByAmount.of(cents[kept].astype(np.int64), codes[kept])


def _among(channel: Array, names: tuple[str, ...]) -> Bool1D:
    found: Bool1D = np.isin(channel, [CHANNEL[name] for name in names])
    return found
