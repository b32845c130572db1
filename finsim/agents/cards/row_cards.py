"""The card of every payment, and the table of cards."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pyarrow as pa

from finsim.agents.cards.card_blocks import card_blocks
from finsim.agents.cards.card_holdings import Holdings, build_holdings
from finsim.agents.observed.found_rows import CASH, IS_CARD
from finsim.agents.observed.scheme_parts import SchemeParts
from finsim.agents.payment_orders import Orders
from finsim.agents.population.population import Accounts
from finsim.agents.schemes.scheme_plan import SchemePlan
from finsim.agents.settings import Settings
from finsim.agents.short_ids import NONE, short_id
from finsim.agents.vocabulary import CARD
from finsim.notation import NANOS_PER_SECOND, SECONDS_PER_DAY, Array, Int1D
from finsim.randomness import Streams
from finsim.records.columns import DAY, coded
from finsim.records.fixed_words import CARD_ENDS, CARD_KINDS
from finsim.records.parties.cards import CARD_SCHEMA

_KEY = 0x0B6E71C9
_KEY_BITS = 30


def public_card(number: Int1D) -> Array:
    """Return card numbers in [0, 2^30) as published: one to one, and silent about whose they are."""
    return short_id(number, _KEY)


@dataclass(frozen=True)
class RowCards:
    """Gives payments their cards: those by card, refunds to one, and cash that is drawn at a machine.

    ``published`` int32[C] are the ids of the cards, sorted by account and begin; ``first`` int64[A + 1] the
    first card of each account, ``moment`` int64[C] account and second of the period as one number.
    """

    published: Array
    first: Int1D
    moment: Int1D
    start_ns: int

    def of(self, orders: Orders) -> Array:
        """Return the published card of each order, int32[N], -1 without."""
        found = np.full(len(orders), NONE, dtype=np.int32)
        by_card = IS_CARD[orders.channel]
        at = np.flatnonzero(by_card | (orders.channel == CASH))
        payer, payee = orders.payer[at].astype(np.int64), orders.payee[at].astype(np.int64)
        # A refund goes back to the card of who is paid; cash that is paid in comes from no card.
        back = by_card[at] & (self.first[payer + 1] == self.first[payer])
        whose = np.where(back, payee, payer)
        count = self.first[whose + 1] - self.first[whose]
        at, whose = at[count > 0], whose[count > 0]
        place = self.first[whose]
        changing = np.flatnonzero(count[count > 0] > 1)
        second = np.maximum((orders.ts[at[changing]] - self.start_ns) // NANOS_PER_SECOND, 0)
        wanted = (whose[changing] << _KEY_BITS) + second
        place[changing] = np.searchsorted(self.moment, wanted, side="right") - 1
        found[at] = self.published[place]
        return found


def with_row_cards(
    accounts: Accounts,
    settings: Settings,
    streams: Streams,
    planned: tuple[Orders, SchemePlan],
    parts: SchemeParts,
) -> tuple[pa.Table, RowCards]:
    """Return the table of cards in CARD_SCHEMA, and what gives rows theirs, for one scenario."""
    held = build_holdings(accounts, settings, streams, card_blocks(planned, parts))
    published = public_card(held.number)
    first = np.searchsorted(held.account, np.arange(len(accounts) + 1))
    moment = (held.account << _KEY_BITS) + held.begin
    return _table(held, published, accounts, settings), RowCards(published, first, moment, settings.start_ns)


def _table(held: Holdings, published: Array, accounts: Accounts, settings: Settings) -> pa.Table:
    order = np.argsort(published)
    account, code = held.account[order], held.reason[order]
    ended = np.datetime64(settings.start, "D") + held.end[order] // SECONDS_PER_DAY
    columns = [
        pa.array(published[order]),
        pa.array(accounts.account_id[account]),
        pa.array(accounts.customer_id[account]),
        coded((accounts.kind[account] == CARD).astype(np.int64), CARD_KINDS),
        pa.array(held.issued[order].astype("datetime64[us]")).cast(DAY),
        pa.array(held.expires[order].astype("datetime64[us]")).cast(DAY),
        pa.array(ended.astype("datetime64[us]"), mask=code < 0).cast(DAY),
        coded(code, CARD_ENDS),
    ]
    return pa.Table.from_arrays(columns, schema=CARD_SCHEMA)
