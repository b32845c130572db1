"""Signed amounts as sums and a word of direction, and back: money in and money out are two kinds of rows.

A sum and its sign drawn apart from the word of the row make receipts of payments, and the other way round.
Learned as a direction the sign goes with payee, category and channel, and each side has amounts of its own.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from finsim.records.event_log import EventLog
from finsim.records.mixed_table import MISSING_WORD, WORD, MixedColumn, MixedTable

LEAST_SIDE = 0.05
"""Share of the amounts on each side of 0 from which on signs are directions; fewer are corrections
(assumption)."""
SIDE = "side of the amount"
OUT, IN = 0, 1
WORDS = ("out", "in")


def side_column(log: EventLog) -> str:
    """Return the name of a new column of directions, nothing where the sign of the amount is none.

    A ledger that names its directions needs no other, and one with hardly a sum on one side has none.
    """
    amount = log.part("amount")
    if amount is None or log.roles.direction is not None:
        return ""
    below, above = int((amount < 0).sum()), int((amount > 0).sum())
    if min(below, above) < LEAST_SIDE * max(below + above, 1):
        return ""
    name = SIDE
    while name in log.events or name in log.entities:
        name += "'"
    return name


def with_side(log: EventLog, name: str) -> EventLog:
    """Return the log with sums without signs and the directions as words in a column ``name``, if any."""
    if not name:
        return log
    amount = log.events[str(log.roles.amount)]
    lacks = np.isnan(amount.values)
    word = np.where(lacks, MISSING_WORD, np.where(amount.values < 0, OUT, IN)).astype(np.int32)
    events = log.events.with_columns({
        str(log.roles.amount): amount.with_values(np.abs(amount.values)),
        name: MixedColumn(WORD, word, WORDS),
    })  # fmt: skip
    return replace(log, events=events, roles=replace(log.roles, direction=name))


def with_signs(events: MixedTable, amount: str, name: str) -> MixedTable:
    """Return the events without the column ``name`` of directions, sums that go out below 0."""
    if not name:
        return events
    sums = events[amount]
    sign = np.where(events[name].values == OUT, -1.0, 1.0)
    return events.without(name).with_columns({amount: sums.with_values(sums.values * sign)})
