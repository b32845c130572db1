"""Counts, sums and habits of both accounts of a payment, from payments that are strictly earlier.

Rows are in time order; rows of one time do not see each other. An event is a row seen from one of its
accounts: ``2 * row`` from the payer, ``2 * row + 1`` from the payee. Twins: ``tests/naive/payments.py``.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from finsim.kernels.kernel import kernel
from finsim.notation import NANOS_PER_SECOND, Array, Int1D, Int2D

HOUR = 3600 * NANOS_PER_SECOND
ROUND, SMALL = 1_000, 500  # minor units
MEASURES = 4  # of a window: payments and money out, payments and money in
HABITS = 10  # what does not hang on the listed windows
# Columns of rows, beside each other since accounts jump from row to row.
TIME, AMOUNT, POSTED, NIGHT = range(4)


class Account(NamedTuple):
    """State of one account while its events pass.

    ``recent`` int64[W, 6]: the measures of each window, declined and small payments out. ``ever``
    int64[2, 5], out and in: payments, money, largest, round and night ones. ``last`` int64[2]: their time.
    """

    recent: Array
    ever: Array
    last: Array


@kernel
def group_events(payer: Int1D, payee: Int1D, start: Int1D, event: Int1D) -> None:
    """Sort events by account, in row order within one.

    payer, payee : account codes [N]; start : int64[A + 1], zeros, written with where accounts begin; event :
    int64[2N], written.
    """
    for i in range(len(payer)):
        start[payer[i] + 1] += 1
        start[payee[i] + 1] += 1
    for a in range(1, len(start)):
        start[a] += start[a - 1]
    place = start[:-1].copy()
    for i in range(len(payer)):
        event[place[payer[i]]] = 2 * i
        place[payer[i]] += 1
        event[place[payee[i]]] = 2 * i + 1
        place[payee[i]] += 1


@kernel
def account_history(rows: Int2D, start: Int1D, event: Int1D, widths: Int1D, day: int, out: Array) -> None:
    """Write the history of payer and payee of each row.

    rows : int64[N, 4] in time order: nanoseconds, minor units, whether posted, whether at night.
    start, event : of ``group_events``. widths : nanoseconds of the windows [W], each (t - width, t); ``day``
    is the place of that in which declined and small payments count. out : float32[N, 2 * (MEASURES * W +
    HABITS)], payer first, written.
    """
    state = Account(np.zeros((len(widths), 6), np.int64), np.zeros((2, 5), np.int64), np.zeros(2, np.int64))
    heads = np.zeros(len(widths), np.int64)
    for a in range(len(start) - 1):
        mine = event[start[a] : start[a + 1]]
        state.recent[:] = 0
        state.ever[:] = 0
        heads[:] = 0
        begin = 0
        while begin < len(mine):
            now = rows[mine[begin] >> 1, TIME]
            for w in range(len(widths)):
                while heads[w] < begin and rows[mine[heads[w]] >> 1, TIME] <= now - widths[w]:
                    _count(rows, mine[heads[w]], -1, state.recent[w])
                    heads[w] += 1
            end = begin
            while end < len(mine) and rows[mine[end] >> 1, TIME] == now:
                _write(rows, mine[end], state, day, out)
                end += 1
            for e in mine[begin:end]:
                for w in range(len(widths)):
                    _count(rows, e, 1, state.recent[w])
                _remember(rows, e, state)
            begin = end


@kernel
def _count(rows: Int2D, e: int, sign: int, recent: Array) -> None:
    """Add an event to the measures of one window, or take it out."""
    row, side = e >> 1, e & 1
    if rows[row, POSTED]:
        recent[2 * side] += sign
        recent[2 * side + 1] += sign * rows[row, AMOUNT]
        if side == 0 and rows[row, AMOUNT] <= SMALL:
            recent[5] += sign
    elif side == 0:
        recent[4] += sign


@kernel
def _remember(rows: Int2D, e: int, state: Account) -> None:
    row, side = e >> 1, e & 1
    if not rows[row, POSTED]:
        return
    ever, amount = state.ever[side], rows[row, AMOUNT]
    ever[2] = amount if ever[0] == 0 else max(ever[2], amount)
    ever[0] += 1
    ever[1] += amount
    ever[3] += int(amount % ROUND == 0)
    ever[4] += rows[row, NIGHT]
    state.last[side] = rows[row, TIME]


@kernel
def _write(rows: Int2D, e: int, state: Account, day: int, out: Array) -> None:
    row, side = e >> 1, e & 1
    size = out.shape[1] // 2
    mine, windows = out[row, side * size : (side + 1) * size], len(state.recent)
    for w in range(windows):
        for k in range(MEASURES):
            mine[MEASURES * w + k] = state.recent[w, k]
    habits, amount = mine[MEASURES * windows :], float(rows[row, AMOUNT])
    for direction in range(2):
        habits[direction] = state.ever[direction, 0]
        gap = (rows[row, TIME] - state.last[direction]) / HOUR
        habits[2 + direction] = gap if state.ever[direction, 0] else np.nan
    habits[4], habits[5] = state.recent[day, 4], state.recent[day, 5]
    count, total, most, rounds, nights = state.ever[side]
    habits[6] = amount * count / total if total > 0 else np.nan
    habits[7] = amount / most if count and most > 0 else np.nan
    habits[8] = rounds / count if count else np.nan
    habits[9] = nights / count if count else np.nan
