"""Words of a ledger with its random empty cells filled, as far as other rows tell them.

A cell that is empty at random is no kind of payment and no payee of its own. The rows of the account that are
alike in the other words, or in one name, or in words and sum, tell it where all of them have one word and few
enough have none. Cells that a payee and a sum never have stay empty: there it is no accident.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace

import numpy as np

from finsim.notation import Array, Bool1D, Float1D, Int1D
from finsim.records.event_log import EventLog
from finsim.records.mixed_table import MISSING_WORD

LEAST_EMPTY, MOST_EMPTY = 0.05, 0.25
"""Share of cells that may be empty at random in any case, and at most; where more are, it is a habit
(assumptions)."""
ERRORS = 4.0
"""Standard errors, and one cell more, by which a group may have more empty cells than others (assumption)."""
NEVER, LEAST_NEVER = 1e-5, 4
"""Chance of no filled cell among the rows of a payee and a sum below which none belongs, and how many rows
tell it (assumptions)."""
LEAST_TOLD, LEAST_OF_PAYEE, PASSES = 3, 5, 2
"""Filled cells of an account, and of a payee, that tell others of them by words alone; rounds, as a cell that
is filled may tell another (assumptions)."""


@dataclass(frozen=True)
class _Told:
    """Groups that tell a cell: key int64[n] of rows (-1: none), and how many filled cells they must have."""

    key: Int1D
    least: int


def filled(log: EventLog, names: tuple[str, ...], words: list[str]) -> EventLog:
    """Return the log with empty cells of columns filled where other rows tell them.

    names : columns that name payees; words : the other columns of words.
    """
    cells = {name: log.events[name].values.astype(np.int64) for name in (*names, *words)}
    holed = [name for name in (*words, *names) if (cells[name] < 0).any()]
    if not holed or all((cells[name] < 0).all() for name in holed):
        return log
    size = log.part("amount")
    amount = np.zeros(log.events.rows) if size is None else np.nan_to_num(size)
    owner = _codes(log.entity(), np.sign(amount).astype(np.int64))
    sums = _codes(np.unique(amount, return_inverse=True)[1])
    payee = str(log.roles.partner) if log.roles.partner in names else next(iter(names), "")
    before = dict(cells)
    for _ in range(PASSES):
        for name in holed:
            for told in _tellers(name, names, words, cells, (owner, sums, amount)):
                never = _never(cells[name], cells.get(payee), sums, name == payee)
                cells[name] = with_told(cells[name], told.key, told.least, never)
    changed = {
        name: log.events[name].with_values(cells[name].astype(log.events[name].values.dtype))
        for name in holed if (cells[name] != before[name]).any()
    }  # fmt: skip
    return replace(log, events=log.events.with_columns(changed)) if changed else log


def _tellers(
    name: str, names: tuple[str, ...], words: list[str], cells: dict[str, Int1D],
    rows: tuple[Int1D, Int1D, Float1D],
) -> Iterator[_Told]:  # fmt: skip
    """Yield the groups of rows that may tell the cells of a column, the surest first."""
    owner, sums, amount = rows
    others = [one for one in names if one != name]
    rest = [one for one in words if one != name]
    named = np.any([cells[one] >= 0 for one in others], axis=0) if others else np.zeros(len(owner), np.bool_)
    if others:
        yield _Told(_only(named, _codes(owner, *(cells[one] for one in (*others, *rest)))), 1)
    for one in others:
        yield _Told(_only(cells[one] >= 0, _codes(owner, cells[one])), 1)
    paid = np.isfinite(amount) & (amount != 0)
    if rest:
        kind = _codes(owner, *(cells[one] for one in rest))
        yield _Told(_only(paid, _codes(kind, sums)), 1)
        yield _Told(kind if name in names else np.full(len(kind), -1), LEAST_TOLD)
    yield _Told(_only(paid, _codes(owner, sums)), LEAST_TOLD)
    for one in others if name in words else []:
        yield _Told(
            _only(cells[one] >= 0, _codes(np.sign(amount).astype(np.int64), cells[one])), LEAST_OF_PAYEE
        )


def with_told(cells: Int1D, key: Int1D, least: int, never: Bool1D) -> Int1D:
    """Return cells int64[n] with empty ones filled where at least so many rows of a group all have one word.

    key int64[n] of groups, -1 for rows of none; never bool[n] : rows in which an empty cell belongs.
    """
    some = key >= 0
    empty = some & (cells < 0) & ~never
    if not empty.any():
        return cells
    count = int(key.max()) + 1
    there = some & (cells >= 0)
    low, high = np.full(count, np.iinfo(np.int64).max), np.full(count, -1)
    np.minimum.at(low, key[there], cells[there])
    np.maximum.at(high, key[there], cells[there])
    many, lost = (np.bincount(key[one], minlength=count) for one in (there, empty))
    told = (low == high) & (many >= least)
    for _ in range(2):
        good = told & _is_chance(lost, many + lost, rate_of(lost, many, told))
        told = good
    found = cells.copy()
    rows = np.flatnonzero(empty & good[np.maximum(key, 0)])
    found[rows] = low[key[rows]]
    return found


def rate_of(lost: Int1D, many: Int1D, told: Bool1D) -> float:
    """Return the share of empty cells in groups that tell a word, from ``LEAST_EMPTY`` to ``MOST_EMPTY``."""
    whole = float((many + lost)[told].sum())
    return min(max(float(lost[told].sum()) / max(whole, 1.0), LEAST_EMPTY), MOST_EMPTY)


def _is_chance(lost: Int1D, whole: Int1D, rate: float) -> Bool1D:
    """Return bool[G], groups with no more empty cells than chance gives."""
    return np.asarray(lost <= rate * whole + ERRORS * np.sqrt(whole * rate * (1.0 - rate)) + 1.0)


def _never(cells: Int1D, payee: Int1D | None, sums: Int1D, is_payee: bool) -> Bool1D:
    """Return bool[n], rows of a payee and a sum whose cells are all empty, too many for chance."""
    none = np.zeros(len(cells), np.bool_)
    if payee is None or is_payee:
        return none
    code = _codes(payee, sums)
    whole = np.bincount(code)
    lost = np.bincount(code, cells < 0)
    all_lost = lost == whole
    inner = ~all_lost & (lost <= whole / 2)
    rate = min(float(lost[inner].sum()) / max(float(whole[inner].sum()), 1.0), MOST_EMPTY)
    return np.asarray((all_lost & (max(rate, 1e-9) ** whole < NEVER) & (whole >= LEAST_NEVER))[code])


def _only(some: Bool1D, code: Int1D) -> Int1D:
    return np.where(some, code, -1)


def _codes(*columns: Array) -> Int1D:
    """Return one number from 0 on for each row of some columns of numbers from -1 on."""
    found = np.zeros(len(columns[0]), np.int64)
    for one in columns:
        joint = found * (int(one.max(initial=0)) + 2) + one + 1
        found = np.unique(joint, return_inverse=True)[1].reshape(-1).astype(np.int64)
    return found


def holes(before: EventLog, after: EventLog, columns: tuple[str, ...]) -> Array:
    """Return bool[n, C], the cells of columns that are empty in one log and filled in the other."""
    return np.stack([
        (before.events[name].values == MISSING_WORD) & (after.events[name].values != MISSING_WORD)
        for name in columns
    ], axis=1) if columns else np.zeros((before.events.rows, 0), np.bool_)  # fmt: skip
