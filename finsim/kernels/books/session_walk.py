"""A session: the book is built, bars are walked one after the other, and each shows what it must show."""

from __future__ import annotations

from finsim.kernels.books.arrivals import bends, decay, excite, next_arrival
from finsim.kernels.books.book_state import (
    ADD_ASK,
    ADD_BID,
    ASK,
    BEST,
    BID,
    BUY,
    CLOSED,
    CUT_BID,
    DELETED,
    FREE,
    HIDDEN,
    HIGH_DONE,
    HIGHEST,
    LEFT,
    LIVE,
    LOTS,
    LOW_DONE,
    LOWEST,
    NEW,
    NEXT,
    NUMBER,
    OPENED,
    PRICE,
    REDUCED,
    ROWS,
    SELL,
    STEP,
    TYPES,
    Bar,
    Book,
    Law,
    State,
    Tape,
)
from finsim.kernels.books.executions import LAST, market_order, print_at
from finsim.kernels.books.order_choices import chosen, drawn, lots, placed
from finsim.kernels.books.order_queues import add_order, reduce_order
from finsim.kernels.books.tape_rows import write_row
from finsim.kernels.kernel import bare_kernel, inlined_kernel
from finsim.kernels.xoshiro import next_uniform


@bare_kernel
def build_book(book: Book, law: Law, bar: Bar, state: State, tape: Tape, seconds: float) -> None:
    """Let both sides place their ``target`` orders around the opening price within some seconds before it."""
    state.edges[LOWEST], state.edges[HIGHEST] = bar.low, bar.high
    orders = 2 * int(law.target)
    half = max(1, int(0.5 * law.unit + 0.5), (law.floor + 1) // 2)
    for number in range(orders):
        side = number % 2
        sign = 1 if side == BID else -1
        behind = 0 if number < TYPES else int(drawn(law.distances, state) * law.unit)
        price = min(max(bar.open - sign * (half + behind), 0), len(book.levels) - 1)
        if (side == BID and price >= bar.open) or (side == ASK and price <= bar.open):
            continue
        _add(book, law, state, tape, side, price)
        decay(state, law, seconds / orders)


@bare_kernel
def walk_bar(book: Book, law: Law, bar: Bar, state: State, tape: Tape, margin: int) -> int:
    """Walk a bar until it is closed (returns 1) or the tape has fewer than ``margin`` rows left (0).

    Called again with an empty tape it goes on: every number that changes lies in ``book`` and ``state``.
    """
    count = state.counts
    state.edges[LOWEST], state.edges[HIGHEST] = bar.low, bar.high
    if count[OPENED] == 0:
        count[OPENED] = 1
        print_at(book, law, bar, state, tape, bar.open, bar.open_size, bar.open_kind)
    while count[STEP] < len(bar.reference):
        if len(tape.rows) - count[ROWS] < margin + 3 * (book.top[LIVE + BID] + book.top[LIVE + ASK]):
            return 0  # a market order may take every order of a side, and makers answer with two each
        bends(book, law, bar, state)
        kind = next_arrival(state, law, bar)
        if kind < 0:
            _end_step(book, law, bar, state, tape)
            continue
        excite(state, law, kind)
        _act(book, law, bar, state, tape, kind)
    if count[CLOSED] == 0:
        count[CLOSED] = 1
        print_at(book, law, bar, state, tape, bar.close, count[LEFT], bar.close_kind)
    return 1


@bare_kernel
def _end_step(book: Book, law: Law, bar: Bar, state: State, tape: Tape) -> None:
    """Print an extreme whose time is over and that was not reached; go to the next step."""
    count = state.counts
    if count[STEP] >= bar.high_by and count[HIGH_DONE] == 0:
        print_at(book, law, bar, state, tape, bar.high, 1, HIDDEN)
    if count[STEP] >= bar.low_by and count[LOW_DONE] == 0:
        print_at(book, law, bar, state, tape, bar.low, 1, HIDDEN)
    count[STEP] += 1


@inlined_kernel
def _act(book: Book, law: Law, bar: Bar, state: State, tape: Tape, kind: int) -> None:
    """Let an arrival act; what cannot be done (no slot, a last order) turns into its opposite."""
    if kind in (BUY, SELL):
        market_order(book, law, bar, state, tape, ASK if kind == BUY else BID)
        return
    side = BID if kind in (ADD_BID, CUT_BID) else ASK
    adds = kind in (ADD_BID, ADD_ASK)
    if adds and book.top[FREE] <= LAST:
        adds = False
    if not adds and book.top[LIVE + side] <= LAST:
        adds = True
    if adds:
        _add(book, law, state, tape, side, placed(book, law, bar, side, state))
    else:
        _cancel(book, law, state, tape, side)


@inlined_kernel
def _add(book: Book, law: Law, state: State, tape: Tape, side: int, price: int) -> None:
    best, number = book.top[BEST + side], book.top[NEXT]
    if best < 0 or (price >= best if side == BID else price <= best):
        size = lots(law.touch_sizes, law.touch_size, law, state)
    else:
        size = lots(law.limit_sizes, law.limit_size, law, state)
    add_order(book, side, price, size)
    write_row(book, state, tape, NEW, number, size, price, side)


@inlined_kernel
def _cancel(book: Book, law: Law, state: State, tape: Tape, side: int) -> None:
    slot = chosen(book, law, side, state)
    number, price, size, kind = (
        book.orders[slot, NUMBER],
        book.orders[slot, PRICE],
        book.orders[slot, LOTS],
        DELETED,
    )
    if size > 1 and next_uniform(state.words) < law.partial:
        size, kind = 1 + int(next_uniform(state.words) * (size - 1)), REDUCED
    reduce_order(book, side, slot, size)
    write_row(book, state, tape, kind, number, size, price, side)
