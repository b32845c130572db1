"""``next``: x of a later row of the group, worked out for the whole table before its rows are judged."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from finsim.constraints.language.expression import Node
from finsim.constraints.tables.group_layout import arrange
from finsim.constraints.tables.nullable_vectors import Vec, solid, spread


def following(node: Node, args: Sequence[Vec], rows: int) -> Vec:
    """Return ``next(x, k, default)`` ; ``args`` are x, the default, columns of group and order."""
    _, ahead, leading, group = node.data
    placed = arrange(args[leading : leading + group], args[leading + group :], rows)
    order = np.arange(rows) if placed.permutation is None else placed.permutation
    here, later = order[: max(rows - ahead, 0)], order[ahead:]
    same = placed.slots[ahead:] == placed.slots[: len(here)]
    here, later = here[same], later[same]
    x, valid = spread(args[0].values, rows), solid(args[0].valid, rows)
    out = np.full(rows, np.nan if x.dtype.kind == "f" else 0, dtype=x.dtype)
    good = np.zeros(rows, dtype=bool)
    if leading > 1:
        out, good = spread(args[1].values, rows).astype(x.dtype), solid(args[1].valid, rows).copy()
    out[here], good[here] = x[later], valid[later]
    return Vec(out) if x.dtype.kind == "f" else Vec(out, good)
