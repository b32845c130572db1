"""Alerts on, and claims of, payments that are no fraud."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from finsim.agents.observed.found_rows import BY_SAR, CARDS, CHARGEBACK, RECALL, Batch, Course, Log
from finsim.agents.observed.keyed_draws import Draws
from finsim.agents.observed_rates import Observation
from finsim.agents.vocabulary import CHANNEL
from finsim.notation import NANOS_PER_DAY, Bool1D, Float1D, Int1D

_TRANSFERS = tuple(CHANNEL[name] for name in ("instant", "ach", "wire", "cheque"))
_HUNDRED = 10_000.0
_LEAST, _MOST = 0.2, 5.0
"""assumption: honest payments are alerted in proportion to the root of their sum, within these factors."""


@dataclass(frozen=True)
class FalseAlarms:
    """Draws false alarms for payments as they pass; ``external`` bool[A]: accounts outside.

    ``words`` are the keys of the draws of scores, cases and claims.
    """

    external: Bool1D
    rates: Observation
    draws: Draws
    words: tuple[int, int, int]

    def of(self, batch: Batch, honest: Bool1D, log: Log) -> None:
        """Keep the false alarms among the payments ``honest``, bool[N], and what comes of them."""
        self._scores(batch, honest, log)
        self._cases(batch, honest, log)
        self._claims(batch, honest, log)

    def _few(self, batch: Batch, honest: Bool1D, sort: int, most: float) -> tuple[Int1D, Float1D]:
        """Return the honest payments whose draw of a sort is below ``most``, and the draws."""
        u = quick(batch.orders.order_id, self.words[sort])
        few = np.flatnonzero(u < most)
        few = few[honest[few]]
        return few, u[few]

    def _scores(self, batch: Batch, honest: Bool1D, log: Log) -> None:
        rates = self.rates.screening
        few, u = self._few(batch, honest, 0, _MOST * rates.false)
        orders = batch.orders
        can = ~self.external[orders.payer[few]] & np.isin(orders.channel[few], (*CARDS, *_TRANSFERS))
        mine = few[can & (u < rates.false * _weight(batch, few))]
        wrong = self.draws.below("screening, wrong", rates.false_upheld, orders.order_id[mine])
        log.score(batch, mine, wrong, rates, self.draws)

    def _cases(self, batch: Batch, honest: Bool1D, log: Log) -> None:
        rates, draws, orders = self.rates.monitoring, self.draws, batch.orders
        few, u = self._few(batch, honest, 1, _MOST * rates.false)
        outside = self.external[orders.payer[few]]
        account = np.where(outside, orders.payee[few], orders.payer[few])
        can = ~self.external[account] & ~np.isin(orders.channel[few], CARDS)
        kept = can & (u < rates.false * _weight(batch, few))
        mine, account = few[kept], account[kept]
        key = orders.order_id[mine]
        raised = orders.ts[mine] + draws.wait("false case, delay", rates.delay, rates.spread, key)
        closed = raised + draws.wait("false case, decided", rates.decided, rates.spread, key)
        wrong = draws.below("false case, upheld", rates.false_upheld, key)
        cased = wrong | draws.below("false case, case", rates.case, key)
        log.cases(batch.first + mine, account, orders.channel[mine], Course(raised, closed, cased, wrong))
        batch.learn(mine[wrong], closed[wrong], BY_SAR)
        log.name(account[wrong], closed[wrong])

    def _claims(self, batch: Batch, honest: Bool1D, log: Log) -> None:
        orders, draws = batch.orders, self.draws
        most = max(self.rates.card.false, self.rates.transfer.false)
        few, u = self._few(batch, honest, 2, most)
        pays = ~self.external[orders.payer[few]]
        ways = ((CHARGEBACK, self.rates.card, CARDS), (RECALL, self.rates.transfer, _TRANSFERS))
        for kind, rates, channels in ways:
            mine = few[pays & np.isin(orders.channel[few], channels) & (u < rates.false)]
            key = orders.order_id[mine]
            delay = draws.wait(f"false claim {kind}, delay", rates.delay, rates.spread, key)
            in_time = delay <= rates.limit * NANOS_PER_DAY
            mine, key = mine[in_time], key[in_time]
            reported = orders.ts[mine] + delay[in_time]
            closed = reported + draws.wait(f"false claim {kind}, decided", rates.decided, rates.spread, key)
            upheld = draws.below(f"false claim {kind}, upheld", rates.false_upheld, key)
            log.reports.add(
                batch.first + mine, orders.payer[mine], kind, reported, ~upheld, closed,
                batch.rows.amount[mine],
            )  # fmt: skip
            batch.learn(mine[upheld], closed[upheld], kind)


def quick(keys: Int1D, word: int) -> Float1D:
    """Return uniform numbers of keys: a short mixing, for the many rows of which nothing comes."""
    mixed = keys.astype(np.uint64)
    mixed ^= np.uint64(word)
    mixed ^= mixed >> np.uint64(32)
    mixed *= np.uint64(0x9E3779B97F4A7C15)
    mixed ^= mixed >> np.uint64(29)
    mixed *= np.uint64(0xBF58476D1CE4E5B9)
    found: Float1D = (mixed >> np.uint64(11)).astype(np.float64) * 2.0**-53
    return found


def _weight(batch: Batch, few: Int1D) -> Float1D:
    root = np.sqrt(batch.rows.amount[few].astype(np.float64) / _HUNDRED)
    return np.clip(root, _LEAST, _MOST)
