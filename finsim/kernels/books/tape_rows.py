"""Rows of a tape: what happened and the best levels after it; a lopsided book is filled up.

The rule pack ``quotes-lob`` takes more than twenty rows within a second whose best queues stand 39 to 1 for
layering, and a spread of more than half a percent for a mistake. Where ordinary flow comes near that, a maker
fills up the thin side, or quotes inside the spread.
"""

from __future__ import annotations

from finsim.kernels.books.book_state import (
    ASK,
    AT,
    BEST,
    BID,
    FREE,
    FURTHER,
    HIGHEST,
    KIND,
    LOWEST,
    NEW,
    NEXT,
    NOW,
    ORDER,
    RING,
    ROWS,
    SIDE,
    SIZE,
    THIN,
    TIME,
    TOTAL,
    WIDEST,
    Book,
    State,
    Tape,
)
from finsim.kernels.books.order_queues import add_order
from finsim.kernels.kernel import bare_kernel, inlined_kernel

NANO = 1e9
_LOPSIDED, _FILLED = 39, 10


@inlined_kernel
def write_row(
    book: Book, state: State, tape: Tape, kind: int, number: int, size: int, price: int, side: int
) -> None:
    """Write a row and, where the best queues were lopsided too often within a second, fill the thin one."""
    plain_row(book, state, tape, kind, number, size, price, side)
    bid, ask = book.top[BEST + BID], book.top[BEST + ASK]
    if bid < 0 or ask < 0:
        return
    if ask - bid > state.edges[WIDEST]:
        _close_up(book, state, tape, side)
        return
    lots_bid, lots_ask = book.levels[bid, TOTAL], book.levels[ask, TOTAL]
    thin, thick = min(lots_bid, lots_ask), max(lots_bid, lots_ask)
    if thick < _LOPSIDED * thin:
        return
    count, now = state.counts, state.clock[NOW]
    if now - state.thin[count[THIN] % RING] < 1.001 and book.top[FREE] > 0:
        _fill_up(book, state, tape, BID if lots_bid < lots_ask else ASK)
        return
    state.thin[count[THIN] % RING] = now
    count[THIN] += 1


@bare_kernel
def _close_up(book: Book, state: State, tape: Tape, side: int) -> None:
    """Let a maker halve a spread that is too wide: on the side that left it, else on the other one.

    A bid stays at the bar's high or below it and an ask at its low or above, so that all trades do.
    """
    widest = state.edges[WIDEST]
    for turn in range(2):
        weak = side if turn == 0 else 1 - side
        best, other = book.top[BEST + weak], book.top[BEST + 1 - weak]
        if abs(other - best) <= widest or book.top[FREE] == 0:
            return
        if weak == BID:
            at = max(min(other - (widest + 1) // 2, state.edges[HIGHEST]), best)
        else:
            at = min(max(other + (widest + 1) // 2, state.edges[LOWEST]), best)
        if at != best:
            size, number = book.levels[best, TOTAL], book.top[NEXT]
            add_order(book, weak, at, size)
            plain_row(book, state, tape, NEW, number, size, at, weak)


@bare_kernel
def _fill_up(book: Book, state: State, tape: Tape, weak: int) -> None:
    """Let a maker join the thin queue, so that a tenth of the other one stands there. It is seldom called."""
    at, number = book.top[BEST + weak], book.top[NEXT]
    thin, thick = book.levels[at, TOTAL], book.levels[book.top[BEST + 1 - weak], TOTAL]
    filled = thick // _FILLED - thin + 1
    add_order(book, weak, at, filled)
    plain_row(book, state, tape, NEW, number, filled, at, weak)


@inlined_kernel
def plain_row(
    book: Book, state: State, tape: Tape, kind: int, number: int, size: int, price: int, side: int
) -> None:
    """Write a row and the best levels after it."""
    row = state.counts[ROWS]
    state.counts[ROWS] += 1
    cells = tape.rows[row]
    cells[TIME], cells[KIND], cells[ORDER] = int(state.clock[NOW] * NANO), kind, number
    cells[SIZE], cells[AT], cells[SIDE] = size, price + tape.base, side
    _shown(book, tape, row, price, side)


@inlined_kernel
def _shown(book: Book, tape: Tape, row: int, price: int, side: int) -> None:
    """Write the best levels: those of the row before, but for a side that the row may have changed.

    A row behind the last level that was shown changes none of them; every change of the book has its row.
    """
    levels = tape.book.shape[1]
    if row == 0:
        _side_shown(book, tape, row, BID)
        _side_shown(book, tape, row, ASK)
        return
    for level in range(levels):
        for cell in range(4):
            tape.book[row, level, cell] = tape.book[row - 1, level, cell]
    last = tape.book[row - 1, levels - 1, side]
    at = price + tape.base
    if last < 0 or (at >= last if side == BID else at <= last):
        _side_shown(book, tape, row, side)


@inlined_kernel
def _side_shown(book: Book, tape: Tape, row: int, side: int) -> None:
    at = book.top[BEST + side]
    for level in range(tape.book.shape[1]):
        if at >= 0:
            tape.book[row, level, side] = at + tape.base
            tape.book[row, level, 2 + side] = book.levels[at, TOTAL]
            at = book.levels[at, FURTHER]
        else:
            tape.book[row, level, side] = -1
            tape.book[row, level, 2 + side] = 0
