"""Trades: market orders against the queues, hidden volume, and prints that a bar demands."""

from __future__ import annotations

from finsim.kernels.books.book_state import (
    ASK,
    BEST,
    BID,
    DELETED,
    EXECUTED,
    FILLED,
    FORCED,
    HEAD,
    HIDDEN,
    HIGH_DONE,
    LEFT,
    LIVE,
    LOTS,
    LOW_DONE,
    NEW,
    NEXT,
    NUMBER,
    PRICE,
    SOUGHT,
    STEP,
    TOTAL,
    TRADES,
    Bar,
    Book,
    Law,
    State,
    Tape,
)
from finsim.kernels.books.order_choices import lots
from finsim.kernels.books.order_queues import add_order, reduce_order
from finsim.kernels.books.tape_rows import plain_row, write_row
from finsim.kernels.kernel import bare_kernel, inlined_kernel
from finsim.kernels.xoshiro import next_uniform

_PRIOR, _LEAST_GOT = 20.0, 0.25
"""Market orders that what is expected of a bar counts for; the least share that orders are thought to get."""
LAST = 2
"""Live orders of a side that nobody takes or cancels: a book always has both sides."""


@bare_kernel
def market_order(book: Book, law: Law, bar: Bar, state: State, tape: Tape, taken: int) -> None:
    """Execute a market order against side ``taken``, hidden volume first where it meets some.

    Its size follows what the bar has left (``_mean_size``); it never trades beyond the bar's extremes, and
    most orders take no more than the best queue holds.
    """
    budget = state.counts[LEFT] - bar.reserve
    best = book.top[BEST + taken]
    if budget < 1 or (best > bar.high if taken == ASK else best < bar.low):
        return
    size = min(lots(law.market_sizes, _mean_size(bar, state, budget), law, state), budget)
    state.counts[TRADES] += 1
    state.counts[SOUGHT] += size
    before = state.counts[LEFT]
    _execute(book, law, bar, state, tape, taken, size)
    state.counts[FILLED] += before - state.counts[LEFT]


@inlined_kernel
def _mean_size(bar: Bar, state: State, budget: int) -> float:
    """Return the mean lots that market orders must want from now on for the bar to trade all by its end.

    As often as they came until now they will go on to come, and they will get the share that they got.
    Without that what they did not get would be left to a few huge ones before the close.
    """
    gone = state.counts[STEP] / len(bar.reference)
    pace = (state.counts[TRADES] + _PRIOR) / (bar.trades * gone + _PRIOR)
    known = _PRIOR * budget / max(bar.trades * (1.0 - gone), 1.0)
    got = (state.counts[FILLED] + known) / (state.counts[SOUGHT] + known)
    return float(budget / (max(bar.trades * pace * (1.0 - gone), 1.0) * max(got, _LEAST_GOT)))


@inlined_kernel
def _execute(book: Book, law: Law, bar: Bar, state: State, tape: Tape, taken: int, size: int) -> None:
    """Trade a market order: hidden volume first, then queue by queue as far as the bar lets it."""
    best = book.top[BEST + taken]
    if next_uniform(state.words) < law.hidden:
        size -= _hidden(book, bar, state, tape, taken, size)
    if next_uniform(state.words) < law.capped:
        size = min(size, book.levels[best, TOTAL])
    while size > 0 and book.top[LIVE + taken] > LAST:
        price = book.top[BEST + taken]
        if price > bar.high if taken == ASK else price < bar.low:
            return
        slot = book.levels[price, HEAD]
        part = min(size, book.orders[slot, LOTS])
        number = book.orders[slot, NUMBER]
        reduce_order(book, taken, slot, part)
        note_print(bar, state, price, part)
        write_row(book, state, tape, EXECUTED, number, part, price, taken)
        size -= part


@bare_kernel
def _hidden(book: Book, bar: Bar, state: State, tape: Tape, taken: int, size: int) -> int:
    """Trade a part of a market order against a hidden order inside the spread, or at the best price."""
    bid, ask = book.top[BEST + BID], book.top[BEST + ASK]
    price = (bid + ask + 1) // 2 if taken == ASK else (bid + ask) // 2
    if price > bar.high or price < bar.low:
        return 0
    part = 1 + int(next_uniform(state.words) * size)
    part = min(part, size)
    note_print(bar, state, price, part)
    write_row(book, state, tape, HIDDEN, 0, part, price, taken)
    return int(part)


@inlined_kernel
def note_print(bar: Bar, state: State, price: int, size: int) -> None:
    """Take lots from what the bar has left, and note the extremes that were reached."""
    state.counts[LEFT] -= size
    if price == bar.high:
        state.counts[HIGH_DONE] = 1
    if price == bar.low:
        state.counts[LOW_DONE] = 1


@bare_kernel
def print_at(
    book: Book, law: Law, bar: Bar, state: State, tape: Tape, price: int, size: int, kind: int
) -> None:
    """Print a trade at a price of the bar: quotes that it would pass are pulled before.

    It is an auction (``CROSSED``), or a trade against a hidden order (``HIDDEN``); the book stays as it is.
    """
    _pull(book, law, state, tape, BID, price)
    _pull(book, law, state, tape, ASK, price)
    side = ASK if 2 * price > book.top[BEST + BID] + book.top[BEST + ASK] else BID
    note_print(bar, state, price, size)
    write_row(book, state, tape, kind, 0, size, price, side)


@bare_kernel
def _pull(book: Book, law: Law, state: State, tape: Tape, side: int, price: int) -> None:
    """Cancel the orders of a side that stand beyond a price; the last ones are replaced behind it.

    No maker helps in between: the spread is seen to when the print is made.
    """
    sign = 1 if side == BID else -1
    counted = 0
    while sign * (book.top[BEST + side] - price) > 0:
        if book.top[LIVE + side] <= LAST:
            behind = min(max(price - sign * law.floor, 0), len(book.levels) - 1)
            size, number = max(int(law.limit_size), 1), book.top[NEXT]
            add_order(book, side, behind, size)
            plain_row(book, state, tape, NEW, number, size, behind, side)
        slot = book.levels[book.top[BEST + side], HEAD]
        number, size, at = book.orders[slot, NUMBER], book.orders[slot, LOTS], book.orders[slot, PRICE]
        reduce_order(book, side, slot, size)
        plain_row(book, state, tape, DELETED, number, size, at, side)
        counted = 1
    state.counts[FORCED] += counted
