"""How fast this machine is beside the one that the constants of the prediction were measured on."""

from __future__ import annotations

import time
from functools import lru_cache

import numpy as np

REFERENCE_SECONDS = 0.0107
"""CPU seconds of the computation below on the machine of the constants: .0126 on another, where a whole
quickstart took 1.18 times what the constants say."""


@lru_cache(maxsize=1)
def machine_factor() -> float:
    """Return how much slower this machine is than the one of the constants, by a computation of 0.2 s.

    Measured once a process, so that its predictions can be compared with one another.
    """
    values = np.arange(200_000, dtype=np.float64)
    waves = np.zeros_like(values)
    spent = []
    for _ in range(8):  # the first ones of a process are up to three times as slow
        started = time.process_time()
        for _ in range(4):
            # No sort: numpy's is five times as fast on some processors, and runs are not.
            np.sin(values, out=waves)
        total = 0
        for number in range(150_000):
            total += number % 7
        spent.append(time.process_time() - started)
    factor = min(spent) / REFERENCE_SECONDS
    # CPU seconds on the same cores vary by a quarter with what else they do: less says nothing.
    return 1.0 if 0.75 < factor < 1.3 else factor
