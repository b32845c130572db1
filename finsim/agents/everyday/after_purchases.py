"""What follows from purchases, kept while they pass block by block: refunds, and what each card paid."""

from __future__ import annotations

import numpy as np

from finsim.agents.amount_rounding import exact
from finsim.agents.calendar.hours_of_day import PROFILE
from finsim.agents.everyday.draft_orders import Draft, Life, Parties, draft, join
from finsim.agents.originals.refund_links import RefundLinks
from finsim.agents.vocabulary import CATEGORY, PURPOSE
from finsim.notation import NANOS_PER_DAY, Float1D, Int1D, Nanos1D

_REFUNDED = tuple(CATEGORY[name] for name in ("retail", "online", "travel"))


class Refunds:
    """Refunds of purchases: 1.6 % of retail, online and travel, most in full (assumption).

    ``first`` is the number of the first purchase among the orders of the shard.
    """

    def __init__(self, life: Life, first: int) -> None:
        self._life, self._next = life, first
        self._rng = life.streams.at("refunds")
        self._sources: list[Draft] = []
        self._numbers: list[Int1D] = []

    def watch(self, bought: Draft) -> None:
        """Choose which purchases of a block are given back."""
        lucky = self._rng.random(len(bought)) < 0.016
        given_back = np.flatnonzero(lucky & np.isin(bought.purpose, _REFUNDED))
        self._sources.append(bought.take(given_back))
        self._numbers.append(self._next + given_back)
        self._next += len(bought)

    def draft(self) -> tuple[Draft, RefundLinks]:
        """Return the refunds, once all purchases have passed, and what each gives back.

        They are numbered next to the last purchase.
        """
        life, rng, source = self._life, self._rng, join(self._sources)
        size = len(source)
        wait = 1 + rng.gamma(2.0, 4.0, size).astype(np.int64)
        day = life.season.office_day((source.ts - life.settings.start_ns) // NANOS_PER_DAY + wait)
        share = np.where(rng.random(size) < 0.75, 1.0, rng.uniform(0.1, 0.9, size))
        made = draft(
            life.when(PROFILE["office"], day, rng.random(size)),
            Parties(source.payee, source.payer, source.merchant),
            exact(source.amount * share),
            source.channel,
            PURPOSE["refund"],
        )
        made = made.thinned(source.keep & life.in_period(day))
        kept = np.flatnonzero(made.keep)
        sales = np.concatenate([np.zeros(0, dtype=np.int64), *self._numbers])
        return made, RefundLinks(self._next + kept, sales[kept], source.ts[kept])


class CardSpending:
    """What each card account paid between consecutive ``edges``: ``total`` float64[len(edges) - 1, N].

    Sums are whole cents below 2**53, so they do not depend on how purchases were cut into blocks.
    """

    def __init__(self, cards: Int1D, edges: Nanos1D) -> None:
        self._edges = edges
        self._order = np.argsort(cards)
        self._sorted = cards[self._order]
        self.total: Float1D = np.zeros((len(edges) - 1, len(cards)))

    def watch(self, bought: Draft) -> None:
        """Add the purchases of a block."""
        if not self.total.size:
            return
        place = np.minimum(np.searchsorted(self._sorted, bought.payer), len(self._sorted) - 1)
        mine = np.flatnonzero((self._sorted[place] == bought.payer) & bought.keep)
        period = np.searchsorted(self._edges, bought.ts[mine], side="right") - 1
        inside = (period >= 0) & (period < len(self.total))
        cell = period[inside] * len(self._sorted) + self._order[place[mine[inside]]]
        paid = np.bincount(cell, bought.amount[mine[inside]], self.total.size)
        self.total += paid.reshape(self.total.shape)
