"""Alerts on, and claims of, payments that are no fraud."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from finsim.agents.observed.found_rows import BY_SAR, CHARGEBACK, IS_CARD, RECALL, Batch, Course, Log
from finsim.agents.observed.keyed_draws import Draws
from finsim.agents.observed_rates import Observation
from finsim.agents.vocabulary import CHANNEL
from finsim.kernels.ledger import POSTED
from finsim.kernels.payments.false_alarms import draw_few
from finsim.notation import NANOS_PER_DAY, Bool1D, Float1D, Int1D

_Few = tuple[Int1D, Float1D]
_IS_TRANSFER = np.isin(
    np.arange(len(CHANNEL)), [CHANNEL[name] for name in ("instant", "ach", "wire", "cheque")]
)
_SCORED = IS_CARD | _IS_TRANSFER
_HUNDRED = 10_000.0
_LEAST, _MOST = 0.2, 5.0
"""assumption: honest payments are alerted in proportion to the root of their sum, within these factors."""


@dataclass(frozen=True)
class FalseAlarms:
    """Draws false alarms for payments as they pass; ``external`` bool[A]: accounts outside.

    ``fraud`` bool[R]: steps of the plan that are no honest payment. ``words`` are the keys of the draws of
    scores, cases and claims.
    """

    external: Bool1D
    fraud: Bool1D
    rates: Observation
    draws: Draws
    words: tuple[int, int, int]

    def of(self, batch: Batch, log: Log) -> None:
        """Keep the false alarms among payments that are posted and no fraud, and what comes of them."""
        scores, cases, claims = self._few(batch)
        self._scores(batch, scores, log)
        self._cases(batch, cases, log)
        self._claims(batch, claims, log)

    def _few(self, batch: Batch) -> list[_Few]:
        """Return for each sort the payments that may have a false alarm, and their draws."""
        rates = self.rates
        claims = max(rates.card.false, rates.transfer.false)
        most = np.array([_MOST * rates.screening.false, _MOST * rates.monitoring.false, claims])
        if most.sum() > 1.0:
            return [
                self._honest(batch, *_drawn(batch, word, share))
                for word, share in zip(self.words, most.tolist(), strict=True)
            ]
        # One draw serves all: each sort has a part of the unit interval of its own.
        rows, u = self._honest(batch, *_drawn(batch, self.words[0], float(most.sum())))
        ends = np.cumsum(most)
        found = []
        for low, high in zip(ends - most, ends, strict=True):
            mine = np.flatnonzero((low <= u) & (u < high))
            found.append((rows[mine], u[mine] - low))
        return found

    def _honest(self, batch: Batch, rows: Int1D, u: Float1D) -> _Few:
        step = batch.orders.plan_row[rows]
        honest = batch.rows.status[rows] == POSTED
        if len(self.fraud):
            honest &= ~(self.fraud[step] & (step >= 0))
        return rows[honest], u[honest]

    def _scores(self, batch: Batch, drawn: _Few, log: Log) -> None:
        (few, u), rates, orders = drawn, self.rates.screening, batch.orders
        can = ~self.external[orders.payer[few]] & _SCORED[orders.channel[few]]
        mine = few[can & (u < rates.false * _weight(batch, few))]
        wrong = self.draws.below("screening, wrong", rates.false_upheld, orders.order_id[mine])
        log.score(batch, mine, wrong, rates, self.draws)

    def _cases(self, batch: Batch, drawn: _Few, log: Log) -> None:
        (few, u), rates, draws, orders = drawn, self.rates.monitoring, self.draws, batch.orders
        outside = self.external[orders.payer[few]]
        account = np.where(outside, orders.payee[few], orders.payer[few])
        can = ~self.external[account] & ~IS_CARD[orders.channel[few]]
        kept = can & (u < rates.false * _weight(batch, few))
        mine, account = few[kept], account[kept]
        if not len(mine):
            return
        key = orders.order_id[mine]
        raised = orders.ts[mine] + draws.wait("false case, delay", rates.delay, rates.spread, key)
        closed = raised + draws.wait("false case, decided", rates.decided, rates.spread, key)
        wrong = draws.below("false case, upheld", rates.false_upheld, key)
        cased = wrong | draws.below("false case, case", rates.case, key)
        log.cases(batch.first + mine, account, orders.channel[mine], Course(raised, closed, cased, wrong))
        batch.learn(mine[wrong], closed[wrong], BY_SAR)
        log.name(account[wrong], closed[wrong])

    def _claims(self, batch: Batch, drawn: _Few, log: Log) -> None:
        (few, u), orders, draws = drawn, batch.orders, self.draws
        pays = ~self.external[orders.payer[few]]
        ways = ((CHARGEBACK, self.rates.card, IS_CARD), (RECALL, self.rates.transfer, _IS_TRANSFER))
        for kind, rates, by_channel in ways:
            mine = few[pays & by_channel[orders.channel[few]] & (u < rates.false)]
            if not len(mine):
                continue
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


def _drawn(batch: Batch, word: int, most: float) -> _Few:
    """Return the rows whose draw is below ``most``, and the draws."""
    size = len(batch.orders)
    place, drawn = np.empty(size, dtype=np.int64), np.empty(size)
    count = draw_few(batch.orders.order_id, word, most, place, drawn)
    return place[:count], drawn[:count]


def _weight(batch: Batch, few: Int1D) -> Float1D:
    root = np.sqrt(batch.rows.amount[few].astype(np.float64) / _HUNDRED)
    return np.clip(root, _LEAST, _MOST)
