"""The payments of a life: how many on a day, when, with whom, and which repeat an earlier amount.

New payees come as in a two-parameter Chinese restaurant (Pitman 1995) over runs of payments with one payee:
the next of the entity's own offers. A known one is one of the last few, or any as far as it is liked, to
which the shares of a restaurant converge. Twins: ``tests/naive/habits.py``.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from finsim.kernels.events.day_times import place_in, times_of_day
from finsim.kernels.events.payment_laws import Day, Habits, Known, Law, Offers, Payments
from finsim.kernels.kernel import bare_kernel, kernel
from finsim.kernels.xoshiro import next_uniform, seed_state
from finsim.notation import Array, Float1D, Int1D

NONE = -1
RECENT_RUNS = 6
CLASSES = (3, 4, 6, 9, 14, 20)
"""Payments on a day from which on it is of the next class; a first class has fewer."""
BIG_DAY, TRIES = 5, 12
"""Payments that make a day big; how often at most a payee is drawn for one (assumptions)."""
MOST = 0.98


@kernel
def draw_sizes(
    seed: Any,
    numbers: Int1D,
    starts: Int1D,
    group: Int1D,
    shares: Array,
    edges: Int1D,
    tilts: Float1D,
    sizes: Int1D,
) -> None:
    """Write the number of payments on each active day, given that of the active day before.

    shares : float64[groups, 3, B], cumulative, after 1, 2 to 3 or more payments; edges : int64[B + 1], sizes
    edges[b] to edges[b + 1] - 1 are equally likely. tilts : float64[starts[-1]], positive: u ** tilt is the
    place of a size in its shares. sizes : int64[starts[-1]], written.
    """
    state = np.empty(4, np.uint64)
    for e in range(len(group)):
        seed_state(seed, np.uint64(numbers[e]), state)
        before = 0
        for at in range(starts[e], starts[e + 1]):
            u, v = next_uniform(state), next_uniform(state)
            chosen = place_in(shares[group[e], before], u ** tilts[at])
            width = edges[chosen + 1] - edges[chosen]
            sizes[at] = edges[chosen] + min(np.int64(v * width), width - 1)
            before = 0 if sizes[at] == 1 else (1 if sizes[at] < 4 else 2)


@bare_kernel
def is_known(payee: Any, known: Int1D, count: Any) -> Any:
    """Tell whether a payee is among the first ``count`` known ones."""
    for k in range(count):  # noqa: SIM110 - numba has no any() of a generator
        if known[k] == payee:
            return True
    return False


@bare_kernel
def known_slot(run_of: Int1D, runs: Any, liked: Float1D, slots: Any, returns: Any, state: Array) -> Any:
    """Return the slot of a known payee: that of a recent run, or of any as far as it is liked.

    liked : float64[slots], how much all known payees up to each are liked, cumulative.
    """
    if next_uniform(state) < returns:
        back = min(runs, RECENT_RUNS)
        return run_of[runs - 1 - min(np.int64(next_uniform(state) * back), back - 1)]
    return place_in(liked[:slots], next_uniform(state) * liked[slots - 1])


@bare_kernel
def busy_slot(known: Known, runs: Any, slots: Any, returns: Any, law: Law, state: Array) -> Any:
    """Return the slot of a known payee that brings big days, ``NONE`` if none is taken in ``TRIES`` draws."""
    for _ in range(TRIES):
        slot = known_slot(known.run_of, runs, known.liked, slots, returns, state)
        if next_uniform(state) < law.busy[known.payee[slot]]:
            return slot
    return NONE


@bare_kernel
def size_class(size: Any) -> Any:
    """Return the class of a day by its payments."""
    place = 0
    for edge in CLASSES:
        if size >= edge:
            place += 1
    return place


@bare_kernel
def shifted(chance: Any, factor: Any) -> Any:
    """Return a chance whose odds are multiplied by a factor."""
    return chance * factor / (1.0 - chance + chance * factor)


@bare_kernel
def earlier_row(row: Any, begin: Any, former: Int1D, older: Any, state: Array) -> Any:
    """Return a row of the same payee, this or an earlier one; former : int64, by row from ``begin`` on."""
    while former[row - begin] >= 0 and next_uniform(state) < older:
        row = former[row - begin]
    return row


@bare_kernel
def next_payee(
    e: Any, known: Known, slots: Any, offered: Any, offers: Offers, law: Law, usual: Any, state: Array
) -> Any:
    """Write a new payee into slot ``slots``; return how many offers are used up by then."""
    offer = NONE
    while offered < offers.starts[e + 1] and offer == NONE:
        if not is_known(offers.payee[offered], known.payee, slots):
            offer = offered
        offered += 1
    if offer >= 0:
        payee, liking, hours = offers.payee[offer], offers.liking[offer], offers.hours[offer]
    else:
        payee, liking = place_in(offers.popular[offers.sort[e]], next_uniform(state)), usual
        hours = law.hours_of[payee]
    known.payee[slots], known.offer[slots], known.hours[slots] = payee, offer, hours
    known.liked[slots] = liking + (known.liked[slots - 1] if slots > 0 else 0.0)
    known.latest[slots], known.met[slots] = NONE, NONE
    return offered


@bare_kernel
def write_day(
    e: Any, row: Any, size: Any, known: Known, habits: Habits, law: Law, state: Array, out: Payments
) -> None:
    """Write the payments of a day from ``row`` on, in their order."""
    chosen, former, begin = known.day, known.former, known.begin[0]
    of_size = size_class(size)
    for k in range(size):
        slot = chosen.slot[chosen.order[k]]
        before = known.latest[slot]
        out.like[row] = NONE
        if chosen.stays[chosen.order[k]]:
            paired = law.paired[known.payee[slot]] * law.crowd[1, of_size]
            if next_uniform(state) < shifted(habits.doubles[e], paired):
                out.like[row] = earlier_row(before, begin, former, law.older[0], state)
        elif before >= 0:
            if next_uniform(state) < min(habits.remembers[e] * law.fixed[known.payee[slot]], MOST):
                out.like[row] = earlier_row(before, begin, former, law.older[1], state)
        else:
            known.met[slot] = row
            if row > begin and next_uniform(state) < habits.keeps[e]:
                back: Any = min(np.int64(next_uniform(state) * (row - begin)), row - begin - 1)
                out.like[row] = begin + back
        if out.like[row] >= 0 and out.like[out.like[row]] >= 0:
            out.like[row] = out.like[out.like[row]]
        out.payee[row], out.offer[row], out.met[row] = known.payee[slot], known.offer[slot], known.met[slot]
        former[row - begin], known.latest[slot] = before, row
        for u in range(out.uniforms.shape[1]):
            out.uniforms[row, u] = next_uniform(state)
        row += 1


@kernel
def draw_payments(
    seed: Any, numbers: Int1D, starts: Int1D, sizes: Int1D, habits: Habits, offers: Offers, law: Law,
    out: Payments,
) -> None:  # fmt: skip
    """Write the payments of entities, day by day: with whom, then when, then what repeats.

    Entity e draws from its own state, of index numbers[e].

    starts : int64[E + 1], the active days of entity e are starts[e]:starts[e + 1], of ``sizes`` payments
    each; ``out`` has as many rows as all sizes together.
    """
    state = np.empty(4, np.uint64)
    longest, most, row = 1, 1, 0
    for e in range(len(numbers)):
        total = 0
        for at in range(starts[e], starts[e + 1]):
            total += sizes[at]
            most = max(most, sizes[at])
        longest = max(longest, total)
    day, whole = np.empty((6, most + 1), np.int64), np.empty((7, longest), np.int64)
    chosen = Day(day[0], day[1], day[2], np.empty(most), day[3], np.empty(most), day[4], day[5])
    known = Known(
        whole[0], whole[1], whole[2], whole[3], whole[4], np.empty(longest), whole[5], whole[6],
        np.zeros(1, np.int64), chosen,
    )  # fmt: skip
    for e in range(len(numbers)):
        seed_state(seed, np.uint64(numbers[e]), state)
        runs, slots, offered, known.begin[0] = 0, 0, offers.starts[e], row
        usual = 1.0 - min(habits.discount[e], 0.0)
        for at in range(starts[e], starts[e + 1]):
            slot, size = 0, sizes[at]
            of_size = size_class(size)
            for k in range(size):
                sticky = law.sticky[known.payee[slot]] * law.crowd[0, of_size] if k > 0 else 0.0
                chosen.stays[k] = k > 0 and next_uniform(state) < shifted(habits.stays[e], sticky)
                if not chosen.stays[k]:
                    fresh = habits.strength[e] + habits.discount[e] * slots
                    slot = NONE
                    if size >= BIG_DAY and runs > 0:
                        slot = busy_slot(known, runs, slots, habits.returns[e], law, state)
                    if slot >= 0:
                        pass
                    elif next_uniform(state) * (runs + habits.strength[e]) < fresh or runs == 0:
                        slot = slots
                        offered = next_payee(e, known, slots, offered, offers, law, usual, state)
                        slots += 1
                    else:
                        slot = known_slot(known.run_of, runs, known.liked, slots, habits.returns[e], state)
                    known.run_of[runs] = slot
                    runs += 1
                chosen.slot[k], chosen.hours[k], chosen.order[k] = slot, known.hours[slot], k
            if law.is_dated == 0:
                times_of_day(e, size, chosen, habits, law, state, out.second[row : row + size])
            write_day(e, row, size, known, habits, law, state, out)
            row += size
