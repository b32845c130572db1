"""Where an order is placed, how large it is, and which is cancelled: choices that depend on the queues."""

from __future__ import annotations

from finsim.kernels.books.book_state import (
    ADD_BID,
    ASK,
    BEST,
    BID,
    LIVE,
    LOTS,
    PRICE,
    Bar,
    Book,
    Law,
    State,
)
from finsim.kernels.kernel import inlined_kernel
from finsim.kernels.xoshiro import next_uniform
from finsim.notation import Float1D

TRIES = 12


@inlined_kernel
def drawn(table: Float1D, state: State) -> float:
    """Return a value of a table of quantiles."""
    return float(table[int(next_uniform(state.words) * len(table))])


@inlined_kernel
def lots(table: Float1D, mean: float, law: Law, state: State) -> int:
    """Return a size in lots, at least 1; a share of sizes are whole round lots."""
    size = int(drawn(table, state) * mean + 0.5)
    if law.round_lot > 1 and next_uniform(state.words) < law.round_share:
        size = max(1, int(size / law.round_lot + 0.5)) * law.round_lot
    return max(size, 1)


@inlined_kernel
def placed(book: Book, law: Law, bar: Bar, side: int, state: State) -> int:
    """Return the price of a new order: inside a wide spread, at the best price, or behind it.

    The side that the reference pulls betters it more often. It leaves the spread at its floor at least, is
    no better than the bar's extremes allow a trade to be,
    and stays on the prices of the book.
    """
    bid, ask = book.top[BEST + BID], book.top[BEST + ASK]
    room = ask - bid - law.floor
    sign = 1 if side == BID else -1
    best = bid if side == BID else ask
    wide = law.inside * state.bend[ADD_BID + side] * max(room, 0) / law.unit
    if next_uniform(state.words) * (1.0 + wide) < wide:
        price = best + sign * (1 + int(drawn(law.steps, state) * room))
    elif next_uniform(state.words) < law.join:
        price = best
    else:
        price = best - sign * int(drawn(law.distances, state) * law.unit)
    price = min(price, bar.high, ask - law.floor) if side == BID else max(price, bar.low, bid + law.floor)
    if (side == BID and price > bid + room) or (side == ASK and price < ask - room):
        price = best
    return int(min(max(price, 0), len(book.levels) - 1))


@inlined_kernel
def chosen(book: Book, law: Law, side: int, state: State) -> int:
    """Return the slot of the order to cancel: any of the side, young and near the best price more often.

    New orders stand last in ``live``. What has stood for long goes on standing, as in real books, and so do
    small orders within a spread, which show little.
    """
    best, count = book.top[BEST + side], book.top[LIVE + side]
    slot = book.live[side, 0]
    for _ in range(TRIES):
        slot = book.live[side, count - 1 - int(next_uniform(state.words) ** law.haste * count)]
        away = abs(book.orders[slot, PRICE] - best)
        chance = max(law.near / (law.near + away), law.stale)
        if away < law.unit:
            chance *= 1.0 - law.shy * max(1.0 - book.orders[slot, LOTS] / law.touch_size, 0.0)
        if next_uniform(state.words) < chance:
            break
    return int(slot)
