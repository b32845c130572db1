"""Walk the bars of a day through the kernel: a book in pieces of the tape, exact at every bar."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace

import numpy as np

from finsim.kernels.books.book_state import (
    CLOSED,
    COUNTERS,
    CROSSED,
    FORCED,
    HIDDEN,
    LEFT,
    NOW,
    ROWS,
    THIN,
    Bar,
    Tape,
    new_book,
    new_state,
    new_tape,
)
from finsim.kernels.books.session_walk import build_book, walk_bar
from finsim.kernels.xoshiro import seed_state
from finsim.markets.books.day_bars import TickBar
from finsim.markets.books.flow_law import FlowLaw
from finsim.markets.books.kernel_law import Liquidity, Scales, kernel_law, settled, widest
from finsim.markets.books.reference_path import reference
from finsim.notation import Array, Int1D, Int2D
from finsim.randomness import Streams

ROOM, TAPE_ROWS, SLOTS, MARGIN = 60, 1 << 17, 1 << 13, 4_096
TURNOVER, FEWEST = 20, 20
"""A day of few events has fewer live orders a side: each is dealt with some times, and so many are there."""
PREOPEN, MOST_STEPS = 60.0, 16_384
"""Seconds in which the book is built before the first bar, and most steps of a reference."""


@dataclass(frozen=True)
class DayPlan:
    """The bars of a day and what else its book depends on.

    ``volatility``: standard deviation of a day's move in ticks; ``events``: arrivals of the day, about;
    ``has_auctions``: the first bar opens and the last one closes with one.
    """

    bars: Sequence[TickBar]
    law: FlowLaw
    volatility: float
    events: int
    levels: int
    liquidity: Liquidity = field(default_factory=Liquidity)
    has_auctions: bool = True
    whole_lots: bool = True


@dataclass(frozen=True)
class Piece:
    """Rows and books of the tape: prices are ticks (-1: no such level), times nanoseconds after midnight.

    ``forced``: prints so far before which quotes had to be pulled.
    """

    rows: Int2D
    book: Array
    forced: int


def walk_day(plan: DayPlan, streams: Streams) -> Iterator[Piece]:
    """Yield the tape of a day in pieces; the same streams give the same rows."""
    seconds = sum(bar.end - bar.start for bar in plan.bars)
    lots = sum(bar.lots for bar in plan.bars)
    market = max(plan.events * plan.law.market, 1.0)
    scales = Scales(plan.law.spread * plan.volatility, max(lots / market, 1.0), plan.events / seconds)
    target = min(plan.law.target, max(plan.events // TURNOVER, FEWEST))
    law = kernel_law(replace(plan.law, target=target), scales, plan.liquidity, plan.whole_lots)
    room = int(ROOM * law.unit + max(plan.law.distances) * law.unit) + law.floor
    base = max(min(bar.low for bar in plan.bars) - room, 1)
    prices = max(bar.high for bar in plan.bars) + room - base + 1
    book, tape = new_book(prices, max(SLOTS, 8 * plan.law.target)), new_tape(TAPE_ROWS, plan.levels, base)
    words = np.empty(4, np.uint64)
    seed_state(np.uint64(streams.word("flow")), np.uint64(0), words)
    most = widest(min(bar.low for bar in plan.bars), law.unit, plan.liquidity)
    state = new_state(words, plan.bars[0].start - PREOPEN, settled(law), most)
    for number, bar in enumerate(plan.bars):
        asked = _asked(plan, number, base, law.unit, streams)
        state.counts[[k for k in range(COUNTERS) if k not in (ROWS, FORCED, THIN)]] = 0
        state.counts[LEFT] = bar.lots
        if number == 0:
            build_book(book, law, asked, state, tape, PREOPEN * 0.99)
        state.clock[NOW] = bar.start
        done = 0
        while not done:
            done = walk_bar(book, law, asked, state, tape, MARGIN)
            assert done or state.counts[ROWS], "the tape has no room for one arrival"
            if not done or number == len(plan.bars) - 1:
                yield _piece(tape, state.counts)
        assert state.counts[CLOSED] == 1


def _asked(plan: DayPlan, number: int, base: int, unit: float, streams: Streams) -> Bar:
    bar, first, last = plan.bars[number], number == 0, number == len(plan.bars) - 1
    seconds = bar.end - bar.start
    whole = sum(one.end - one.start for one in plan.bars)
    steps = int(np.clip(min(seconds, plan.events * seconds / whole / 4), 64, MOST_STEPS))
    is_day = len(plan.bars) == 1
    path = reference(
        bar, steps, 0.5 * unit, plan.law.smile if is_day else 0.0, streams.at("reference", number)
    )
    opening, closing = plan.law.auctions if plan.has_auctions else (0.0, 0.0)
    spare = max(bar.lots - 4, 0)
    open_size = 1 + int(spare * (opening if first else 0.0))
    reserve = min(3 + int(spare * (closing if last else 0.002)), bar.lots - open_size)
    return Bar(
        open=bar.open - base,
        high=bar.high - base,
        low=bar.low - base,
        close=bar.close - base,
        start=bar.start,
        step=seconds / steps,
        reference=path.path - base,
        season=path.season,
        high_by=path.high_by,
        low_by=path.low_by,
        trades=max(plan.events * plan.law.market * seconds / whole, 1.0),
        open_size=open_size,
        reserve=reserve,
        open_kind=CROSSED if first and plan.has_auctions else HIDDEN,
        close_kind=CROSSED if last and plan.has_auctions else HIDDEN,
    )


def _piece(tape: Tape, count: Int1D) -> Piece:
    """Return a copy of what the tape holds, and empty the tape."""
    filled, forced = int(count[ROWS]), int(count[FORCED])
    count[ROWS] = 0
    return Piece(tape.rows[:filled].copy(), tape.book[:filled].copy(), forced)
