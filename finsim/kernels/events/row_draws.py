"""Draws of the rows of entities: those of an entity depend on its number and on nobody else's rows."""

from __future__ import annotations

from typing import Any

import numpy as np

from finsim.kernels.kernel import kernel
from finsim.kernels.xoshiro import next_uniform, seed_state
from finsim.notation import Array


@kernel
def draw_rows(seed: Any, number: Array, starts: Array, out: Array) -> None:
    """Fill ``out`` (float64 [rows, draws]); entity ``number[e]`` has rows starts[e] to starts[e + 1] - 1."""
    state = np.empty(4, np.uint64)
    for e in range(len(number)):
        seed_state(seed, np.uint64(number[e]), state)
        for row in range(starts[e], starts[e + 1]):
            for column in range(out.shape[1]):
                out[row, column] = next_uniform(state)
