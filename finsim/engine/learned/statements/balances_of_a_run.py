"""Balances where an account's rows stand in more than one block: those of both sides of its transfers."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import numpy as np

from finsim.engine.learned.statements.balance_column import BalanceColumn, statement_rows
from finsim.notation import Float1D, Int1D
from finsim.randomness import Streams
from finsim.records.event_log import EventLog
from finsim.tables.statements.running_balance import Statement


def balances_of_run(
    column: BalanceColumn, blocks: Iterator[tuple[EventLog, Int1D]], entities: int, streams: Streams
) -> list[Float1D]:
    """Return the balances of each block of a run, float64[rows]; 24 bytes a row are held for the whole run.

    blocks : events with int64[rows], whose account each row is, of all ``entities`` of the run.
    """
    how, parts, spans = column.how, [], 1
    for log, owner in blocks:
        rows, account, spans = statement_rows(log, column.currency, owner)
        words = {how.word: rows.words[how.word]} if how.word else {}
        parts.append(Statement(account, {how.time: rows.times[how.time]}, rows.amount, words))
    if not parts:
        return []
    whole = Statement(
        np.concatenate([one.account for one in parts]),
        {how.time: np.concatenate([one.times[how.time] for one in parts])},
        np.concatenate([one.amount for one in parts]),
        {name: np.concatenate([one.words[name] for one in parts]) for name in parts[0].words},
    )
    cells = column.cells(whole, (0, entities, spans), streams)
    return np.split(cells, np.cumsum([len(one.amount) for one in parts])[:-1])


def with_balances(log: EventLog, column: BalanceColumn, cells: Float1D) -> EventLog:
    """Return a block of events with its balances."""
    return replace(log, events=log.events.with_columns({column.name: column.of(cells)}))
