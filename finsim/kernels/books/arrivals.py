"""When the next order comes and of which kind: a Hawkes process whose rates the book bends.

Rates are ``(base * season + excitation) * bend``: excitation jumps at every arrival and decays on two
scales; the bend depends on the queues, the spread and the pull of the reference. Between arrivals nothing
but the excitation moves, and it only falls, so thinning (Ogata 1981) is exact. Queue-reactive rates:
Huang, Lehalle and Rosenbaum 2015; own form.
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
from finsim.kernels.kernel import kernel
from finsim.kernels.xoshiro import next_uniform
from finsim.notation import Float1D

_PULL, _CROWD, _WIDE = 4.0, 2.0, 8.0
_BURST, _KIN = 30.0, 8.0
"""Excitation ends at so many base rates and own jumps: bent rates could else feed themselves without end."""


@kernel
def bends(book: Book, law: Law, reference: float, bend: Float1D) -> None:
    """Fill ``bend`` float64[6]: what the state of the book does to the rate of each kind of arrival."""
    bid, ask = book.top[BEST + BID], book.top[BEST + ASK]
    pull = (reference - 0.5 * (bid + ask)) / law.unit
    pull = min(max(pull, -_PULL), _PULL)
    lots_bid, lots_ask = book.levels[bid, TOTAL], book.levels[ask, TOTAL]
    lean = (lots_bid - lots_ask) / (lots_bid + lots_ask)
    wide = min((ask - bid) / law.unit, _WIDE)
    buys = _share(law.tilt_market * pull + law.lean_market * lean)
    bids = _share(law.tilt_limit * pull)
    cuts = _share(law.tilt_cancel * pull + law.lean_cancel * lean)
    narrow = min(math.exp(law.wide_market * (1.0 - wide)), 1.0)
    bend[BUY], bend[SELL] = narrow * buys, narrow * (2.0 - buys)
    bend[ADD_BID], bend[ADD_ASK] = bids, 2.0 - bids
    bend[CUT_BID] = min(book.top[LIVE + BID] / law.target, _CROWD) * (2.0 - cuts)
    bend[CUT_ASK] = min(book.top[LIVE + ASK] / law.target, _CROWD) * cuts


@kernel
def _share(pressure: float) -> float:
    """Return 0 to 2: what one side of a pair gets of the rate that both have; the other gets the rest."""
    return 2.0 / (1.0 + math.exp(-2.0 * pressure))


@kernel
def decay(state: State, law: Law, seconds: float) -> None:
    """Let time pass: every excitation falls on its own scale."""
    for scale in range(DECAYS):
        factor = math.exp(-law.decays[scale] * seconds)
        for kind in range(TYPES):
            state.excited[scale, kind] *= factor
    state.clock[NOW] += seconds


@kernel
def excite(state: State, law: Law, cause: int) -> None:
    """Add what an arrival of one kind does to the rates of all kinds."""
    for scale in range(DECAYS):
        for kind in range(TYPES):
            risen = state.excited[scale, kind] + law.jumps[scale, cause, kind]
            most = _BURST * law.base[kind] + _KIN * law.jumps[scale, kind, kind]
            state.excited[scale, kind] = min(risen, most)


@kernel
def next_arrival(state: State, law: Law, bar: Bar, bend: Float1D) -> int:
    """Move the clock to the next arrival and return its kind; -1 at the end of a step of the reference."""
    step = state.counts[STEP]
    season = bar.season[step]
    end = bar.start + (step + 1) * bar.step
    while True:
        bound = 0.0
        for kind in range(TYPES):
            rate = law.base[kind] * season + state.excited[0, kind] + state.excited[1, kind]
            bound += rate * bend[kind]
        wait = -math.log(next_uniform(state.words)) / bound
        if state.clock[NOW] + wait >= end:
            decay(state, law, end - state.clock[NOW])
            state.clock[NOW] = end
            return -1
        decay(state, law, wait)
        at = next_uniform(state.words) * bound
        for kind in range(TYPES):
            rate = law.base[kind] * season + state.excited[0, kind] + state.excited[1, kind]
            at -= rate * bend[kind]
            if at < 0.0:
                return kind
