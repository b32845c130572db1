"""When the next order comes and of which kind: a Hawkes process, and a book that bends the choice of kinds.

Excitation jumps at every arrival and decays on three scales. Between arrivals nothing but the excitation
moves, and it only falls, so thinning (Ogata 1981) is exact. Of which kind an arrival is depends on the rates
of the kinds times their bends: the queues, the spread and the pull of the reference. So the book never
changes when something comes, and the times between arrivals have the law that was fitted to them; bent rates
would feed on what they excite. Queue-reactive choice: Huang, Lehalle and Rosenbaum 2015; own form.
"""

from __future__ import annotations

import math

from finsim.kernels.books.book_state import (
    ADD_ASK,
    ADD_BID,
    ASK,
    BEST,
    BID,
    BUY,
    CUT_ASK,
    CUT_BID,
    CUTS,
    DECAYS,
    LIVE,
    NOW,
    SELL,
    STEP,
    TOTAL,
    TYPES,
    Bar,
    Book,
    Law,
    State,
)
from finsim.kernels.kernel import inlined_kernel
from finsim.kernels.xoshiro import next_uniform

_PULL, _CROWD, _WIDE = 4.0, 2.0, 8.0
_BURST, _KIN = 30.0, 8.0
"""Excitation ends at so many base rates and own jumps: bent rates could else feed themselves without end."""


@inlined_kernel
def bends(book: Book, law: Law, bar: Bar, state: State) -> None:
    """Fill ``state.bend``: what the state of the book does to the chance of each kind of arrival."""
    bid, ask = book.top[BEST + BID], book.top[BEST + ASK]
    lots_bid, lots_ask, step = book.levels[bid, TOTAL], book.levels[ask, TOTAL], state.counts[STEP]
    seen, bend = state.seen, state.bend
    if not (
        bid == seen[0] and ask == seen[1] and lots_bid == seen[2] and lots_ask == seen[3] and step == seen[4]
    ):
        seen[0], seen[1], seen[2], seen[3], seen[4] = bid, ask, lots_bid, lots_ask, step
        _bend_pairs(law, state, bar.reference[step])
    bend[CUT_BID] = min(book.top[LIVE + BID] / law.target, _CROWD) * (2.0 - bend[CUTS])
    bend[CUT_ASK] = min(book.top[LIVE + ASK] / law.target, _CROWD) * bend[CUTS]


@inlined_kernel
def _bend_pairs(law: Law, state: State, reference: float) -> None:
    """Share every pair of kinds out between its sides, by the pull of the reference and the queues."""
    bid, ask, lots_bid, lots_ask = state.seen[0], state.seen[1], state.seen[2], state.seen[3]
    pull = (reference - 0.5 * (bid + ask)) / law.unit
    pull = min(max(pull, -_PULL), _PULL)
    lean = (lots_bid - lots_ask) / (lots_bid + lots_ask)
    wide = min((ask - bid) / law.unit, _WIDE)
    buys = _share(law.tilt_market * pull + law.lean_market * lean)
    bids = _share(law.tilt_limit * pull)
    bend = state.bend
    bend[CUTS] = _share(law.tilt_cancel * pull + law.lean_cancel * lean)
    narrow = min(math.exp(law.wide_market * (1.0 - wide)), 1.0)
    bend[BUY], bend[SELL] = narrow * buys, narrow * (2.0 - buys)
    bend[ADD_BID], bend[ADD_ASK] = bids, 2.0 - bids


@inlined_kernel
def _share(pressure: float) -> float:
    """Return 0 to 2: what one side of a pair gets of the rate that both have; the other gets the rest."""
    return 2.0 / (1.0 + math.exp(-2.0 * pressure))


@inlined_kernel
def decay(state: State, law: Law, seconds: float) -> None:
    """Let time pass: every excitation falls on its own scale."""
    for scale in range(DECAYS):
        factor = math.exp(-law.decays[scale] * seconds)
        for kind in range(TYPES):
            state.excited[scale, kind] *= factor
    state.clock[NOW] += seconds


@inlined_kernel
def excite(state: State, law: Law, cause: int) -> None:
    """Add what an arrival of one kind does to the rates of all kinds."""
    for scale in range(DECAYS):
        for kind in range(TYPES):
            risen = state.excited[scale, kind] + law.jumps[scale, cause, kind]
            most = _BURST * law.base[kind] + _KIN * law.jumps[scale, kind, kind]
            state.excited[scale, kind] = min(risen, most)


@inlined_kernel
def next_arrival(state: State, law: Law, bar: Bar) -> int:
    """Move the clock to the next arrival and return its kind; -1 at the end of a step of the reference."""
    bend = state.bend
    step = state.counts[STEP]
    season = bar.season[step]
    end = bar.start + (step + 1) * bar.step
    while True:
        bound = 0.0
        for kind in range(TYPES):
            bound += _rate(state, law, kind, season)
        wait = -math.log(next_uniform(state.words)) / bound
        if state.clock[NOW] + wait >= end:
            decay(state, law, end - state.clock[NOW])
            state.clock[NOW] = end
            return -1
        decay(state, law, wait)
        total, bent = 0.0, 0.0
        for kind in range(TYPES):
            rate = _rate(state, law, kind, season)
            total += rate
            bent += rate * bend[kind]
        at = next_uniform(state.words) * bound
        if at >= total:
            continue
        at *= bent / total
        for kind in range(TYPES - 1):
            at -= _rate(state, law, kind, season) * bend[kind]
            if at < 0.0:
                return kind
        return TYPES - 1


@inlined_kernel
def _rate(state: State, law: Law, kind: int, season: float) -> float:
    rate = law.base[kind] * season
    for scale in range(DECAYS):
        rate += state.excited[scale, kind]
    return float(rate)
