"""Long series <-> windows, and the chronological split with a purge gap."""

from __future__ import annotations

import numpy as np

from finsim.errors import FitError
from finsim.generators.generator import Sequences
from finsim.notation import Float2D, Float3D, Int2D

FEWEST = 16
"""Windows below which nothing is trained (assumption: fewer are memorised, not learned)."""


def places(data: Sequences, length: int, stride: int = 1, fewest: int = 1) -> Int2D:
    """Return int64[W, 2]: sequence and first step of every window of ``length`` observed steps.

    Raises FitError when there are fewer than ``fewest`` windows.
    """
    observed = data.observed()
    sequences, steps = observed.shape
    found: Int2D = np.empty((0, 2), dtype=np.int64)
    if steps >= length:
        total = np.zeros((sequences, steps + 1), dtype=np.int64)
        np.cumsum(observed, axis=1, out=total[:, 1:])
        whole = total[:, length:] - total[:, :-length] == length
        found = np.argwhere(whole[:, ::stride]).astype(np.int64)
        found[:, 1] *= stride
    if len(found) < fewest:
        raise FitError(
            f"{len(found)} windows of {length} observed steps in {sequences} sequences of {steps}",
            place="sequences",
            expected=f"at least {fewest}",
            remedy="give longer sequences, or a shorter window in the settings",
        )
    return found


def cut(data: Sequences, length: int, stride: int = 1, fewest: int = 1) -> Float3D:
    """Return float64[W, length, C]: the windows at ``places``, in order."""
    where = places(data, length, stride, fewest)
    columns = where[:, 1][:, None] + np.arange(length)
    return np.ascontiguousarray(data.values[where[:, 0][:, None], columns])


def join(windows: Float3D, stride: int) -> Float2D:
    """Return the one series that ``cut`` with this stride (at most the length) came from.

    Every step is taken from the first window that has it.
    """
    tails = windows[1:, windows.shape[1] - stride :]
    return np.concatenate([windows[0], tails.reshape(-1, windows.shape[2])])


def split(data: Sequences, share: float, window: int) -> tuple[Sequences, Sequences | None]:
    """Return the earlier part for training and the last ``share`` (at least a window) held out.

    One sequence is cut along time, several along N; ``window`` steps, or sequences, are purged in
    between (at most a tenth of N), so that windows taken with stride 1 out of one history do not leak.
    Nothing is held out when share is 0, or when less than half would be left to learn from.
    """
    sequences, steps = data.values.shape[:2]
    axis = 1 if sequences == 1 else 0
    size = (sequences, steps)[axis]
    held = max(round(size * share), window if axis == 1 else 1)
    train = size - held - (window if axis == 1 else min(window, sequences // 10))
    if share <= 0.0 or 2 * train < size:
        return data, None
    return _part(data, axis, slice(0, train)), _part(data, axis, slice(size - held, size))


def _part(data: Sequences, axis: int, kept: slice) -> Sequences:
    pick = (kept,) if axis == 0 else (slice(None), kept)
    return Sequences(data.values[pick], None if data.mask is None else data.mask[pick])
