"""What banks have found so far: alerts, claims, accounts that were named, and when each payment was known."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np

from finsim.agents.observed.keyed_draws import Draws
from finsim.agents.observed_rates import Screening
from finsim.agents.payment_orders import Orders
from finsim.agents.vocabulary import CHANNEL
from finsim.kernels.ledger import Rows
from finsim.notation import NANOS_PER_DAY, Array, Bool1D, Int1D, Nanos1D
from finsim.records.fixed_words import ALERT_OUTCOMES, ALERT_RULES, KNOWN_BY, REPORT_KINDS

CHARGEBACK, RECALL = range(len(REPORT_KINDS))
CARD_SCORE, PAYMENT_SCORE, CASH_ACTIVITY, ACCOUNT_ACTIVITY = range(len(ALERT_RULES))
CLEARED, FRAUD, CASE_CLOSED, SAR = range(len(ALERT_OUTCOMES))
BY_ALERT, BY_SAR = KNOWN_BY.index("alert"), KNOWN_BY.index("sar")
IS_CARD = np.isin(np.arange(len(CHANNEL)), [CHANNEL["card_present"], CHANNEL["card_not_present"]])
"""By code of a channel."""
CASH = CHANNEL["cash"]
NEVER = np.iinfo(np.int64).max
_ALERT = ("tx_id", "account", "rule", "raised", "case", "outcome", "closed")
_REPORT = ("tx_id", "account", "kind", "reported", "outcome", "closed", "claimed")
_CASE_AT = 0.2
"""assumption: a case is opened after a fifth of the time to its decision."""


@dataclass
class Found:
    """Rows with int64 columns ``names``; instants are ns, accounts positions, words codes."""

    names: tuple[str, ...]
    _parts: list[tuple[Int1D, ...]] = field(default_factory=list)

    def add(self, *columns: Array | int) -> None:
        """Take rows, one array a column; a single number stands for all rows."""
        rows = np.broadcast_arrays(*columns)
        if rows[0].size:
            self._parts.append(tuple(np.array(column, dtype=np.int64) for column in rows))

    def whole(self) -> dict[str, Int1D]:
        """Return all rows by column, in the order of the day in the fourth column, payment and account."""
        empty = [(np.zeros(0, dtype=np.int64),) * len(self.names)]
        columns = [np.concatenate(parts) for parts in zip(*(self._parts or empty), strict=True)]
        made = dict(zip(self.names, columns, strict=True))
        day = made[self.names[3]] // NANOS_PER_DAY
        order = np.lexsort((made["rule" if "rule" in made else "kind"], made["account"], made["tx_id"], day))
        return {name: column[order] for name, column in made.items()}


@dataclass(frozen=True)
class Known:
    """Payments that a bank came to hold for illicit: rows ascending, when (ns), code of KNOWN_BY."""

    row: Int1D
    when: Nanos1D
    by: Int1D


@dataclass(frozen=True)
class Batch:
    """Posted and declined payments in time order; ``first`` is the ``tx_id`` of the first."""

    orders: Orders
    rows: Rows
    first: int
    _learnt: list[tuple[Int1D, Nanos1D, Int1D]] = field(default_factory=list)

    def learn(self, at: Int1D, when: Nanos1D, way: int) -> None:
        """Note that payments are known from an instant on; a payment may come twice."""
        if len(at):
            self._learnt.append((at, when, np.full(len(at), way)))

    def known(self) -> Known:
        """Return which payments are known from when on, each by what was first."""
        none = np.zeros(0, dtype=np.int64)
        parts = self._learnt or [(none, none, none)]
        row, when, by = (np.concatenate(column) for column in zip(*parts, strict=True))
        order = np.lexsort((by, when, row))
        order = order[np.diff(row[order], prepend=-1) > 0]
        return Known(row[order], when[order], by[order])


@dataclass(frozen=True)
class Log:
    """Alerts, claims, and when each account was first named, int64[A] ns."""

    named: Nanos1D
    alerts: Found = field(default_factory=lambda: Found(_ALERT))
    reports: Found = field(default_factory=lambda: Found(_REPORT))

    def name(self, account: Int1D, when: Nanos1D) -> None:
        """Remember when a bank first held accounts for a part of a scheme."""
        np.minimum.at(self.named, account, when)

    def score(self, batch: Batch, at: Int1D, upheld: Bool1D, rates: Screening, draws: Draws) -> None:
        """Keep alerts on single payments, and what comes of those that are upheld."""
        if not len(at):
            return
        orders = batch.orders
        ts, key, payer = orders.ts[at], orders.order_id[at], orders.payer[at]
        closed = ts + draws.wait("screening, decided", rates.decided, rates.spread, key)
        rule = np.where(IS_CARD[orders.channel[at]], CARD_SCORE, PAYMENT_SCORE)
        outcome = np.where(upheld, FRAUD, CLEARED)
        self.alerts.add(batch.first + at, payer, rule, ts, NEVER, outcome, closed)
        batch.learn(at[upheld], closed[upheld], BY_ALERT)
        self.name(payer[upheld], closed[upheld])

    def cases(self, tx_id: Int1D, account: Int1D, channel: Array, course: Course) -> None:
        """Keep alerts on accounts; ``channel`` is that of the payment that raised each."""
        rule = np.where(channel == CASH, CASH_ACTIVITY, ACCOUNT_ACTIVITY)
        outcome = np.where(course.reported, SAR, np.where(course.cased, CASE_CLOSED, CLEARED))
        opened = course.raised + ((course.closed - course.raised) * _CASE_AT).astype(np.int64)
        opened = np.where(outcome == CLEARED, NEVER, opened)
        self.alerts.add(tx_id, account, rule, course.raised, opened, outcome, course.closed)


@dataclass(frozen=True)
class Course:
    """What becomes of alerts on accounts: raised and closed (ns), whether a case and a report come of it."""

    raised: Nanos1D
    closed: Nanos1D
    cased: Bool1D
    reported: Bool1D
