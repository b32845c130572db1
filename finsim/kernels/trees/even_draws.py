"""Uniform draws that are even inside groups: of each ``PARTS`` rows of a group one lies in each part."""

from __future__ import annotations

from finsim.kernels.kernel import kernel
from finsim.notation import Array, Float1D

PARTS = 16
"""Parts of (0, 1) that the rows of a group fill in turn (assumption: as even as most leaves need)."""


@kernel
def even_draws(group: Array, place: Array, parts: Array, uniforms: Float1D) -> None:
    """Turn independent uniforms into ones that are even inside each group, whatever else a row has.

    group : int32[N] in [0, G); place : int64[G], changed, rows of a group so far; parts : uint8[G, PARTS],
    changed, a permutation of the parts in each row before the first call; uniforms : float64[N] in [0, 1),
    overwritten. Each draw alone stays uniform: the part of a row is drawn from those that its run of
    ``PARTS`` rows has not had. Source: stratified sampling without replacement (McKay et al. 1979), in runs.
    """
    size = parts.shape[1]
    for row in range(group.shape[0]):
        at = group[row]
        first = place[at] % size
        place[at] += 1
        scaled = uniforms[row] * (size - first)
        chosen = int(scaled)
        own = parts[at, first + chosen]
        parts[at, first + chosen] = parts[at, first]
        parts[at, first] = own
        uniforms[row] = (own + (scaled - chosen)) / size
