"""How fast one thread reads memory: a sum over an array that no cache holds."""

from __future__ import annotations

import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import numpy as np
from numba import njit

SIZE = 250_000_000  # 2 GB
REPEATS = 10


@njit("int64(int64[::1])", cache=False, nogil=True)
def total(values: np.ndarray) -> int:
    """Return the sum, read at four places at once: memory has more than one bank."""
    quarter = len(values) // 4
    one = two = three = four = 0
    for at in range(quarter):
        one += values[at]
        two += values[at + quarter]
        three += values[at + 2 * quarter]
        four += values[at + 3 * quarter]
    return one + two + three + four


def gigabytes_per_second() -> float:
    """Return the best of several readings, by numba and by numpy, in 10^9 bytes per CPU second."""
    values = np.ones(SIZE, dtype=np.int64)
    best = np.inf
    for read in (total, np.max) * REPEATS:
        start = time.process_time()
        read(values)
        best = min(best, time.process_time() - start)
    return values.nbytes / best / 1e9


@njit("float64(float64[::1], int64)", cache=False, nogil=True)
def arithmetic(given: np.ndarray, times: int) -> float:
    """Reckon with an array that the first cache holds, again and again, many numbers at once."""
    values = given.copy()
    for _ in range(times):
        for at in range(len(values)):
            x = values[at]
            values[at] = (x * x + 0.5) * (x - 0.25) * (0.125 + x * 0.5)
    return values[0]


def two_threads_gain() -> tuple[float, float]:
    """Return how many times as fast two threads read as one, and reckon in their caches, by the wall clock.

    This is what two threads can gain at most on the machine as it is now.
    """
    values, few = np.ones(SIZE, dtype=np.int64), np.full(1_000, 0.1)
    return (
        _gain(lambda parts, pool: list(pool.map(total, np.array_split(values, parts)))),
        _gain(lambda parts, pool: list(pool.map(arithmetic, [few] * parts, [100_000 // parts] * parts))),
    )


def _gain(work: Callable[[int, ThreadPoolExecutor], object]) -> float:
    best: dict[int, float] = {}
    with ThreadPoolExecutor(2) as pool:
        for parts in (1, 2) * REPEATS:
            start = time.perf_counter()
            work(parts, pool)
            best[parts] = min(best.get(parts, np.inf), time.perf_counter() - start)
    return float(best[1] / best[2])
