"""The observed steps of sequences one below the other, and the returns in them."""

from __future__ import annotations

import numpy as np

from finsim.generators.channel_layout import Layout
from finsim.generators.generator import Sequences
from finsim.notation import Bool1D, Float1D, Float2D


def observed_rows(data: Sequences) -> tuple[Float2D, Bool1D]:
    """Return the observed steps of all sequences float64[R, C], and bool[R] where one begins."""
    observed = data.observed()
    lengths = observed.sum(axis=1)
    begins = np.zeros(int(lengths.sum()), dtype=np.bool_)
    begins[(np.cumsum(lengths) - lengths)[lengths > 0]] = True
    return np.ascontiguousarray(data.values[observed], dtype=np.float64), begins


def returns_of(rows: Float2D, centre: Float1D, layout: Layout) -> Float2D:
    """Return moves with gaps float64[R, A] of rows float64[R, C], around their means ``centre`` [C]."""
    moved = layout.where("move", "gap")
    parts = (rows[:, moved] - centre[moved]).reshape(len(rows), layout.series, -1)
    return np.asarray(parts.sum(axis=-1))
