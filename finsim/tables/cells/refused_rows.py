"""Conversions that say which cells they refuse: the rest of a column need not be looked at one by one."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import pyarrow as pa

MOST = 20  # refused cells that one error lists


@dataclass(frozen=True)
class Converted:
    """Cells in the canonical form, and the rows whose cells were refused (the first ``MOST`` of them)."""

    cells: pa.Array
    refused: tuple[int, ...] = ()


def converted(data: pa.Array, convert: Callable[[pa.Array], pa.Array]) -> Converted:
    """Convert cells all at once; where that fails, halve them until the refused cells are found."""
    try:
        return Converted(convert(data))
    except (pa.ArrowInvalid, pa.ArrowNotImplementedError, pa.ArrowTypeError, OverflowError):
        refused: list[int] = []
        _search(data, 0, convert, refused)
        return Converted(pa.nulls(len(data)), tuple(refused))


def _search(data: pa.Array, first: int, convert: Callable[[pa.Array], pa.Array], refused: list[int]) -> None:
    waiting = [(first, len(data))]
    while waiting and len(refused) < MOST:
        start, count = waiting.pop()
        try:
            convert(data.slice(start, count))
        except (pa.ArrowInvalid, pa.ArrowNotImplementedError, pa.ArrowTypeError, OverflowError):
            if count == 1:
                refused.append(start)
            else:
                half = count // 2
                waiting += [(start + half, count - half), (start, half)]
