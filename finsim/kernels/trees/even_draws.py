"""Uniform draws that are even inside groups: of each ``PARTS`` rows of a group one lies in each part."""

from __future__ import annotations

import numpy as np

from finsim.kernels.kernel import kernel
from finsim.notation import Array, Float1D

PARTS = 16
"""Parts of (0, 1) that the rows of a group fill in turn (assumption: as even as most leaves need)."""


@kernel
def even_draws(group: Array, place: Array, parts: Array, uniforms: Float1D) -> None:
    """Turn independent uniforms into ones that are even inside each group, whatever else a row has.

    group : int[N] in [0, G); place : uint8[G], changed, rows of a run so far; parts : uint8[G, PARTS],
    changed, a permutation of the parts in each row before the first call; uniforms : float64[N] in [0, 1),
    overwritten. Each draw alone stays uniform: the part of a row is drawn from those that its run of
    ``PARTS`` rows has not had. Source: stratified sampling without replacement (McKay et al. 1979), in runs.
    """
    parted, one = 1.0 / PARTS, np.uint32(1)  # a power of two: exact
    for row in range(group.shape[0]):
        at = np.uint32(group[row])
        first = np.uint32(place[at]) % np.uint32(PARTS)
        place[at] = first + one
        scaled = uniforms[row] * np.float64(np.uint32(PARTS) - first)
        chosen = np.uint32(scaled)
        own = parts[at, first + chosen]
        parts[at, first + chosen] = parts[at, first]
        parts[at, first] = own
        uniforms[row] = (own + (scaled - chosen)) * parted
