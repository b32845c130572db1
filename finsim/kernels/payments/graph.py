"""The graph of payments as it stands before each: degrees, fans, passing on, chains and triangles.

Posted payments between two different accounts are its edges. Rows are in time order; rows of one time do
not see each other. Twins: ``tests/naive/payments.py``.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from finsim.kernels.kernel import kernel
from finsim.kernels.payments.pairs import NONE, slot_of
from finsim.notation import Array, Bool1D, Int1D, Int2D

MEASURES = 6  # of a window: new payees and payers, payees and payers, passed on, amount to inflow
SCAN = 32  # payments looked at on each leg of a triangle
LEAST_PASSED, MOST_PASSED = 0.15, 1.15
# Columns of edges, beside each other since accounts jump from row to row.
TIME, AMOUNT, IS_EDGE, EARLIER, LATER = range(5)
NEVER_BEFORE, NEVER_AFTER = -(2**63), 2**63 - 1


class Table(NamedTuple):
    """The pairs of ``pairs.code_pairs``: number of accounts and of pairs, keys and codes."""

    accounts: int
    pairs: int
    keys: Array
    codes: Array


@kernel
def edge_facts(time: Int1D, amount: Int1D, is_edge: Bool1D, before: Int1D, after: Int1D, out: Int2D) -> None:
    """Write what the graph needs of each row, and when its pair has the edges before and after it.

    before, after : of ``pairs.link_pairs``. out : int64[N, 5], written: ``TIME`` to ``LATER``.
    """
    for i in range(len(time)):
        out[i, TIME], out[i, AMOUNT], out[i, IS_EDGE] = time[i], amount[i], is_edge[i]
        out[i, EARLIER] = time[before[i]] if before[i] != NONE else NEVER_BEFORE
        out[i, LATER] = time[after[i]] if after[i] != NONE else NEVER_AFTER


@kernel
def account_graph(
    rows: Int2D, start: Int1D, event: Int1D, widths: Int1D, out: Array, last_in: Int2D, earlier_in: Int1D
) -> None:
    """Write what the graph says of payer and payee of each row.

    rows : of ``edge_facts``. start, event : of ``account_history.group_events``. widths : nanoseconds of the
    windows [W], each (t - width, t). out : float32[N, 2 * (2 + MEASURES * W)], payer first, written.
    last_in : int64[N, 2], written: the row that paid the payer last, and the payee. earlier_in : int64[N],
    all -1, written: of each edge, the edge to the same payee that came before. -1 where there is none.
    """
    heads, degrees = np.zeros(len(widths), np.int64), np.zeros(2, np.int64)
    recent = np.zeros((len(widths), 6), np.int64)
    for a in range(len(start) - 1):
        mine = event[start[a] : start[a + 1]]
        recent[:], heads[:], degrees[:] = 0, 0, 0
        latest, begin = NONE, 0
        while begin < len(mine):
            now = rows[mine[begin] >> 1, TIME]
            for w in range(len(widths)):
                while heads[w] < begin and rows[mine[heads[w]] >> 1, TIME] <= now - widths[w]:
                    _leave(rows, mine[heads[w]], now, recent[w])
                    heads[w] += 1
            end = begin
            while end < len(mine) and rows[mine[end] >> 1, TIME] == now:
                _write(rows, mine[end], degrees, recent, out)
                last_in[mine[end] >> 1, mine[end] & 1] = latest
                end += 1
            for e in mine[begin:end]:
                if rows[e >> 1, IS_EDGE]:
                    degrees[e & 1] += int(rows[e >> 1, EARLIER] == NEVER_BEFORE)
                    for w in range(len(widths)):
                        _enter(rows, e, now - widths[w], recent[w])
                    if e & 1:
                        earlier_in[e >> 1], latest = latest, e >> 1
            begin = end


@kernel
def _enter(rows: Int2D, e: int, limit: int, recent: Array) -> None:
    """Add an edge to one window: new pairs, different accounts, money."""
    row, side = e >> 1, e & 1
    recent[side] += int(rows[row, EARLIER] == NEVER_BEFORE)
    recent[2 + side] += int(rows[row, EARLIER] <= limit)
    recent[4 + side] += rows[row, AMOUNT]


@kernel
def _leave(rows: Int2D, e: int, now: int, recent: Array) -> None:
    """Take an edge out of one window; its account stays where the pair has a younger one before now."""
    row, side = e >> 1, e & 1
    if rows[row, IS_EDGE]:
        recent[side] -= int(rows[row, EARLIER] == NEVER_BEFORE)
        recent[2 + side] -= int(rows[row, LATER] >= now)
        recent[4 + side] -= rows[row, AMOUNT]


@kernel
def _write(rows: Int2D, e: int, degrees: Int1D, recent: Array, out: Array) -> None:
    row, side = e >> 1, e & 1
    size = out.shape[1] // 2
    mine, amount = out[row, side * size : (side + 1) * size], float(rows[row, AMOUNT])
    mine[0], mine[1] = degrees[0], degrees[1]
    for w in range(len(recent)):
        place = 2 + MEASURES * w
        for k in range(4):
            mine[place + k] = recent[w, k]
        got = recent[w, 5]
        mine[place + 4] = recent[w, 4] / got if got > 0 else np.nan
        mine[place + 5] = amount / got if got > 0 else np.nan


@kernel
def chain_depths(rows: Int2D, last_in: Int2D, width: int, depth: Int1D) -> None:
    """Write how many first payments of a pair in a row have passed money on, up to each row.

    A first payment is one link; it goes on a chain where the payer was paid by the last link in the
    ``width`` nanoseconds before, and passes on 15 to 115 % of that. Others have depth 0. depth : int64[N].
    """
    for i in range(len(depth)):
        depth[i] = int(rows[i, IS_EDGE] and rows[i, EARLIER] == NEVER_BEFORE)
        source = last_in[i, 0]
        if depth[i] and source != NONE and rows[i, TIME] - rows[source, TIME] < width:
            received = rows[source, AMOUNT]
            share = rows[i, AMOUNT] / received if received > 0 else 0.0
            if depth[source] and LEAST_PASSED <= share <= MOST_PASSED:
                depth[i] = depth[source] + 1


@kernel
def triangles(
    rows: Int2D, sides: Int2D, last_in: Int2D, earlier: Int2D, table: Table, width: int, out: Array
) -> None:
    """Write how many ways money may have come round to the payer from the payee over one other account.

    Looks at the last 32 payments to the payer in (t - width, t): how many of their payers were paid by the
    payee before that, and after t - width, among the last 32 payments of that pair. sides : int64[N, 2],
    payer and payee. earlier : int64[N, 2], the edge before to the same payee, and in the same pair. out :
    float32[N], written.
    """
    latest, begin = np.full(table.pairs, NONE, np.int64), 0
    while begin < len(out):
        end = begin
        while end < len(out) and rows[end, TIME] == rows[begin, TIME]:
            payer, payee, limit = sides[end, 0], sides[end, 1], rows[end, TIME] - width
            found, last, seen = 0, last_in[end, 0], 0
            while payer != payee and last != NONE and rows[last, TIME] > limit and seen < SCAN:
                other = sides[last, 0]
                place = slot_of(payee * table.accounts + other, table.keys)
                if other != payee and table.keys[place] != NONE:
                    first = latest[table.codes[place]]
                    found += int(_paid_within(rows, first, limit, rows[last, TIME], earlier))
                last, seen = earlier[last, 0], seen + 1
            out[end] = found
            end += 1
        for i in range(begin, end):
            if rows[i, IS_EDGE]:
                pair = slot_of(sides[i, 0] * table.accounts + sides[i, 1], table.keys)
                latest[table.codes[pair]] = i
        begin = end


@kernel
def _paid_within(rows: Int2D, first: int, after: int, until: int, earlier: Int2D) -> bool:
    """Whether one of the last 32 edges of a pair, from ``first`` backwards, lies in (after, until)."""
    for _ in range(SCAN):
        if first == NONE or rows[first, TIME] <= after:
            return False
        if rows[first, TIME] < until:
            return True
        first = earlier[first, 1]
    return False
