"""Scratch buffers of a kernel: arrays of one block, used again for every block."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from finsim.constraints.codegen.kernel_plan import Plan
from finsim.constraints.codegen.kernel_template import BLOCK_ROWS
from finsim.notation import Array

_LINES = 128  # bytes: two lines of the cache, which processors fetch together


def block_arrays(plan: Plan) -> list[Array]:
    """Return a kernel's arrays for one block, what it carries from block to block, and the block's words."""
    kinds = [kind.lstrip("=") for _, (kind, _) in plan.stages.arguments]
    shapes = [(kind, BLOCK_ROWS) for kind in kinds]
    arrays = _apart([*shapes, ("int64", 1 + plan.stages.sums), ("uint64", BLOCK_ROWS)])
    arrays[-2][:] = 0
    return arrays


def _apart(shapes: Sequence[tuple[str, int]]) -> list[Array]:
    """Return arrays of some dtypes and lengths in memory that no other thread writes near to."""
    sizes = [-(-np.dtype(dtype).itemsize * length // _LINES) * _LINES for dtype, length in shapes]
    whole = np.empty(sum(sizes) + 2 * _LINES, dtype=np.uint8)
    begin = -whole.ctypes.data % _LINES
    arrays: list[Array] = []
    for (dtype, length), size in zip(shapes, sizes, strict=True):
        arrays.append(whole[begin : begin + np.dtype(dtype).itemsize * length].view(dtype))
        begin += size
    return arrays
