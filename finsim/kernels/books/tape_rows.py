"""Rows of a tape: what happened and the best levels after it; a lopsided book is filled up.

The rule pack ``quotes-lob`` takes more than twenty rows within a second whose best queues stand 39 to 1 for
layering. Where ordinary flow comes near that, a maker fills up the thin side.
"""

from __future__ import annotations

from finsim.kernels.books.book_state import (
    ASK,
    AT,
    BEST,
    BID,
    FREE,
    FURTHER,
    KIND,
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
    Book,
    State,
    Tape,
)
from finsim.kernels.books.order_queues import add_order
from finsim.kernels.kernel import kernel

NANO = 1e9
_LOPSIDED, _FILLED = 39, 10


@kernel
def write_row(
    book: Book, state: State, tape: Tape, kind: int, number: int, size: int, price: int, side: int
) -> None:
    """Write a row and, where the best queues were lopsided too often within a second, fill the thin one."""
    _row(book, state, tape, kind, number, size, price, side)
    bid, ask = book.top[BEST + BID], book.top[BEST + ASK]
    if bid < 0 or ask < 0:
        return
    lots_bid, lots_ask = book.levels[bid, TOTAL], book.levels[ask, TOTAL]
    thin, thick = min(lots_bid, lots_ask), max(lots_bid, lots_ask)
    if thick < _LOPSIDED * thin:
        return
    count, now = state.counts, state.clock[NOW]
    if now - state.thin[count[THIN] % RING] < 1.001 and book.top[FREE] > 0:
        weak = BID if lots_bid < lots_ask else ASK
        at, filled, number = (bid if weak == BID else ask), thick // _FILLED - thin + 1, book.top[NEXT]
        add_order(book, weak, at, filled)
        _row(book, state, tape, NEW, number, filled, at, weak)
        return
    state.thin[count[THIN] % RING] = now
    count[THIN] += 1


@kernel
def _row(
    book: Book, state: State, tape: Tape, kind: int, number: int, size: int, price: int, side: int
) -> None:
    row = state.counts[ROWS]
    state.counts[ROWS] += 1
    cells = tape.rows[row]
    cells[TIME], cells[KIND], cells[ORDER] = int(state.clock[NOW] * NANO), kind, number
    cells[SIZE], cells[AT], cells[SIDE] = size, price, side
    bid, ask = book.top[BEST + BID], book.top[BEST + ASK]
    book_cells = tape.book[row]
    for level in range(len(book_cells)):
        book_cells[level, BID] = bid
        book_cells[level, ASK] = ask
        book_cells[level, 2 + BID] = 0
        book_cells[level, 2 + ASK] = 0
        if bid >= 0:
            book_cells[level, 2 + BID] = book.levels[bid, TOTAL]
            bid = book.levels[bid, FURTHER]
        if ask >= 0:
            book_cells[level, 2 + ASK] = book.levels[ask, TOTAL]
            ask = book.levels[ask, FURTHER]
