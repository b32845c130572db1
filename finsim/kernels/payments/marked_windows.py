"""Counts and money of marked payments of both accounts of a payment, in windows before it.

A mark is a bit of a row, such as "a purchase"; rows are in time order, and those of one time
do not see each other. Twin: ``tests/naive/marked_payments.py``.
"""

from __future__ import annotations

import numpy as np

from finsim.kernels.kernel import kernel
from finsim.notation import Array, Int1D, Int2D

TIME, AMOUNT, MARKS = range(3)
SIDE, MARK, DIRECTION, WINDOW, MONEY = range(5)  # of a measure: 0 payer, out and count, 1 payee, in and money


@kernel
def marked_windows(
    rows: Int2D, marks: int, start: Int1D, event: Int1D, widths: Int1D, wanted: Int2D, out: Array
) -> None:
    """Write how many marked payments an account of each row sent or received before it, or their money.

    rows : int64[N, 3] in time order: nanoseconds, minor units, bits of ``marks`` marks (none where the row
    does not count). start, event : of ``account_history.group_events``. widths : nanoseconds of the windows
    [W], each (t - width, t), negative for all earlier rows. wanted : int64[K, 5], ``SIDE`` to ``MONEY``.
    out : float32[N, K], written.
    """
    state, heads = np.zeros((marks, 2, len(widths), 2), np.int64), np.zeros(len(widths), np.int64)
    for a in range(len(start) - 1):
        mine = event[start[a] : start[a + 1]]
        state[:], heads[:], begin = 0, 0, 0
        while begin < len(mine):
            now = rows[mine[begin] >> 1, TIME]
            for w in range(len(widths)):
                while (
                    widths[w] >= 0 and heads[w] < begin and rows[mine[heads[w]] >> 1, TIME] <= now - widths[w]
                ):
                    _count(rows, mine[heads[w]], -1, state[:, :, w])
                    heads[w] += 1
            end = begin
            while end < len(mine) and rows[mine[end] >> 1, TIME] == now:
                row, side = mine[end] >> 1, mine[end] & 1
                for k in range(len(wanted)):
                    if wanted[k, SIDE] == side:
                        mark, direction, window = wanted[k, MARK], wanted[k, DIRECTION], wanted[k, WINDOW]
                        out[row, k] = state[mark, direction, window, wanted[k, MONEY]]
                end += 1
            for e in mine[begin:end]:
                for w in range(len(widths)):
                    _count(rows, e, 1, state[:, :, w])
            begin = end


@kernel
def _count(rows: Int2D, e: int, sign: int, state: Array) -> None:
    """Add an event to one window, or take it out. state : int64[marks, 2, 2]."""
    row, direction = e >> 1, e & 1
    if rows[row, MARKS]:
        for mark in range(len(state)):
            if rows[row, MARKS] >> mark & 1:
                state[mark, direction, 0] += sign
                state[mark, direction, 1] += sign * rows[row, AMOUNT]


@kernel
def last_received(time: Int1D, payer: Int1D, payee: Int1D, counts: Array, latest: Int1D, out: Int2D) -> None:
    """Write the row that counts and was received last by the payer of each row, and by the payee.

    latest : int64[accounts], all -1, written. out : int64[N, 2], written, -1 where there is none.
    """
    begin = 0
    while begin < len(time):
        end = begin
        while end < len(time) and time[end] == time[begin]:
            out[end, 0], out[end, 1] = latest[payer[end]], latest[payee[end]]
            end += 1
        for i in range(begin, end):
            if counts[i]:
                latest[payee[i]] = i
        begin = end
