"""The payments of a life: how many on a day, when, with whom, and which repeat an earlier amount.

New payees come as in a two-parameter Chinese restaurant (Pitman 1995) over runs of payments with one payee:
the next of the entity's own offers. A known one is one of the last few, or any as far as it is liked, to
which the shares of a restaurant converge. Twins: ``tests/naive/habits.py``.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np

from finsim.kernels.kernel import kernel
from finsim.kernels.xoshiro import next_uniform, seed_state
from finsim.notation import Array, Float1D, Float2D, Int1D

NONE = -1
RECENT_RUNS = 6
CLASSES = (3, 4, 6, 9, 14, 20)
"""Payments on a day from which on it is of the next class; a first class has fewer."""
BIG_DAY, TRIES = 5, 12
"""Payments that make a day big; how often at most a payee is drawn for one (assumptions)."""
MOST = 0.98


class Habits(NamedTuple):
    """What entities do, float64[E] each: chances within a day and of an amount met before; their restaurant.

    stays : the next payment of the day has the payee of the last. doubles : and then an amount of it. burst :
    it follows within the law of short waits. remembers : a payee seen before gets an earlier amount of it.
    keeps : a new payee gets any amount that the entity paid before. returns : a known payee is one of the
    last few. strength, discount : of the restaurant. hours : float64[E, 24],
    cumulative.
    """

    stays: Float1D
    doubles: Float1D
    burst: Float1D
    remembers: Float1D
    keeps: Float1D
    returns: Float1D
    strength: Float1D
    discount: Float1D
    hours: Float2D


class Offers(NamedTuple):
    """New payees of entity e in order.

    Payee[starts[e]:starts[e + 1]], how much each is liked (float64, above 0); after them ``popular``,
    cumulative [P].
    """

    starts: Int1D
    payee: Int1D
    liking: Float1D
    popular: Float1D


class Law(NamedTuple):
    """What all share: fixed.

    sticky float64[P], how far a payee's amounts repeat and payments with it follow on a day (1: as with
    all); older float64[2], the chance that a repeated amount is not that of a payment but of one before it,
    within a day and later; seconds float64[24, Q], quantiles of the second in each hour; waits float64[Q],
    quantiles of short waits in seconds. ``is_dated`` 1 where payments have no time of day. Of days by their
    size: crowd float64[2, C], factors of the odds that the payee stays and that its amount repeats; paired
    float64[P], how far amounts repeat within a day; busy float64[P], the chance that a known payee is taken
    on a big day.
    """

    fixed: Float1D
    sticky: Float1D
    older: Float1D
    seconds: Float2D
    waits: Float1D
    is_dated: int
    crowd: Float2D
    paired: Float1D
    busy: Float1D


class Payments(NamedTuple):
    """What is written, [n] each: second float64.

    Payee; offer (place among the offers, -1 for a popular one); met (row where the entity first paid the
    payee); like (row of the amount that is repeated, -1 for a new one); uniforms float64[n, U].
    """

    second: Float1D
    payee: Int1D
    offer: Int1D
    met: Int1D
    like: Int1D
    uniforms: Float2D


@kernel
def draw_sizes(
    seed: Any, numbers: Int1D, starts: Int1D, group: Int1D, shares: Array, edges: Int1D, sizes: Int1D
) -> None:
    """Write the number of payments on each active day, given that of the active day before.

    shares : float64[groups, 3, B], cumulative, after 1, 2 to 3 or more payments; edges : int64[B + 1], sizes
    edges[b] to edges[b + 1] - 1 are equally likely. sizes : int64[starts[-1]], written.
    """
    state = np.empty(4, np.uint64)
    for e in range(len(group)):
        seed_state(seed, np.uint64(numbers[e]), state)
        before = 0
        for at in range(starts[e], starts[e + 1]):
            u, v = next_uniform(state), next_uniform(state)
            chosen = place_in(shares[group[e], before], u)
            width = edges[chosen + 1] - edges[chosen]
            sizes[at] = edges[chosen] + min(np.int64(v * width), width - 1)
            before = 0 if sizes[at] == 1 else (1 if sizes[at] < 4 else 2)


@kernel
def place_in(cumulative: Float1D, u: Any) -> Any:
    """Return the first place whose cumulative share is above u, the last at most."""
    low, high = 0, len(cumulative) - 1
    while low < high:
        middle = (low + high) // 2
        if cumulative[middle] > u:
            high = middle
        else:
            low = middle + 1
    return low


@kernel
def quantile(knots: Float1D, u: Any) -> Any:
    """Return the quantile at u in (0, 1) between knots at equal probabilities."""
    at = u * (len(knots) - 1)
    k: Any = min(np.int64(at), len(knots) - 2)
    return knots[k] + (at - k) * (knots[k + 1] - knots[k])


@kernel
def times_of_day(e: Any, size: Any, habits: Habits, law: Law, state: Array, second: Float1D) -> None:
    """Write the seconds of the payments of one day, in order."""
    for k in range(size):
        if k > 0 and next_uniform(state) < habits.burst[e]:
            second[k] = min(second[k - 1] + quantile(law.waits, next_uniform(state)), 86_399.999)
        else:
            hour = place_in(habits.hours[e], next_uniform(state))
            second[k] = 3_600.0 * hour + quantile(law.seconds[hour], next_uniform(state))
        at = k
        while at > 0 and second[at - 1] > second[at]:
            second[at - 1], second[at] = second[at], second[at - 1]
            at -= 1


@kernel
def is_known(payee: Any, known: Int1D, count: Any) -> Any:
    """Tell whether a payee is among the first ``count`` known ones."""
    for k in range(count):  # noqa: SIM110 - numba has no any() of a generator
        if known[k] == payee:
            return True
    return False


@kernel
def known_slot(run_of: Int1D, runs: Any, liked: Float1D, slots: Any, returns: Any, state: Array) -> Any:
    """Return the slot of a known payee: that of a recent run, or of any as far as it is liked.

    liked : float64[slots], how much all known payees up to each are liked, cumulative.
    """
    if next_uniform(state) < returns:
        back = min(runs, RECENT_RUNS)
        return run_of[runs - 1 - min(np.int64(next_uniform(state) * back), back - 1)]
    return place_in(liked[:slots], next_uniform(state) * liked[slots - 1])


@kernel
def busy_slot(
    run_of: Int1D, runs: Any, liked: Float1D, slots: Any, returns: Any, known: Int1D, law: Law,
    state: Array,
) -> Any:  # fmt: skip
    """Return the slot of a big day: drawn anew until its payee is taken, ``TRIES`` times at most."""
    slot, left = known_slot(run_of, runs, liked, slots, returns, state), TRIES
    while left > 0 and next_uniform(state) >= law.busy[known[slot]]:
        slot = known_slot(run_of, runs, liked, slots, returns, state)
        left -= 1
    return slot


@kernel
def size_class(size: Any) -> Any:
    """Return the class of a day by its payments."""
    place = 0
    for edge in CLASSES:
        if size >= edge:
            place += 1
    return place


@kernel
def shifted(chance: Any, factor: Any) -> Any:
    """Return a chance whose odds are multiplied by a factor."""
    return chance * factor / (1.0 - chance + chance * factor)


@kernel
def earlier_row(row: Any, begin: Any, former: Int1D, older: Any, state: Array) -> Any:
    """Return a row of the same payee, this or an earlier one; former : int64, by row from ``begin`` on."""
    while former[row - begin] >= 0 and next_uniform(state) < older:
        row = former[row - begin]
    return row


@kernel
def draw_payments(
    seed: Any, numbers: Int1D, starts: Int1D, sizes: Int1D, habits: Habits, offers: Offers, law: Law,
    out: Payments,
) -> None:  # fmt: skip
    """Write the payments of entities, day by day.

    Entity e draws from its own state, of index numbers[e].

    starts : int64[E + 1], the active days of entity e are starts[e]:starts[e + 1], of ``sizes`` payments
    each; ``out`` has as many rows as all sizes together.
    """
    state = np.empty(4, np.uint64)
    longest, row = 0, 0
    for e in range(len(numbers)):
        total = 0
        for at in range(starts[e], starts[e + 1]):
            total += sizes[at]
        longest = max(longest, total)
    run_of, known = np.empty(longest, np.int64), np.empty(longest, np.int64)
    liked, latest, former = np.empty(longest), np.empty(longest, np.int64), np.empty(longest, np.int64)
    for e in range(len(numbers)):
        seed_state(seed, np.uint64(numbers[e]), state)
        runs, slots, offered, begin = 0, 0, offers.starts[e], row
        usual = 1.0 - min(habits.discount[e], 0.0)
        for at in range(starts[e], starts[e + 1]):
            if law.is_dated == 0:
                times_of_day(e, sizes[at], habits, law, state, out.second[row : row + sizes[at]])
            slot, of_size = 0, size_class(sizes[at])
            for k in range(sizes[at]):
                out.like[row] = NONE
                sticky = law.sticky[known[slot]] * law.crowd[0, of_size] if k > 0 else 0.0
                if k > 0 and next_uniform(state) < shifted(habits.stays[e], sticky):
                    paired = law.paired[known[slot]] * law.crowd[1, of_size]
                    if next_uniform(state) < shifted(habits.doubles[e], paired):
                        out.like[row] = earlier_row(row - 1, begin, former, law.older[0], state)
                    out.payee[row] = out.payee[row - 1]
                    out.offer[row], out.met[row] = out.offer[row - 1], out.met[row - 1]
                else:
                    fresh = habits.strength[e] + habits.discount[e] * slots
                    if next_uniform(state) * (runs + habits.strength[e]) < fresh or runs == 0:
                        offer = NONE
                        while offered < offers.starts[e + 1] and offer == NONE:
                            if not is_known(offers.payee[offered], known, slots):
                                offer = offered
                            offered += 1
                        payee = (
                            offers.payee[offer]
                            if offer >= 0
                            else place_in(offers.popular, next_uniform(state))
                        )
                        slot = slots
                        known[slot] = payee
                        liked[slot] = offers.liking[offer] if offer >= 0 else usual
                        if slot > 0:
                            liked[slot] += liked[slot - 1]
                        latest[slot] = NONE
                        slots += 1
                        out.payee[row], out.offer[row], out.met[row] = payee, offer, row
                    else:
                        again = habits.returns[e]
                        if sizes[at] >= BIG_DAY:
                            slot = busy_slot(run_of, runs, liked, slots, again, known, law, state)
                        else:
                            slot = known_slot(run_of, runs, liked, slots, again, state)
                        before = latest[slot]
                        out.payee[row] = out.payee[before]
                        out.offer[row], out.met[row] = out.offer[before], out.met[before]
                        if next_uniform(state) < min(habits.remembers[e] * law.fixed[known[slot]], MOST):
                            out.like[row] = earlier_row(before, begin, former, law.older[1], state)
                    run_of[runs] = slot
                    runs += 1
                if out.met[row] == row and row > begin and next_uniform(state) < habits.keeps[e]:
                    back: Any = min(np.int64(next_uniform(state) * (row - begin)), row - begin - 1)
                    out.like[row] = begin + back
                if out.like[row] >= 0 and out.like[out.like[row]] >= 0:
                    out.like[row] = out.like[out.like[row]]
                former[row - begin], latest[slot] = latest[slot], row
                for u in range(out.uniforms.shape[1]):
                    out.uniforms[row, u] = next_uniform(state)
                row += 1
