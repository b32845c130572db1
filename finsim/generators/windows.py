"""Long series <-> windows, and the chronological split with a purge gap."""

from __future__ import annotations

import numpy as np

from finsim.errors import FitError
from finsim.generators.generator import Sequences
from finsim.notation import Float2D, Float3D, Int2D


def places(data: Sequences, length: int, stride: int = 1) -> Int2D:
    """Return int64[W, 2]: sequence and first step of every window of ``length`` observed steps.

    Raises FitError when no window fits.
    """
    observed = data.observed()
    sequences, steps = observed.shape
    if steps >= length:
        total = np.zeros((sequences, steps + 1), dtype=np.int64)
        np.cumsum(observed, axis=1, out=total[:, 1:])
        whole = total[:, length:] - total[:, :-length] == length
        found = np.argwhere(whole[:, ::stride])
        if len(found):
            return np.stack([found[:, 0], found[:, 1] * stride], axis=1).astype(np.int64)
    raise FitError(
        f"no window of {length} observed steps fits into sequences of {steps}",
        place="sequences",
        remedy="give longer sequences or a shorter window in the settings",
    )


def cut(data: Sequences, length: int, stride: int = 1) -> Float3D:
    """Return float64[W, length, C]: the windows at ``places``, in order."""
    where = places(data, length, stride)
    columns = where[:, 1][:, None] + np.arange(length)
    return np.ascontiguousarray(data.values[where[:, 0][:, None], columns])


def join(windows: Float3D, stride: int) -> Float2D:
    """Return the one series that ``cut`` with this stride (at most the length) came from.

    Every step is taken from the first window that has it.
    """
    tails = windows[1:, windows.shape[1] - stride :]
    return np.concatenate([windows[0], tails.reshape(-1, windows.shape[2])])


def split(data: Sequences, share: float, gap: int) -> tuple[Sequences, Sequences | None]:
    """Return the earlier part for training and the last ``share`` held out; ``gap`` steps lie between.

    One sequence is cut along time. Several are cut along N, and ``gap`` counts sequences there, so
    that windows taken with stride 1 out of one history do not leak when ``gap`` is their length.
    A held-out part is only made when share > 0.
    """
    if share <= 0.0:
        return data, None
    sequences, steps = data.values.shape[:2]
    axis = 1 if sequences == 1 else 0
    size = (sequences, steps)[axis]
    held = max(1, round(size * share))
    train = size - held - gap
    if train < 1:
        raise FitError(
            f"{size} are too few to hold out {held} behind a gap of {gap}",
            place="sequences",
            remedy="set held_out to 0, or give more data",
        )
    return _part(data, axis, slice(0, train)), _part(data, axis, slice(size - held, size))


def _part(data: Sequences, axis: int, kept: slice) -> Sequences:
    pick = (kept,) if axis == 0 else (slice(None), kept)
    return Sequences(data.values[pick], None if data.mask is None else data.mask[pick])
