"""Cards that are blocked because their holder reports a fraud on them."""

from __future__ import annotations

import numpy as np

from finsim.agents.cards.card_holdings import MOST_BLOCKS, Blocks
from finsim.agents.observed.found_rows import IS_CARD, NEVER
from finsim.agents.observed.scheme_parts import SchemeParts
from finsim.agents.payment_orders import Orders
from finsim.agents.schemes.scheme_plan import SchemePlan


def card_blocks(planned: tuple[Orders, SchemePlan], parts: SchemeParts) -> Blocks:
    """Return the cards of victims that are blocked, in the order of account and time.

    A holder who will claim reports as long after the first loss as the claim says, or with the last payment
    of the thief, who therefore never meets a blocked card. Who does not notice keeps the card.
    """
    orders, plan = planned
    size = len(parts.scheme)
    first = np.full(size, NEVER, dtype=np.int64)
    last = np.full(size, -1, dtype=np.int64)
    step = orders.plan_row
    lost = np.flatnonzero(parts.is_victim[step])
    on_card = lost[IS_CARD[orders.channel[lost]]]
    np.minimum.at(first, parts.payer[step[lost]], orders.ts[lost])
    np.maximum.at(last, parts.payer[step[on_card]], orders.ts[on_card])
    pair = np.flatnonzero((last >= 0) & parts.card.claims)
    ts = np.maximum(first[pair] + parts.card.delay[pair], last[pair])
    account, scheme = parts.account[pair], plan.id[parts.scheme[pair]]
    order = np.lexsort((scheme, ts, account))
    account, ts, scheme = account[order], ts[order], scheme[order]
    nth = np.arange(len(account)) - np.searchsorted(account, account)
    kept = nth < MOST_BLOCKS
    return Blocks(account[kept], ts[kept], scheme[kept])
