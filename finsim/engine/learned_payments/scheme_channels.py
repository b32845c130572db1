"""Channels of schemes in a learned world: those of the ledger, in its proportions."""

from __future__ import annotations

import numpy as np

from finsim.agents.payment_orders import Orders
from finsim.agents.vocabulary import CHANNEL, CHANNELS
from finsim.engine.injection.ledger_columns import SINGLE
from finsim.engine.learned_payments.payment_words import AT_SHOPS, BETWEEN_ACCOUNTS
from finsim.engine.learned_payments.training_ledger import PaymentLedger
from finsim.notation import Array, Bool1D, Float1D
from finsim.randomness import Streams

_AT_SHOPS = ("card_present", "card_not_present")
_TRANSFERS = ("instant", "ach", "wire", "internal")
_BUT_CASH = tuple(name for name in CHANNELS if name != "cash")
_KEPT = 1 / 3
"""Share of payments that keep the channel of the narrative (assumption).

A narrative that always pays by a channel that the ledger hardly uses would be told by it alone: with a third
kept, the area under the curve of the channel is at most 0.67 among payments of its sort.
"""


def scheme_channels(orders: Orders, ledger: PaymentLedger, streams: Streams) -> Array:
    """Return the channels of planned payments, int8[m].

    Those that the ledger does not have become its fallback, or its first. Of card payments at shops and of
    transfers two thirds are drawn from what the ledger's rows of that sort have; cash, cheques and direct
    debits stay. Where rows do not say whether they are at a shop (statements, ledgers without shops), two
    thirds of all but cash are drawn from what all rows have.
    """
    channel = _known(orders, ledger)
    draws = streams.at("learned", "channels").random((2, len(orders)))
    at_shop = orders.merchant >= 0
    sorts: tuple[tuple[tuple[str, ...], Bool1D], ...] = ((_AT_SHOPS, at_shop), (_TRANSFERS, ~at_shop))
    if ledger.layout == SINGLE or not ledger.has_shops:
        sorts = ((_BUT_CASH, np.ones(len(orders), dtype=np.bool_)),)
    for names, here in sorts:
        share = _shares(ledger, names)
        if share.any():
            moved = here & _among(channel, names) & (draws[0] >= _KEPT)
            channel[moved] = np.searchsorted(np.cumsum(share) / share.sum(), draws[1][moved], side="right")
    return channel


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


def _shares(ledger: PaymentLedger, names: tuple[str, ...]) -> Float1D:
    """Return how many rows of the ledger have each channel, float64[channels]: 0 for all but ``names``."""
    values = ledger.log.part("channel")
    if values is None or not ledger.words.channels:
        return np.zeros(len(CHANNELS))
    codes = ledger.words.channel[values]
    counts = np.bincount(codes[codes >= 0], minlength=len(CHANNELS)).astype(np.float64)
    return np.where(np.isin(np.arange(len(CHANNELS)), [CHANNEL[name] for name in names]), counts, 0.0)


def _among(channel: Array, names: tuple[str, ...]) -> Bool1D:
    found: Bool1D = np.isin(channel, [CHANNEL[name] for name in names])
    return found
