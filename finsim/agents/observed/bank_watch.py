"""When each payment comes to be known as illicit: claims, alerts and cases, as payments are posted."""

from __future__ import annotations

import numpy as np
import pyarrow as pa

from finsim.agents.observed.account_blocks import account_blocks
from finsim.agents.observed.false_alarms import FalseAlarms
from finsim.agents.observed.found_rows import (
    BY_SAR,
    CHARGEBACK,
    IS_CARD,
    NEVER,
    RECALL,
    Batch,
    Course,
    Known,
    Log,
)
from finsim.agents.observed.keyed_draws import Draws
from finsim.agents.observed.observed_tables import Standing, observed_tables
from finsim.agents.observed.scheme_parts import scheme_parts
from finsim.agents.observed_rates import Observation
from finsim.agents.payment_orders import Orders
from finsim.agents.population.population import Accounts
from finsim.agents.schemes.scheme_plan import SchemePlan
from finsim.kernels.ledger import POSTED, Rows
from finsim.notation import NANOS_PER_DAY, Int1D
from finsim.randomness import Streams

_CHANNELS = 64
"""More than there are channels: a payment and its channel are one number."""


class BankWatch:
    """Goes through posted payments in the order of time, tells when each is known, keeps what banks see.

    What is drawn belongs to schemes, accounts and orders: neither blocks nor other scenarios change it.
    ``planned`` are the payments of schemes and the plan behind them. ``parts`` says who has which part in
    them, and what will be found out about each; ``blocks`` whom banks block for it, the share ``blocking``.
    """

    def __init__(
        self,
        accounts: Accounts,
        planned: tuple[Orders, SchemePlan],
        rates: Observation,
        streams: Streams,
        blocking: float = 0.0,
    ) -> None:
        self._accounts, self._plan, self._rates = accounts, planned[1], rates
        self._draws = Draws(streams)
        self.parts = scheme_parts(accounts, planned, rates, self._draws)
        self.blocks = account_blocks(accounts, planned, self.parts, blocking, self._draws)
        self._state = Standing.fresh(len(self.parts.scheme))
        self._log = Log(np.full(len(accounts), NEVER, dtype=np.int64))
        words = [streams.word("agents", "observed", "false", name) for name in ("scores", "cases", "claims")]
        keys = (words[0], words[1], words[2])
        self._false = FalseAlarms(accounts.external, self._plan.fraud, rates, self._draws, keys)

    def of(self, orders: Orders, rows: Rows, first: int) -> Known:
        """Return which of some rows are known, when and by what; ``first`` is the ``tx_id`` of the first row.

        Calls come in the order of time.
        """
        batch = Batch(orders, rows, first)
        story = np.flatnonzero(orders.plan_row >= 0)
        story = story[rows.status[story] == POSTED]
        if len(story):
            self._note_parts(batch, story)
            self._claims(batch, story)
            self._cases(batch, story)
            self._screened(batch, story[self._plan.fraud[orders.plan_row[story]]])
        self._false.of(batch, self._log)
        return batch.known()

    def tables(self) -> dict[str, pa.Table]:
        """Return the tables of OBSERVED by name, once the last payment has passed."""
        parts, state = self.parts, self._state
        mine = np.flatnonzero(parts.alerted & (state.first_act < NEVER))
        raised = (state.first_act + parts.waits)[mine]
        course = Course(raised, raised + parts.decided[mine], parts.cased[mine], parts.reported[mine])
        tx_id, channel = np.divmod(state.trigger[mine], _CHANNELS)
        self._log.cases(tx_id, parts.account[mine], channel, course)
        return observed_tables(self._accounts, parts, state, self._log, self.blocks.until)

    def _note_parts(self, batch: Batch, story: Int1D) -> None:
        """Remember the first payment of every part, and the last one before its alert.

        Payments by card raise no alert on the account.
        """
        orders, parts, state = batch.orders, self.parts, self._state
        step, ts = orders.plan_row[story], orders.ts[story]
        is_watched = ~IS_CARD[orders.channel[story]]
        code = (batch.first + story) * _CHANNELS + orders.channel[story]
        for column, pair in enumerate((parts.payer[step], parts.payee[step])):
            acting = np.flatnonzero(parts.is_party[step, column])
            for flag, marks in ((state.frauds, self._plan.fraud), (state.launders, self._plan.laundering)):
                flag[pair[acting][marks[step[acting]]]] = True
            np.minimum.at(state.first_part, pair[acting], ts[acting])
            seen = acting[is_watched[acting]]
            np.minimum.at(state.first_act, pair[seen], ts[seen])
        for column, pair in enumerate((parts.payer[step], parts.payee[step])):
            seen = np.flatnonzero(parts.is_party[step, column] & is_watched)
            one = pair[seen]
            before = ts[seen] <= state.first_act[one] + parts.waits[one]
            np.maximum.at(state.trigger, one[before], code[seen][before])
        victim = np.flatnonzero(parts.is_victim[step])
        np.minimum.at(state.first_loss, parts.payer[step][victim], ts[victim])

    def _claims(self, batch: Batch, story: Int1D) -> None:
        """Claims of victims: once one is noticed, all payments so far; later ones on their own day."""
        orders, parts, log = batch.orders, self.parts, self._log
        mine = story[parts.is_victim[orders.plan_row[story]] & ~self._accounts.external[orders.payer[story]]]
        is_card = IS_CARD[orders.channel[mine]]
        for kind, one, own, rates in (
            (CHARGEBACK, mine[is_card], parts.card, self._rates.card),
            (RECALL, mine[~is_card], parts.transfer, self._rates.transfer),
        ):
            pair, ts = parts.payer[orders.plan_row[one]], orders.ts[one]
            reported = np.maximum(self._state.first_loss[pair] + own.delay[pair], ts)
            kept = own.claims[pair] & (reported - ts <= rates.limit * NANOS_PER_DAY)
            told, pair, reported = one[kept], pair[kept], reported[kept]
            closed, upheld = reported + own.decided[pair], own.upheld[pair]
            log.reports.add(
                batch.first + told, parts.account[pair], kind, reported, ~upheld, closed,
                batch.rows.amount[told],
            )  # fmt: skip
            told, closed = told[upheld], closed[upheld]
            batch.learn(told, closed, kind)
            log.name(parts.account[pair[upheld]], closed)
            step = orders.plan_row[told]
            payee = parts.is_party[step, 1]  # who was paid by transfer is named with it, a shop is not
            log.name(parts.account[parts.payee[step][payee]], closed[payee])

    def _cases(self, batch: Batch, story: Int1D) -> None:
        """Payments of an account that a report names, from its first one to the end of its day."""
        orders, parts, state = batch.orders, self.parts, self._state
        step, ts = orders.plan_row[story], orders.ts[story]
        is_illicit = self._plan.fraud[step] | self._plan.laundering[step]
        for column, pair in enumerate((parts.payer[step], parts.payee[step])):
            mine = np.flatnonzero(is_illicit & parts.is_party[step, column])
            mine = mine[(parts.alerted & parts.reported & (state.first_act < NEVER))[pair[mine]]]
            one = pair[mine]
            begin = state.first_act[one]
            closed = begin + parts.waits[one] + parts.decided[one]
            self._log.name(parts.account[one], closed)
            last = closed - closed % NANOS_PER_DAY + NANOS_PER_DAY
            seen = (begin <= ts[mine]) & (ts[mine] < last)
            batch.learn(story[mine[seen]], closed[seen], BY_SAR)

    def _screened(self, batch: Batch, frauds: Int1D) -> None:
        """Frauds that are alerted as they are made."""
        rates, draws, orders = self._rates.screening, self._draws, batch.orders
        inside = frauds[~self._accounts.external[orders.payer[frauds]]]
        mine = inside[draws.below("screening, found", rates.found, orders.order_id[inside])]
        upheld = draws.below("screening, upheld", rates.upheld, orders.order_id[mine])
        self._log.score(batch, mine, upheld, rates, draws)
