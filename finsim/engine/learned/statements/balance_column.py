"""``BalanceColumn``: the running balance of a ledger, taken out of what is learned and computed anew."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace
from typing import Any

import numpy as np

from finsim.kernels.xoshiro import fill_uniforms
from finsim.notation import NANOS_PER_DAY, Bool1D, Float1D, Int1D
from finsim.randomness import Streams
from finsim.records.event_log import EventLog
from finsim.records.mixed_table import NUMBER, TIME, WORD, MixedColumn
from finsim.tables.statements.openings import Openings, falls, learn_openings
from finsim.tables.statements.running_balance import (
    HALF_A_CENT,
    HOLDS,
    MOST_WORDS,
    RunningBalance,
    Statement,
    best_running,
    in_order,
)

LAST_OF_DAY = 0.99
"""Share of rows that are filled where they are the last of a day, from which on that is so (assumption)."""
NEARLY_FOLLOWS = 0.5
"""Share of rows that follow from which on a column that is no running balance is said to be like one."""
FINE = 1e-6  # grid of sums where amounts have none


@dataclass(frozen=True)
class BalanceColumn:
    """A running balance: how it runs, what accounts hold at first, and which of its cells are filled.

    step : its grid. currency : the column that parts the balances of one account, or empty. by_day : only
    the last row of a day has a balance.
    """

    name: str
    step: float
    how: RunningBalance
    openings: Openings
    currency: str
    by_day: bool

    def added(self, log: EventLog, first: int, streams: Streams, owner: Int1D | None = None) -> EventLog:
        """Return sampled events with their balances; ``first`` : number of the first entity in the run.

        owner : int64[n], whose rows they are where that is not who they stand with.
        They run on as the events stand; who writes rows newest first turns those of an account around.
        """
        rows, account, spans = statement_rows(log, self.currency, owner)
        cells = self.cells(replace(rows, account=account), (first, log.count, spans), streams)
        return replace(log, events=log.events.with_columns({self.name: self.of(cells)}))

    def of(self, cells: Float1D) -> MixedColumn:
        """Return balances as a column of events."""
        return MixedColumn(NUMBER, cells, step=self.step)

    def cells(self, rows: Statement, whose: tuple[int, int, int], streams: Streams) -> Float1D:
        """Return the balances float64[n] of rows.

        whose : number of the first entity, how many they are, and how many accounts each has at most.
        """
        first, count, spans = whose
        account, size = rows.account, len(rows.amount)
        if not size:
            return np.zeros(0)
        order = in_order(account, rows.times[self.how.time], False)
        unit = self.step if self.step > 0 else FINE
        moved = np.round(self.how.moves(rows.amount, rows.words) / unit).astype(np.int64)[order]
        starts = np.flatnonzero(np.append(True, account[order][1:] != account[order][:-1]))
        sums = _sums(moved, starts, self.how.before)
        draws = np.empty((count, spans))
        fill_uniforms(np.uint64(streams.word("openings")), first, draws)
        deep = falls(np.asarray(sums * unit, np.float64), starts)
        opening = self.openings.draw(deep, draws.reshape(-1)[account[order][starts]])
        whole = np.round(opening / unit).astype(np.int64)
        cells = np.empty(size)
        cells[order] = on_unit(np.repeat(whole, np.diff(np.append(starts, size))) + sums, unit)
        if self.by_day:
            cells[~last_of_day(rows, account, order, self.how.time)] = np.nan
        return cells

    def to_dict(self) -> dict[str, Any]:
        """Return plain JSON types."""
        return {
            "name": self.name, "step": self.step, "how": asdict(self.how),
            "openings": self.openings.to_dict(), "currency": self.currency, "by_day": self.by_day,
        }  # fmt: skip

    @classmethod
    def from_dict(cls, data: Mapping[str, Any]) -> BalanceColumn:
        """Return the column that ``to_dict`` wrote."""
        how = RunningBalance(**{**data["how"], "signs": tuple(data["how"]["signs"])})
        openings = Openings.from_dict(data["openings"])
        return cls(data["name"], data["step"], how, openings, data["currency"], data["by_day"])


def without_balance(log: EventLog) -> tuple[EventLog, BalanceColumn | None, tuple[str, ...]]:
    """Return the log without its running balance, how that is computed, and what is to be said of it.

    A ledger without one comes back as it is; a column that only some rows follow is named.
    """
    nearly = ""
    for name, column in log.events.columns.items():
        if column.kind != NUMBER or name == log.roles.amount or log.roles.amount is None:
            continue
        found = _learned(log, name)
        if isinstance(found, BalanceColumn):
            return replace(log, events=log.events.without(name)), found, (_said(found, column.values),)
        if NEARLY_FOLLOWS <= found < HOLDS and not nearly:
            nearly = (
                f"balance {name}: drawn row by row, {100 * found:.1f} % of its rows follow from the one "
                f"before (computed from {100 * HOLDS:.0f} % on)"
            )
    return log, None, (nearly,) if nearly else ()


def _learned(log: EventLog, name: str) -> BalanceColumn | float:
    """Return the column as a running balance, else the share of rows that follow."""
    column, best = log.events[name], 0.0
    tolerance = 0.5 * column.step * (1 + 1e-6) if column.step > 0 else HALF_A_CENT
    for currency in dict.fromkeys(("", log.roles.currency or "")):
        rows, account, _ = statement_rows(log, currency)
        how = best_running(replace(rows, account=account), column.values, tolerance)
        if how is not None and how.holds >= HOLDS:
            return _with_openings(name, column, how, (rows, account), currency)
        best = max(best, 0.0 if how is None else how.holds)
    return best


def _with_openings(
    name: str, column: MixedColumn, how: RunningBalance, of: tuple[Statement, Int1D], currency: str
) -> BalanceColumn:
    rows, account = of
    order = how.order(account, rows.times)
    starts = np.flatnonzero(np.append(True, account[order][1:] != account[order][:-1]))
    unit = column.step if column.step > 0 else FINE
    moved = np.round(how.moves(rows.amount, rows.words) / unit).astype(np.int64)[order]
    level = column.values[order]
    lowest = np.fmin.reduceat(level, starts)
    there = ~np.isnan(lowest)
    deep = falls(np.asarray(_sums(moved, starts, how.before) * unit, np.float64), starts)
    openings = learn_openings(lowest[there], deep[there])
    filled = ~column.missing()
    by_day = False
    if not filled.all():
        by_day = bool((filled == last_of_day(rows, account, order, how.time)).mean() >= LAST_OF_DAY)
    return BalanceColumn(name, column.step, how, openings, currency, by_day)


def statement_rows(log: EventLog, currency: str, owner: Int1D | None = None) -> tuple[Statement, Int1D, int]:
    """Return the rows of a log, the account int64[n] of each, and how many accounts an entity has at most.

    owner : int64[n], whose rows they are where that is not who they stand with.
    """
    times = {log.roles.time: log.times}
    times.update({name: one.values for name, one in log.events.columns.items() if one.kind == TIME})
    names = dict.fromkeys(
        name for name in (log.roles.direction, *log.events.columns)
        if name and log.events[name].kind == WORD and len(log.events[name].words) < MOST_WORDS
    )  # fmt: skip
    words = {name: log.events[name].values.astype(np.int64) + 1 for name in names}
    amount = log.part("amount")
    assert amount is not None
    entity = log.entity() if owner is None else owner
    if not currency:
        return Statement(entity, times, amount, words), entity, 1
    spans = len(log.events[currency].words) + 1
    return Statement(entity, times, amount, words), entity * spans + log.events[currency].values + 1, spans


def _sums(moved: Int1D, starts: Int1D, before: bool) -> Int1D:
    """Return what moved from the opening up to each row, or up to before it; rows by account and order."""
    whole = np.cumsum(moved)
    base = (whole - moved)[starts]
    found = whole - np.repeat(base, np.diff(np.append(starts, len(moved))))
    return np.asarray(found - moved if before else found)


def last_of_day(rows: Statement, account: Int1D, order: Int1D, time: str) -> Bool1D:
    """Return bool[n], the rows that are the last of a day of their account in the order of the balance."""
    day = rows.times[time][order] // NANOS_PER_DAY
    same = (account[order][1:] == account[order][:-1]) & (day[1:] == day[:-1])
    found = np.empty(len(order), dtype=np.bool_)
    found[order] = np.append(~same, True)
    return found


def on_unit(counts: Int1D, unit: float) -> Float1D:
    """Return multiples of a grid as the decimal numbers that are written."""
    per = round(1.0 / unit) if unit < 1 else 0
    return np.asarray(counts / per if per and np.isclose(per * unit, 1.0) else counts * unit)


def _said(found: BalanceColumn, cells: Float1D) -> str:
    """Return what is said of a running balance in the answer of a fit."""
    there = cells[~np.isnan(cells)]
    low = f"{100 * float((there < 0).mean()):.1f} % of rows below 0, lowest {there.min():,.2f}"
    parted = f" by {found.currency}" if found.currency else ""
    return (
        f"balance {found.name}: computed{parted} from new openings and the sums of rows in order of "
        f"{found.how.time} ({100 * found.how.holds:.1f} % of real rows follow, {low})"
    )
