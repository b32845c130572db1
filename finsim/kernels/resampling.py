"""Index paths of the stationary block bootstrap."""

from __future__ import annotations

from finsim.kernels.kernel import kernel
from finsim.notation import Float2D, Int1D, Int2D


@kernel
def stationary_rows(
    successor: Int1D, restarts: Int2D, uniforms: Float2D, probability: float, rows: Int2D
) -> None:
    """Fill ``rows`` with block-bootstrap row numbers.

    successor : int64[R], the row after each row (circular inside its sequence).
    restarts : int64[N, T], row to jump to; uniforms : float64[N, T] in [0, 1).
    probability : of a jump at each step, 1 / mean block length. Step 0 always jumps.
    rows : int64[N, T], written. Source: Politis & Romano 1994, section 2.
    """
    for path in range(restarts.shape[0]):
        for step in range(restarts.shape[1]):
            if step == 0 or uniforms[path, step] < probability:
                rows[path, step] = restarts[path, step]
            else:
                rows[path, step] = successor[rows[path, step - 1]]
