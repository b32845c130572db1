"""What a limit order book is made of: levels, orders, the law of its flow, its progress and its tape.

Prices are whole ticks above a base, sizes whole lots, times seconds. Symbols: P prices, M slots of orders,
N rows of the tape, L levels, K steps of the reference, Q cells of a quantile table. Every number that
changes lies in an array, so a walk can stop when the tape is full and go on where it stopped.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from finsim.notation import Array, Float1D, Float3D, Int1D, Int2D

BID, ASK = 0, 1
NEW, REDUCED, DELETED, EXECUTED, HIDDEN, CROSSED = 1, 2, 3, 4, 5, 6
"""Kinds of a row: the numbers of LOBSTER."""
BUY, SELL, ADD_BID, ADD_ASK, CUT_BID, CUT_ASK = 0, 1, 2, 3, 4, 5
"""Kinds of an arrival: market orders, limit orders, cancellations."""
TYPES, DECAYS = 6, 3

BEST, LIVE, DEPTH, FREE, NEXT, TOPS = 0, 2, 4, 6, 7, 8
"""Places in ``top``: best price, live orders and depth of both sides, free slots, the next number."""
STEP, LEFT, HIGH_DONE, LOW_DONE, OPENED, CLOSED, ROWS, TRADES, FORCED, THIN = range(10)
SOUGHT, FILLED, COUNTERS = range(10, 13)
"""Places in ``count``: reference step, lots left of the bar, what is done, rows, trades, forced prints,
rows whose two best queues are lopsided, lots that market orders wanted and got."""
NOW = 0
LOWEST, HIGHEST, WIDEST = 0, 1, 2
"""Places in ``edges``."""
SEEN = 5
"""What the bends were last worked out from: best prices, their lots, the step."""
CUTS = TYPES
"""Place in ``bend`` of the asks' share of cancellations."""
BLOCK = 64
"""Prices whose levels are counted together, so that a search leaps over empty ones."""
RING = 12
"""At most so many lopsided rows within a second: then the thin side is filled up."""


TOTAL, HEAD, TAIL, FURTHER, NEARER, LEVEL_CELLS = range(6)
"""Cells of a level: lots, slots of its first and last order, the next prices with orders of its side."""
NUMBER, PRICE, LOTS, AHEAD, BEHIND, PLACE, EMPTY, ORDER_CELLS = range(8)
"""Cells of a slot: number, price and lots left of its order, slots beside it in its queue, its place in
``live``; and, at place k of the stack of free slots, the k-th of them."""
TIME, KIND, ORDER, SIZE, AT, SIDE, ROW_CELLS = range(7)
"""Cells of a row of the tape: nanoseconds, kind, order, lots, price, side (of the resting order)."""


class Book(NamedTuple):
    """Levels, orders and totals of both sides; -1 is none.

    ``levels`` int64[P, LEVEL_CELLS] by price, ``held`` int8[P] 1 where orders stand, ``blocks``
    int64[P / BLOCK] how many such prices; ``orders`` int64[M, ORDER_CELLS] by slot, ``live`` int64[2, M]
    slots of the orders of each side, ``top`` int64[TOPS].
    """

    levels: Int2D
    held: Array
    blocks: Int1D
    orders: Int2D
    live: Int2D
    top: Int1D


class Tape(NamedTuple):
    """``rows`` int64[N, ROW_CELLS] and ``book`` int64[N, L, 4] after each: bid, ask and their lots.

    Prices of the tape are ticks: those of the book with ``base`` added; -1 is none.
    """

    rows: Int2D
    book: Array
    base: int


class Law(NamedTuple):
    """The law of a book's flow, per second, tick and lot.

    ``base`` float64[6] and ``jumps`` float64[3, 6, 6] (decay, cause, effect) with ``decays`` float64[3]: a
    Hawkes process. ``market_sizes``, ``limit_sizes`` and ``touch_sizes`` (at the best price or better): lots
    relative to their mean, ``distances``: units behind the best price, ``steps``: how much further than
    a tick the best price is bettered over the room for it, each float64[Q] by quantile. ``tilt_*``: pull of
    the reference; ``lean_*``: of the imbalance of the best queues; ``wide_market``: of a wide spread;
    ``inside``: how fast a wide spread is narrowed; ``join``: share of the other orders that join the best
    price; ``unit``: ticks of an ordinary spread; ``floor``: least spread; ``target``: live orders of a side;
    ``haste``: 1 all ages are cancelled alike, more the young; ``near``: ticks over which cancellation fades,
    ``stale``: to which share, and ``shy``: how much less the smallest orders near the best price are
    cancelled; ``partial``, ``hidden``, ``capped``: shares of partial cancellations, of market orders that
    meet hidden volume, and of those that stay on one level; ``limit_size``, ``touch_size``: mean lots;
    ``round_lot``, ``round_share``: round sizes.
    """

    base: Float1D
    jumps: Float3D
    decays: Float1D
    market_sizes: Float1D
    limit_sizes: Float1D
    touch_sizes: Float1D
    distances: Float1D
    steps: Float1D
    tilt_market: float
    tilt_limit: float
    tilt_cancel: float
    lean_market: float
    lean_cancel: float
    wide_market: float
    inside: float
    join: float
    unit: float
    floor: int
    target: float
    haste: float
    near: float
    stale: float
    shy: float
    partial: float
    hidden: float
    capped: float
    limit_size: float
    touch_size: float
    round_lot: int
    round_share: float


class Bar(NamedTuple):
    """What a stretch of time must show: prices in ticks, lots, its steps, and how it opens and closes.

    ``reference`` and ``season`` float64[K] by step of ``step`` seconds from ``start``; ``high_by`` and
    ``low_by``: steps at whose end the extreme is printed if it was not; ``trades``: market orders expected;
    ``open_size`` and ``reserve``: lots of the opening print, and lots kept for the closing one;
    ``open_kind`` and ``close_kind``: CROSSED for an auction, HIDDEN otherwise.
    """

    open: int
    high: int
    low: int
    close: int
    start: float
    step: float
    reference: Float1D
    season: Float1D
    high_by: int
    low_by: int
    trades: float
    open_size: int
    reserve: int
    open_kind: int
    close_kind: int


class State(NamedTuple):
    """What moves on: excitation float64[3, 6], clock float64[1], counters, thin times, random words.

    ``bend`` float64[7]: what the book does to the rates, worked out from what ``seen`` int64[SEEN] holds.
    ``edges`` int64[3]: the lowest and the highest price of the bar, and the widest spread that makers allow.
    """

    excited: Array
    clock: Float1D
    counts: Int1D
    thin: Float1D
    words: Array
    bend: Float1D
    seen: Int1D
    edges: Int1D


def new_book(prices: int, slots: int) -> Book:
    """Return an empty book of so many prices and slots for orders."""
    levels, orders = np.full((prices, LEVEL_CELLS), -1, np.int64), np.full((slots, ORDER_CELLS), -1, np.int64)
    levels[:, TOTAL] = 0
    orders[:, EMPTY] = np.arange(slots)[::-1]
    top = np.zeros(TOPS, np.int64)
    top[[BEST, BEST + 1]] = -1
    top[FREE], top[NEXT] = slots, 1
    blocks = np.zeros(prices // BLOCK + 1, np.int64)
    held = np.zeros(prices, np.int8)
    return Book(levels, held, blocks, orders, np.full((2, slots), -1, np.int64), top)


def new_tape(rows: int, levels: int, base: int) -> Tape:
    """Return an empty tape."""
    return Tape(np.zeros((rows, ROW_CELLS), np.int64), np.zeros((rows, levels, 4), np.int64), base)


def new_state(words: Array, start: float, excited: Array, widest: int) -> State:
    """Return the state at the beginning of a session, with the random words of its stream."""
    return State(
        excited,
        np.array([start]),
        np.zeros(COUNTERS, np.int64),
        np.full(RING, -1e18),
        words,
        np.zeros(TYPES + 1),
        np.full(SEEN, -1, np.int64),
        np.array([0, 0, widest]),
    )
