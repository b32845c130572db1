"""Who has which payee, dealt anew: links change owners until nothing but the neighborhood is left of them.

A Markov chain of swaps (Metropolis et al. 1953) over all ways to hand out the links: entities keep how many
payees they have, payees how many entities; a link far from its home is the less likely, and none has a payee
twice. Twins: ``tests/naive/habits.py``.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from finsim.kernels.kernel import kernel
from finsim.kernels.xoshiro import next_uniform, seed_state
from finsim.notation import Float1D, Int1D


@kernel
def has_payee(starts: Int1D, slots: Int1D, taker: Any, link: Int1D, payee: Int1D, wanted: Any) -> Any:
    """Tell whether a taker has a payee in one of its slots."""
    for k in range(starts[taker], starts[taker + 1]):  # noqa: SIM110 - numba has no any() of a generator
        if payee[link[slots[k]]] == wanted:
            return True
    return False


@kernel
def swap_links(
    seed: Any, sweeps: Any, reach: Any, borders: Int1D, at: Int1D, payee: Int1D, starts: Int1D,
    slots: Int1D, link: Int1D,
) -> None:  # fmt: skip
    """Swap the links of slots, in place.

    borders : int64[K + 1], slots borders[k]:borders[k + 1] swap among each other, in order of their takers;
    those from borders[K] on keep their links. at : int64[L], the taker (place in the order of alike ones) of
    each slot, and the home of the link that is in it at first; payee : int64[L] of each link; taker t has
    slots[starts[t]:starts[t + 1]]; link : int64[L], written. reach : places that a link goes, above 0.
    """
    state = np.empty(4, np.uint64)
    seed_state(seed, np.uint64(0), state)
    takers = max(len(starts) - 1, 1)
    for _ in range(sweeps):
        for k in range(len(borders) - 1):
            begin, count = borders[k], borders[k + 1] - borders[k]
            wide = min(max(np.int64(2.0 * reach * count / takers), 2), max(count - 1, 1))
            for _ in range(count):
                one = begin + min(np.int64(next_uniform(state) * count), count - 1)
                step = np.int64((2.0 * next_uniform(state) - 1.0) * (wide + 1))
                chance = next_uniform(state)
                two = one + step
                if two < begin or two >= begin + count or at[one] == at[two]:
                    continue
                a, b = link[one], link[two]
                if payee[a] == payee[b]:
                    continue
                before = (at[one] - at[a]) ** 2 + (at[two] - at[b]) ** 2
                after = (at[two] - at[a]) ** 2 + (at[one] - at[b]) ** 2
                if chance >= np.exp((before - after) / (2.0 * reach * reach)):
                    continue
                if has_payee(starts, slots, at[two], link, payee, payee[a]):
                    continue
                if has_payee(starts, slots, at[one], link, payee, payee[b]):
                    continue
                link[one], link[two] = b, a


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
