"""Queues of a book: orders join at the end, leave anywhere, and levels stand in a list per side."""

from __future__ import annotations

from finsim.kernels.books.book_state import (
    AHEAD,
    ASK,
    BEHIND,
    BEST,
    BLOCK,
    DEPTH,
    EMPTY,
    FREE,
    FURTHER,
    HEAD,
    LIVE,
    LOTS,
    NEARER,
    NEXT,
    NUMBER,
    PLACE,
    PRICE,
    TAIL,
    TOTAL,
    Book,
)
from finsim.kernels.kernel import inlined_kernel


@inlined_kernel
def add_order(book: Book, side: int, price: int, size: int) -> int:
    """Put an order at the end of the queue of its price and return its slot; a slot must be free."""
    top = book.top
    top[FREE] -= 1
    slot = book.orders[top[FREE], EMPTY]
    if book.levels[price, HEAD] < 0:
        _open_level(book, side, price)
        book.levels[price, HEAD] = slot
    else:
        book.orders[book.levels[price, TAIL], BEHIND] = slot
    book.orders[slot, AHEAD] = book.levels[price, TAIL]
    book.orders[slot, BEHIND] = -1
    book.levels[price, TAIL] = slot
    book.orders[slot, NUMBER], book.orders[slot, PRICE], book.orders[slot, LOTS] = top[NEXT], price, size
    top[NEXT] += 1
    book.levels[price, TOTAL] += size
    top[DEPTH + side] += size
    book.orders[slot, PLACE] = top[LIVE + side]
    book.live[side, top[LIVE + side]] = slot
    top[LIVE + side] += 1
    return int(slot)


@inlined_kernel
def _open_level(book: Book, side: int, price: int) -> None:
    sign = -1 if side == ASK else 1
    best = book.top[BEST + side]
    book.held[price] = 1
    book.blocks[price // BLOCK] += 1
    book.levels[price, TAIL] = -1
    if best < 0 or sign * (price - best) > 0:
        book.levels[price, FURTHER], book.levels[price, NEARER] = best, -1
        if best >= 0:
            book.levels[best, NEARER] = price
        book.top[BEST + side] = price
        return
    at = _nearer(book, price, sign)
    after = book.levels[at, FURTHER]
    book.levels[price, FURTHER], book.levels[price, NEARER] = after, at
    book.levels[at, FURTHER] = price
    if after >= 0:
        book.levels[after, NEARER] = price


@inlined_kernel
def _nearer(book: Book, price: int, sign: int) -> int:
    """Return the next price with orders towards the best one of a side; there is one."""
    at = price + sign
    while book.held[at] == 0:
        block = at // BLOCK
        if book.blocks[block] > 0:
            at += sign
        else:
            at = (block + 1) * BLOCK if sign > 0 else block * BLOCK - 1
    return int(at)


@inlined_kernel
def reduce_order(book: Book, side: int, slot: int, size: int) -> None:
    """Take lots from an order; one that has none left leaves its queue, and an empty level its side."""
    price = book.orders[slot, PRICE]
    book.orders[slot, LOTS] -= size
    book.levels[price, TOTAL] -= size
    book.top[DEPTH + side] -= size
    if book.orders[slot, LOTS] > 0:
        return
    ahead, behind = book.orders[slot, AHEAD], book.orders[slot, BEHIND]
    if ahead >= 0:
        book.orders[ahead, BEHIND] = behind
    else:
        book.levels[price, HEAD] = behind
    if behind >= 0:
        book.orders[behind, AHEAD] = ahead
    else:
        book.levels[price, TAIL] = ahead
    if book.levels[price, HEAD] < 0:
        _close_level(book, side, price)
    _forget(book, side, slot)


@inlined_kernel
def _close_level(book: Book, side: int, price: int) -> None:
    nearer, further = book.levels[price, NEARER], book.levels[price, FURTHER]
    book.held[price] = 0
    book.blocks[price // BLOCK] -= 1
    if nearer >= 0:
        book.levels[nearer, FURTHER] = further
    else:
        book.top[BEST + side] = further
    if further >= 0:
        book.levels[further, NEARER] = nearer


@inlined_kernel
def _forget(book: Book, side: int, slot: int) -> None:
    top = book.top
    top[LIVE + side] -= 1
    last = book.live[side, top[LIVE + side]]
    book.live[side, book.orders[slot, PLACE]] = last
    book.orders[last, PLACE] = book.orders[slot, PLACE]
    book.orders[top[FREE], EMPTY] = slot
    top[FREE] += 1
