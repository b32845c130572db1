"""Who has which payee, dealt anew: links change owners until nothing but the neighborhood is left of them.

A Markov chain of swaps (Metropolis et al. 1953) over all ways to hand out the links: entities keep how many
payees they have, payees how many entities; a link far from its home is the less likely, and none has a payee
twice. Twins: ``tests/naive/habits.py``.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np

from finsim.kernels.kernel import kernel
from finsim.kernels.xoshiro import next_uniform, seed_state
from finsim.notation import Float1D, Float2D, Int1D


class Slots(NamedTuple):
    """The places that links are in.

    borders : int64[K + 1], slots borders[k]:borders[k + 1] swap among each other; those from borders[K] on
    keep their links. at : int64[L], the taker of each slot; taker t has owned[starts[t]:starts[t + 1]].
    turn : int64[E], when the links of a taker are dealt: from then on they stay. home : int64[L], of each
    link, the taker that it is from.
    """

    borders: Int1D
    at: Int1D
    starts: Int1D
    owned: Int1D
    turn: Int1D
    home: Int1D


NEAR, STEEP = 64, 4.0
TAKER, LINK, HOME, PAID = 0, 1, 2, 3


@kernel
def has_payee(starts: Int1D, held: Any, taker: Any, wanted: Any) -> Any:
    """Tell whether a taker has a payee: held[starts[t]:starts[t + 1]] are those of taker t."""
    for k in range(starts[taker], starts[taker + 1]):  # noqa: SIM110 - numba has no any() of a generator
        if held[k] == wanted:
            return True
    return False


@kernel
def far(points: Float2D, reach: Float1D, taker: Any, home: Any) -> Any:
    """Return how unlikely a taker is: its distance from a home, alike for all within reach."""
    total = 0.0
    for k in range(points.shape[1]):
        total += (points[taker, k] - points[home, k]) ** 2
    return STEEP * max(total / reach[home], 1.0)


@kernel
def swap_links(
    seed: Any, now: Any, sweeps: Any, slots: Slots, payee: Int1D, points: Float2D, reach: Float1D,
    link: Int1D,
) -> None:  # fmt: skip
    """Swap the links of the takers whose turn is ``now`` with each other and with those of later turns.

    Each of their slots is offered a swap once a sweep: a scan keeps the law as well as random tries do, and
    so does one over a part of the slots (Liu 2001, 5.4). payee : int64[L] of each link; points : float64[E,
    D], where takers lie; reach : float64[E], the square of the distance within which the links of a home go
    anywhere, above 0; link : int64[L], that in each slot, written.
    """
    borders, at, starts, owned, turn, origin = slots
    # Tries go anywhere and wait for memory: what one looks at lies side by side, in small numbers.
    held, place = np.empty(len(owned), np.int32), np.empty(len(owned), np.int32)
    cell = np.empty((len(owned), 4), np.int32)
    for k in range(len(owned)):
        held[k], place[owned[k]] = payee[link[owned[k]]], k
        cell[k, TAKER], cell[k, LINK] = at[k], link[k]
        cell[k, HOME], cell[k, PAID] = origin[link[k]], payee[link[k]]
    state = np.empty(4, np.uint64)
    seed_state(seed, np.uint64(now), state)
    offered = np.empty(len(at), np.int64)
    tries = 0
    for one in range(borders[-1]):
        if turn[at[one]] == now:
            offered[tries], tries = one, tries + 1
    for _ in range(sweeps):
        k = 0
        for place_of in range(tries):
            one = offered[place_of]
            while one >= borders[k + 1]:
                k += 1
            begin, count = borders[k], borders[k + 1] - borders[k]
            step = next_uniform(state)
            # Half of the tries go near in the order of alike takers, half of them anywhere.
            wide = min(NEAR, count - 1) if next_uniform(state) < 0.5 else count - 1
            chance = next_uniform(state)
            two = one + np.int64((2.0 * step - 1.0) * (wide + 1))
            if two < begin or two >= begin + count:
                continue
            first, second = cell[one, TAKER], cell[two, TAKER]
            if turn[second] < now:
                continue
            paid, other = cell[one, PAID], cell[two, PAID]
            if first == second or paid == other:
                continue
            home, away = cell[one, HOME], cell[two, HOME]
            gain = far(points, reach, first, home) + far(points, reach, second, away)
            gain -= far(points, reach, second, home) + far(points, reach, first, away)
            if gain < 0.0 and chance >= np.exp(gain):
                continue
            if has_payee(starts, held, second, paid) or has_payee(starts, held, first, other):
                continue
            for part in range(LINK, PAID + 1):
                cell[one, part], cell[two, part] = cell[two, part], cell[one, part]
            held[place[one]], held[place[two]] = other, paid
    link[:] = cell[:, LINK]


@kernel
def nearest_shares(
    starts: Int1D, owners: Int1D, owner: Int1D, asked_starts: Int1D, asked: Int1D,
    barred: Int1D, out: Float1D,
) -> None:  # fmt: skip
    """Write the highest Jaccard share of each asked set of payees with that of any known entity.

    Known entity e has starts[e + 1] - starts[e] payees, payee p the entities owner[owners[p]:owners[p + 1]];
    asked set q is asked[asked_starts[q]:asked_starts[q + 1]], without doubles, and is not compared with the
    entity barred[q] (-1: with all).
    """
    shared = np.zeros(len(starts) - 1, np.int64)
    for q in range(len(out)):
        size = asked_starts[q + 1] - asked_starts[q]
        best = 0.0
        for k in range(asked_starts[q], asked_starts[q + 1]):
            for j in range(owners[asked[k]], owners[asked[k] + 1]):
                shared[owner[j]] += 1
        for k in range(asked_starts[q], asked_starts[q + 1]):
            for j in range(owners[asked[k]], owners[asked[k] + 1]):
                e = owner[j]
                if shared[e] > 0 and e != barred[q]:
                    best = max(best, shared[e] / (size + starts[e + 1] - starts[e] - shared[e]))
                shared[e] = 0
        out[q] = best
