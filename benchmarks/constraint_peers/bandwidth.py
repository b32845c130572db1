"""How fast one thread reads memory: a sum over an array that no cache holds."""

from __future__ import annotations

import time
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


def two_threads_gain() -> float:
    """Return how many times as fast two threads read as one by the wall clock: what two can gain at most."""
    values = np.ones(SIZE, dtype=np.int64)
    best = {}
    with ThreadPoolExecutor(2) as pool:
        for parts in (1, 2) * REPEATS:
            pieces = np.array_split(values, parts)
            start = time.perf_counter()
            list(pool.map(total, pieces))
            best[parts] = min(best.get(parts, np.inf), time.perf_counter() - start)
    return float(best[1] / best[2])
