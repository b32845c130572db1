"""Sample in batches of one fixed size, so that results do not depend on how calls are split."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from finsim.generators.training.device import one_thread
from finsim.notation import Float3D
from finsim.randomness import Streams

BATCH = 25
"""The bytes of a matrix product depend on its shape. Change it and every sampled byte changes."""


def in_batches(
    shape: tuple[int, int, int],
    first: int,
    streams: Streams,
    make: Callable[[list[np.random.Generator]], Float3D],
    finish: Callable[[Float3D], Float3D],
) -> Float3D:
    """Return float64[count, steps, C] for ``shape``: the paths from ``first`` on.

    ``make`` turns the draws of a whole batch, aligned to the path number, into [BATCH, steps, C];
    ``finish`` turns the paths that were asked for into the data's unit. Path i draws from
    ``streams.at("path", i)``.
    """
    count = shape[0]
    result = np.empty(shape)
    with one_thread():
        for start in range(first - first % BATCH, first + count, BATCH):
            made = make([streams.at("path", start + row) for row in range(BATCH)])
            low, high = max(first, start), min(first + count, start + BATCH)
            result[low - first : high - first] = finish(made[low - start : high - start])
    return result
