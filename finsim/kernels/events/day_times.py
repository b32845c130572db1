"""When the payments of a day are made, by whose they are and with whom; which of them comes first.

Twins: ``tests/naive/habits.py``.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from finsim.kernels.events.payment_laws import Day, Habits, Law
from finsim.kernels.kernel import bare_kernel
from finsim.kernels.xoshiro import next_uniform
from finsim.notation import Array, Float1D


@bare_kernel
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


@bare_kernel
def quantile(knots: Float1D, u: Any) -> Any:
    """Return the quantile at u in (0, 1) between knots at equal probabilities."""
    at = u * (len(knots) - 1)
    k: Any = min(np.int64(at), len(knots) - 2)
    return knots[k] + (at - k) * (knots[k + 1] - knots[k])


@bare_kernel
def hour_of(own: Float1D, shares: Float1D, u: Any) -> Any:
    """Return an hour by the shares of a law times the factors of an entity, float64[24] each."""
    total = 0.0
    for h in range(24):
        total += own[h] * shares[h]
    left, found = u * total, 0
    for h in range(24):
        part = own[h] * shares[h]
        if part > 0.0:
            found = h
            if left < part:
                break
        left -= part
    return found


@bare_kernel
def times_of_day(
    e: Any, size: Any, chosen: Day, habits: Habits, law: Law, state: Array, second: Float1D
) -> None:
    """Write the seconds of the payments of one day, in order, and to which of them each time belongs.

    Each payment has a time by the law of its payee. Runs of payments with one payee stay together: they are
    ordered by their mean times, and have the times of the day one after the other. A payment follows the one
    before it at once where its own law may have it at that hour.
    """
    for k in range(size):
        time, shares = -1.0, law.hours[chosen.hours[k]]
        if k > 0 and next_uniform(state) < habits.burst[e]:
            time = min(chosen.time[k - 1] + quantile(law.waits, next_uniform(state)), 86_399.999)
            hour = np.int64(time / 3_600.0)
            if not chosen.stays[k] and next_uniform(state) * law.usual[hour] >= shares[hour]:
                time = -1.0
        if time < 0.0:
            hour = hour_of(habits.hours[e], shares, next_uniform(state))
            time = 3_600.0 * hour + quantile(law.seconds[hour], next_uniform(state))
        chosen.time[k] = time
    runs = 0
    for k in range(size):
        if chosen.stays[k]:
            chosen.mean[runs - 1] += chosen.time[k]
        else:
            chosen.first[runs], chosen.mean[runs] = k, chosen.time[k]
            runs += 1
    chosen.first[runs] = size
    for r in range(runs):
        chosen.mean[r] /= chosen.first[r + 1] - chosen.first[r]
        chosen.place[r] = r
        at = r
        while at > 0 and chosen.mean[chosen.place[at - 1]] > chosen.mean[chosen.place[at]]:
            chosen.place[at - 1], chosen.place[at] = chosen.place[at], chosen.place[at - 1]
            at -= 1
    k = 0
    for r in range(runs):
        run = chosen.place[r]
        for one in range(chosen.first[run], chosen.first[run + 1]):
            chosen.order[k] = one
            k += 1
    for k in range(size):
        second[k] = chosen.time[k]
        at = k
        while at > 0 and second[at - 1] > second[at]:
            second[at - 1], second[at] = second[at], second[at - 1]
            at -= 1
