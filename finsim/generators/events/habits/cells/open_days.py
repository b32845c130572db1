"""``OpenDays``: the days on which the cells of a further date lie, such as the days on which a bank books.

Where no cell lies on a Saturday, waits are learned in open days, counted from the first open one on or after
the payment, or from the last one on or before it, whichever leaves fewer different waits: what is booked on
the next open day is so on Saturdays too. Where another column tells it, its words choose apart: a card is
booked the day after its payment, a transfer at once. Whatever day a new payment is made, it is booked on an
open day, and not before where none is.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

import numpy as np

from finsim.generators.events.habits.cells.later_times import cut, spread
from finsim.generators.events.habits.ledger import DAY
from finsim.notation import Array, Bool1D, Int1D
from finsim.records.event_log import EventLog, EventRoles
from finsim.records.mixed_table import TIME, WORD, MixedTable

LEAST_CELLS, LEAST_SPAN = 60, 28
"""Cells, and days that they span, that tell closed weekdays (assumption: a weekday of chance lacks e**-9)."""
LESS_SPREAD = 0.01
"""Nats by which waits must be less spread to be counted from the last open day (assumption)."""
CLOSED = 0.01
"""Share of the cells of a usual weekday up to which one is closed (assumption: a few cells are mistakes)."""
BUSY = 20
"""Cells on the same weekdays of the week before and after that tell a day without one from chance: e**-20."""
NEVER = 0.001
"""Share of cells before the first open day from the payment on, up to which none is (assumption)."""
MOST_WORDS = 64
ROOM = 60  # days on either side of the rows, more than any run of closed ones


@dataclass(frozen=True)
class OpenDays:
    """weekdays int64[7] from Monday, 1 where cells lie; closed int64[H] further closed days since 1970.

    ``back``: a payment on a closed day counts as one of the open day before, not of the one after; the other
    way round with the words ``others`` of ``column``. ``never``: no cell lies before the first open day from
    its payment on.
    """

    weekdays: Int1D
    closed: Int1D
    back: bool = False
    column: str = ""
    others: tuple[str, ...] = ()
    never: bool = False

    def backs(self, events: MixedTable, rows: Int1D) -> Bool1D:
        """Return bool[m], rows int64[m] of events whose payments count as of the open day before."""
        if not self.column:
            return np.full(len(rows), self.back)
        column = events[self.column]
        turned = np.array([*(word in self.others for word in column.words), False], np.bool_)
        return np.asarray(turned[column.values[rows]] ^ self.back)

    def waits(self, cells: Int1D, times: Int1D, back: Bool1D | None = None) -> Int1D:
        """Return nanoseconds int64[n] of open days from payments to cells, none of them missing.

        back bool[n], see ``backs``; as ``back`` says for all without.
        """
        if not len(cells):
            return cells
        calendar = self._calendar(min(cells.min(), times.min()), max(cells.max(), times.max()), 0)
        return np.asarray(calendar.open_time(cells) - calendar.open_time(times, self._back(times, back)))

    def after(self, times: Int1D, waits: Int1D, back: Bool1D | None = None) -> Int1D:
        """Return the cells int64[n] so many nanoseconds of open days after payments; see ``waits``."""
        if not len(times):
            return times
        far = int(np.abs(waits).max() // DAY + 1) * 7
        calendar = self._calendar(times.min(), times.max(), far)
        at = calendar.open_time(times, self._back(times, back)) + waits
        return calendar.cells(np.maximum(at, calendar.open_time(times)) if self.never else at)

    def _back(self, times: Int1D, back: Bool1D | None) -> Bool1D:
        return np.full(len(times), self.back) if back is None else back

    def _calendar(self, low: int, high: int, far: int) -> _Calendar:
        days = np.arange(int(low) // DAY - far - ROOM, int(high) // DAY + far + ROOM)
        is_open = (self.weekdays[(days + 3) % 7] > 0) & ~np.isin(days, self.closed)
        return _Calendar(int(days[0]), is_open)


@dataclass(frozen=True)
class _Calendar:
    """Days from ``begin`` on, bool[D] which of them are open."""

    begin: int
    is_open: Bool1D

    def open_time(self, times: Int1D, back: Bool1D | bool = False) -> Int1D:
        """Return times int64[n] on a clock that stands still on closed days, at the next or last open one."""
        before = np.append(0, np.cumsum(self.is_open))
        day = times // DAY - self.begin
        at = before[day] - (back & ~self.is_open[day])
        return np.asarray(at * DAY + np.where(self.is_open[day], times % DAY, 0))

    def cells(self, open_time: Int1D) -> Int1D:
        """Return the times int64[n] at which the clock shows so much."""
        days = np.flatnonzero(self.is_open)
        return np.asarray((days[open_time // DAY] + self.begin) * DAY + open_time % DAY)


def learn_open_days(log: EventLog) -> dict[str, OpenDays]:
    """Return the open days of each further date of a log that has closed ones."""
    found = {}
    for name, column in log.events.columns.items():
        if column.kind == TIME and name != log.roles.time:
            there = np.flatnonzero(~column.missing())
            law = _open_days(column.values[there] // DAY)
            if law is not None:
                found[name] = _counted(law, log, name, there)
    return found


def _counted(law: OpenDays, log: EventLog, name: str, there: Int1D) -> OpenDays:
    """Return a law that counts waits so that they differ least, of all rows and then of each word.

    there int64[m] : rows with a cell.
    """
    column = log.events[name]
    cells, paid = column.values[there], cut(log.times[there], column.step)
    ahead = law.waits(cells, paid)
    law = replace(law, never=bool((ahead < 0).mean() <= NEVER))
    if column.step < DAY:
        return law
    behind = law.waits(cells, paid, np.ones(len(paid), np.bool_))
    law = replace(law, back=spread(behind) <= spread(ahead) - LESS_SPREAD)
    usual, other = (behind, ahead) if law.back else (ahead, behind)
    best = LESS_SPREAD
    for word, one in log.events.columns.items():
        if one.kind != WORD or len(one.words) > MOST_WORDS:
            continue
        gain, turned = _turned(one.values[there], usual, other)
        if gain > best:
            best = gain
            law = replace(law, column=word, others=tuple(one.words[k] for k in turned))
    return law


def _turned(words: Array, usual: Int1D, other: Int1D) -> tuple[float, list[int]]:
    """Return which words have waits that differ less counted the other way, and nats a row that it spares."""
    gain, turned = 0.0, []
    for k in np.unique(words[words >= 0]):
        rows = words == k
        less = (spread(usual[rows]) - spread(other[rows])) * rows.mean()
        if rows.sum() >= LEAST_CELLS and less > 0:
            gain += float(less)
            turned.append(int(k))
    return gain, turned


def _open_days(days: Int1D) -> OpenDays | None:
    if len(days) < LEAST_CELLS or np.ptp(days) < LEAST_SPAN:
        return None
    often = np.bincount((days + 3) % 7, minlength=7)
    is_open = often > CLOSED * len(days) / 7
    cells = np.bincount(days - days.min())
    beside = np.zeros(len(cells))
    beside[7:-7] = np.minimum(cells[:-14], cells[14:])
    every = np.arange(len(cells)) + days.min()
    closed = every[(beside >= BUSY) & (cells <= CLOSED * beside) & is_open[(every + 3) % 7]]
    if is_open.all() and not len(closed):
        return None
    return OpenDays(is_open.astype(np.int64), closed.astype(np.int64))


def with_open_waits(log: EventLog, laws: Mapping[str, OpenDays]) -> EventLog:
    """Return the log with dates so many days behind their payments as there are open ones between."""
    if not laws:
        return log
    return replace(log, events=_changed(log.events, log.roles, laws, True))


def on_open_days(events: MixedTable, roles: EventRoles, laws: Mapping[str, OpenDays]) -> MixedTable:
    """Return sampled rows with dates on open days; the other way round of ``with_open_waits``."""
    return _changed(events, roles, laws, False) if laws else events


def _changed(
    events: MixedTable, roles: EventRoles, laws: Mapping[str, OpenDays], to_waits: bool
) -> MixedTable:
    columns = {}
    for name, law in laws.items():
        column = events[name]
        rows = np.flatnonzero(~column.missing())
        cells = column.values.copy()
        paid = cut(events[roles.time].values[rows], column.step)
        back = law.backs(events, rows)
        waits = law.waits(cells[rows], paid, back) if to_waits else cells[rows] - paid
        cells[rows] = paid + waits if to_waits else law.after(paid, waits, back)
        columns[name] = column.with_values(cells)
    return events.with_columns(columns)


def open_day_arrays(laws: Mapping[str, OpenDays], names: list[str]) -> dict[str, Array]:
    """Return the arrays of laws, by the place of their column among ``names``."""
    found: dict[str, Array] = {}
    for name, law in laws.items():
        found[f"open.{names.index(name)}.weekdays"] = law.weekdays
        found[f"open.{names.index(name)}.closed"] = law.closed
        if law.back:
            found[f"open.{names.index(name)}.back"] = np.ones(1, np.int64)
        if law.never:
            found[f"open.{names.index(name)}.never"] = np.ones(1, np.int64)
    return found


def open_day_facts(laws: Mapping[str, OpenDays]) -> dict[str, list[str]]:
    """Return the column of each law whose words choose how waits count, and the words that are turned."""
    return {name: [law.column, *law.others] for name, law in laws.items() if law.column}


def restored_open_days(
    arrays: Mapping[str, Array], names: list[str], turned: Mapping[str, list[str]]
) -> dict[str, OpenDays]:
    """Return the laws that ``open_day_arrays`` and ``open_day_facts`` wrote; none of models of before."""
    found = {}
    for k, name in enumerate(names):
        if f"open.{k}.weekdays" in arrays:
            column, *others = turned.get(name, [""])
            has = [f"open.{k}.{one}" in arrays for one in ("back", "never")]
            parts = arrays[f"open.{k}.weekdays"], arrays[f"open.{k}.closed"]
            found[name] = OpenDays(*parts, has[0], column, tuple(others), has[1])
    return found
