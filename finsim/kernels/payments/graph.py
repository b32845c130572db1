"""The graph of payments as it stands before each: degrees, fans, passing on, chains and triangles.

Posted payments between two different accounts are its edges. Rows are in time order; rows of one time do
not see each other. Twins: ``tests/naive/payments.py``.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from finsim.kernels.kernel import kernel
from finsim.kernels.payments.pairs import NONE, slot_of
from finsim.notation import Array, Int1D

MEASURES = 6  # of a window: new payees and payers, payees and payers, passed on, amount to inflow
SCAN = 32  # payments looked at on each leg of a triangle
LEAST_PASSED, MOST_PASSED = 0.15, 1.15


class Edges(NamedTuple):
    """Rows in time order, shape [N].

    ``is_edge``: posted, between two accounts. ``before`` and ``after``: rows of the same pair
    (``pairs.link_pairs``).
    """

    time: Array
    amount: Array
    payer: Array
    is_edge: Array
    before: Array
    after: Array


class Table(NamedTuple):
    """The pairs of ``pairs.code_pairs``: number of accounts, keys and codes."""

    accounts: int
    keys: Array
    codes: Array


@kernel
def account_graph(
    rows: Edges, start: Int1D, event: Int1D, widths: Int1D, out: Array, last_in: Array, earlier_in: Int1D
) -> None:
    """Write what the graph says of payer and payee of each row.

    start, event : of ``account_history.group_events``. widths : nanoseconds of the windows [W], each
    (t - width, t). out : float32[N, 2 * (2 + MEASURES * W)], payer first, written. last_in : int64[N, 2],
    written: the row that paid the payer last, and the payee. earlier_in : int64[N], written: of each edge,
    the edge to the same payee that came before. -1 where there is none.
    """
    heads, degrees = np.zeros(len(widths), np.int64), np.zeros(2, np.int64)
    recent = np.zeros((len(widths), 6), np.int64)
    for a in range(len(start) - 1):
        mine = event[start[a] : start[a + 1]]
        recent[:], heads[:], degrees[:] = 0, 0, 0
        latest, begin = NONE, 0
        while begin < len(mine):
            now = rows.time[mine[begin] >> 1]
            for w in range(len(widths)):
                while heads[w] < begin and rows.time[mine[heads[w]] >> 1] <= now - widths[w]:
                    _leave(rows, mine[heads[w]], now, recent[w])
                    heads[w] += 1
            end = begin
            while end < len(mine) and rows.time[mine[end] >> 1] == now:
                _write(rows, mine[end], degrees, recent, out)
                last_in[mine[end] >> 1, mine[end] & 1] = latest
                end += 1
            for e in mine[begin:end]:
                if not rows.is_edge[e >> 1]:
                    continue
                degrees[e & 1] += int(rows.before[e >> 1] == NONE)
                for w in range(len(widths)):
                    _enter(rows, e, now - widths[w], recent[w])
                if e & 1:
                    earlier_in[e >> 1], latest = latest, e >> 1
            begin = end


@kernel
def _enter(rows: Edges, e: int, limit: int, recent: Array) -> None:
    """Add an edge to one window: new pairs, different accounts, money."""
    row, side = e >> 1, e & 1
    earlier = rows.before[row]
    recent[side] += int(earlier == NONE)
    recent[2 + side] += int(earlier == NONE or rows.time[earlier] <= limit)
    recent[4 + side] += rows.amount[row]


@kernel
def _leave(rows: Edges, e: int, now: int, recent: Array) -> None:
    """Take an edge out of one window; its account stays where the pair has a younger one before now."""
    row, side = e >> 1, e & 1
    if not rows.is_edge[row]:
        return
    later = rows.after[row]
    recent[side] -= int(rows.before[row] == NONE)
    recent[2 + side] -= int(later == NONE or rows.time[later] >= now)
    recent[4 + side] -= rows.amount[row]


@kernel
def _write(rows: Edges, e: int, degrees: Int1D, recent: Array, out: Array) -> None:
    row, side = e >> 1, e & 1
    size = out.shape[1] // 2
    mine, amount = out[row, side * size : (side + 1) * size], float(rows.amount[row])
    mine[0], mine[1] = degrees[0], degrees[1]
    for w in range(len(recent)):
        here, (sent, got) = mine[2 + MEASURES * w :], recent[w, 4:]
        for k in range(4):
            here[k] = recent[w, k]
        here[4] = sent / got if got > 0 else np.nan
        here[5] = amount / got if got > 0 else np.nan


@kernel
def chain_depths(rows: Edges, last_in: Array, width: int, depth: Int1D) -> None:
    """Write how many first payments of a pair in a row have passed money on, up to each row.

    A first payment is one link; it goes on a chain where the payer was paid by the last link in the
    ``width`` nanoseconds before, and passes on 15 to 115 % of that. Others have depth 0. depth : int64[N].
    """
    for i in range(len(depth)):
        depth[i] = int(rows.is_edge[i] and rows.before[i] == NONE)
        source = last_in[i, 0]
        if depth[i] and source != NONE and rows.time[i] - rows.time[source] < width:
            share = rows.amount[i] / rows.amount[source] if rows.amount[source] > 0 else 0.0
            if depth[source] and LEAST_PASSED <= share <= MOST_PASSED:
                depth[i] = depth[source] + 1


@kernel
def triangles(
    rows: Edges, payee: Int1D, last_in: Array, earlier_in: Int1D, table: Table, latest: Int1D, width: int,
    out: Array,
) -> None:  # fmt: skip
    """Write how many ways money may have come round to the payer from the payee over one other account.

    Looks at the last 32 payments to the payer in (t - width, t): how many of their payers were paid by the
    payee before that, and after t - width, among the last 32 payments of that pair. latest : int64[P], all
    -1, written. out : float32[N].
    """
    for i in range(len(out)):
        found, limit, last, seen = 0, rows.time[i] - width, last_in[i, 0], 0
        while last != NONE and rows.time[last] > limit and seen < SCAN and rows.payer[i] != payee[i]:
            place = slot_of(payee[i] * table.accounts + rows.payer[last], table.keys)
            if rows.payer[last] != payee[i] and table.keys[place] != NONE:
                first = latest[table.codes[place]]
                for _ in range(SCAN):
                    if first == NONE or rows.time[first] < rows.time[last]:
                        break
                    first = rows.before[first]
                is_old = first == NONE or rows.time[first] <= limit
                found += int(not is_old and rows.time[first] < rows.time[last])
            last, seen = earlier_in[last], seen + 1
        out[i] = found
        if rows.is_edge[i]:
            pair = slot_of(rows.payer[i] * table.accounts + payee[i], table.keys)
            latest[table.codes[pair]] = i
